"""The trouble a user of the trainer can mend. `str(error)` is one sentence that says what is wrong and what to do."""

from __future__ import annotations


class TrainerError(ValueError):
    """Printed by the command line, which then exits with 2."""


class ConfigError(TrainerError):
    """A setting that cannot be; the message names the flag."""


class DataError(TrainerError):
    """Photos or paintings that cannot be used."""


class LossNetworkError(TrainerError):
    """No usable VGG weights."""


class CheckpointError(TrainerError):
    """A checkpoint that cannot be gone on from."""


class DivergenceError(TrainerError):
    """Training that leaves the numbers at any rate; the last good checkpoint is kept."""


class EvaluationError(TrainerError):
    """A picture or a model that `eval` cannot use."""


class MemoryShortageError(TrainerError):
    """Not even the smallest piece fits into memory."""


class ProcessesError(TrainerError):
    """Processes of one run that cannot go on together."""


class DownloadError(TrainerError):
    """Weights that could not be fetched whole."""


class OutputError(TrainerError):
    """A file that cannot be written."""


class ExportError(TrainerError):
    """A model that cannot be written in the format asked for."""


class MergeError(TrainerError):
    """Models whose styles cannot be in one file."""
