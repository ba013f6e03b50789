"""Trouble becomes a sentence, and details for whoever helps."""

from __future__ import annotations

from fnst_live.errors import OutputError
from fnst_live.live_events import Failed


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_what_a_user_can_mend_is_said_in_its_own_sentence() -> None:
    failed = Failed.of(raised(OutputError("the disk is full: free some")))
    assert failed.sentence == "the disk is full: free some"
    assert "in raised" in failed.details


def test_what_no_user_can_mend_tells_where_it_happened() -> None:
    failed = Failed.of(raised(ZeroDivisionError("division by zero")))
    assert failed.sentence == "something went wrong (ZeroDivisionError): the details tell where"
    assert "division by zero" in failed.details
    assert "test_live_events.py" in failed.details
