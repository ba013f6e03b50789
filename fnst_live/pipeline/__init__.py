"""The five stages' contracts, the pure `Pipeline.process`, and the runners that drive it."""
