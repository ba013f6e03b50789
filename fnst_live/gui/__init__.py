"""The window: the only importer of PyQt6, and an importer of no stage."""
