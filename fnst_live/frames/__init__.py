"""The currency of the pipeline: frames, their timing, and the only door between arrays and tensors."""
