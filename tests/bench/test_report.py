"""What a report warns of."""

from __future__ import annotations

from .examples import report


def test_a_share_that_cannot_be_is_doubted() -> None:
    """50 frames a second alone."""
    assert report(live_fps=54).warnings == []
    assert report(live_fps=60).warnings == [
        "3840x2160 live reached 120% of the network's speed alone, which was slowed down: "
        "measure again, with nothing else running"
    ]
    assert report(live_fps=60).as_json()["warnings"] == report(live_fps=60).warnings
