"""Frames out: video files and pictures. Each satisfies `pipeline.stages.Sink`."""

import os

os.environ.setdefault("SVT_LOG", "1")  # libsvtav1 prints past libav: errors only, not twenty lines about itself
