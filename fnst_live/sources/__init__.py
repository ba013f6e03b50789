"""Frames in: video files, pictures, the built-in scene. Each satisfies `pipeline.stages.Source`."""
