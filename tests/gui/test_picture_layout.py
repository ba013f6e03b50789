"""Where pictures lie: shape kept, on whole device pixels."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPointF, QRectF, QSizeF

from fnst_live.gui.picture_layout import fitted, halves, is_at_handle, wipe_at

AREA = QRectF(0, 0, 1000, 700)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (500, 500), (64, 48), (4000, 3)])
def test_the_shape_is_kept_and_the_area_filled_one_way(size: tuple[int, int]) -> None:
    picture = fitted(QSizeF(*size), AREA)
    assert AREA.contains(picture)
    assert picture.width() * size[1] == pytest.approx(picture.height() * size[0], abs=max(size))
    assert picture.width() == AREA.width() or picture.height() == AREA.height()


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_edges_lie_on_whole_device_pixels(ratio: float) -> None:
    picture = fitted(QSizeF(640, 427), QRectF(0, 0, 1001, 613), ratio)
    for edge in (picture.left(), picture.top(), picture.right(), picture.bottom()):
        assert edge * ratio == pytest.approx(round(edge * ratio), abs=1e-6)


def test_nothing_fits_nothing() -> None:
    assert fitted(QSizeF(), AREA).isEmpty()
    assert fitted(QSizeF(10, 10), QRectF()).isEmpty()


def test_wide_pictures_stand_above_one_another_and_tall_ones_beside() -> None:
    first, second = halves(QRectF(0, 0, 800, 800), QSizeF(1600, 400))
    assert first.left() == second.left()
    assert second.top() > first.bottom()
    first, second = halves(QRectF(0, 0, 800, 800), QSizeF(400, 1600))
    assert first.top() == second.top()
    assert second.left() > first.right()


def test_the_wipe_is_a_share_of_the_picture_and_ends_at_its_edges() -> None:
    picture = QRectF(100, 0, 200, 100)
    assert wipe_at(QPointF(150, 50), picture) == 0.25
    assert wipe_at(QPointF(-50, 50), picture) == 0
    assert wipe_at(QPointF(900, 50), picture) == 1


def test_the_handle_can_be_taken_a_little_beside_the_line() -> None:
    picture = QRectF(100, 0, 200, 100)
    assert is_at_handle(QPointF(215, 90), picture, 0.5)
    assert not is_at_handle(QPointF(250, 90), picture, 0.5)
    assert not is_at_handle(QPointF(200, 190), picture, 0.5)
