"""fnst-live repaints live video: sources, stylize, stabilize, compose, sinks."""

__version__ = "0.1.0"
