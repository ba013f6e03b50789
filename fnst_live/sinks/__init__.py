"""Frames out: video files and pictures. Each satisfies `pipeline.stages.Sink`."""
