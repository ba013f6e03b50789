"""Time is an integer and a rational: windows of a file's own time, and the steps between time bases."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

TRIM_TOLERANCE_S = Fraction(1, 2000)  # people round times to milliseconds


@dataclass(frozen=True)
class TimeWindow:
    """The wanted part of a file, in seconds of the file's own clock; None is an open end.

    A frame belongs to it when it starts at `start` or later and before `end`.
    """

    start: Fraction | None = None
    end: Fraction | None = None
    zero: Fraction = Fraction(0)
    """What the file's clock says where the clip begins: broadcasts count on from the day before."""

    @classmethod
    def after_origin(cls, origin: Fraction, start_s: float | None, end_s: float | None,
                     zero: Fraction = Fraction(0)) -> TimeWindow:
        """From seconds counted from the first frame, which stands at `origin`."""
        return cls(
            None if start_s is None else origin + Fraction(str(start_s)),
            None if end_s is None else origin + Fraction(str(end_s)),
            zero,
        )

    @property
    def is_whole(self) -> bool:
        return self.start is None and self.end is None

    def is_before(self, time_s: Fraction) -> bool:
        return self.start is not None and time_s < self.start - TRIM_TOLERANCE_S

    def is_past(self, time_s: Fraction) -> bool:
        return self.end is not None and time_s >= self.end - TRIM_TOLERANCE_S

    def length_of(self, origin: Fraction, whole_s: Fraction | None) -> Fraction | None:
        """Seconds of the window in a file that begins at origin and lasts whole_s; None if nobody knows."""
        begin = origin if self.start is None else max(self.start, origin)
        ends = [end for end in (self.end, None if whole_s is None else origin + whole_s) if end is not None]
        return max(min(ends) - begin, Fraction(0)) if ends else None


def rescale(value: int, from_base: Fraction, to_base: Fraction) -> int:
    """The nearest tick in another time base."""
    return round(value * from_base / to_base)
