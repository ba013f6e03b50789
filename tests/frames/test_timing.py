"""Windows of a file's own time."""

from __future__ import annotations

from fractions import Fraction

from fnst_live.frames.timing import TimeWindow, rescale


def test_an_open_window_holds_everything() -> None:
    window = TimeWindow()
    assert window.is_whole
    assert not window.is_before(Fraction(-5))
    assert not window.is_past(Fraction(10**6))


def test_start_is_inside_and_end_is_not() -> None:
    window = TimeWindow.after_origin(Fraction(10), 1.0, 2.0)
    times = [Fraction(10) + Fraction(k, 10) for k in range(30)]
    kept = [t for t in times if not window.is_before(t) and not window.is_past(t)]
    assert (kept[0], kept[-1]) == (Fraction(11), Fraction(119, 10))


def test_a_time_rounded_to_milliseconds_still_means_its_frame() -> None:
    frame_100 = Fraction(100 * 1001, 30000)  # 3.33666... s, which people write as 3.337
    window = TimeWindow.after_origin(Fraction(0), 3.337, None)
    assert not window.is_before(frame_100)
    assert window.is_before(frame_100 - Fraction(1001, 30000))


def test_length_is_cut_by_whatever_ends_first() -> None:
    assert TimeWindow().length_of(Fraction(1), Fraction(9)) == 9
    assert TimeWindow.after_origin(Fraction(1), 2, 20).length_of(Fraction(1), Fraction(9)) == 7
    assert TimeWindow.after_origin(Fraction(1), None, 4).length_of(Fraction(1), None) == 4
    assert TimeWindow().length_of(Fraction(0), None) is None


def test_rescale_is_exact_where_it_can_be_and_nearest_elsewhere() -> None:
    assert rescale(1001, Fraction(1, 30000), Fraction(1, 90000)) == 3003
    assert rescale(1, Fraction(1, 30), Fraction(1, 1000)) == 33
