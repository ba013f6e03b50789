"""Stage 3: painted and original picture become the frame that is shown."""
