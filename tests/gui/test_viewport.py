"""What is to be seen in the picture, pixel by pixel."""

from __future__ import annotations

import dataclasses

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor

from fnst_live.frames.frame import FrameSize
from fnst_live.gui.picture_layout import Comparison
from fnst_live.gui.viewport import Viewport

from .conftest import Bench
from .fake_session import plain, result
from .gestures import QTest

RED, BLUE = (200, 0, 0), (0, 0, 200)  # the original, the painting


def color_at(viewport: Viewport, x_share: float, y_share: float = 0.25) -> tuple[int, int, int]:
    """Of the picture's area, at shares of its width and height."""
    area = viewport.picture_area()
    image = viewport.grab().toImage()
    ratio = image.devicePixelRatio()
    color = QColor(image.pixel(int((area.left() + area.width() * x_share) * ratio),
                               int((area.top() + area.height() * y_share) * ratio)))
    return color.red(), color.green(), color.blue()


def show(bench: Bench) -> Viewport:
    bench.session.show(result())
    bench.bot.waitUntil(lambda: not bench.window.viewport.picture_area().isEmpty())
    return bench.window.viewport


def test_before_the_first_picture_it_says_that_it_is_opening(bench: Bench) -> None:
    assert bench.window.viewport.picture_area().isEmpty()
    assert bench.window.viewport.grab().toImage().pixelColor(2, 2).lightness() < 16


def test_painted_alone(bench: Bench) -> None:
    viewport = show(bench)
    assert color_at(viewport, 0.1) == color_at(viewport, 0.9) == BLUE


def test_the_wipe_parts_original_and_painting(bench: Bench) -> None:
    viewport = show(bench)
    bench.press(Qt.Key.Key_W)
    assert viewport.comparison is Comparison.WIPE
    assert (color_at(viewport, 0.45), color_at(viewport, 0.55)) == (RED, BLUE)


def test_the_handle_is_dragged(bench: Bench) -> None:
    viewport = show(bench)
    bench.press(Qt.Key.Key_W)
    middle = viewport.picture_area().center().toPoint()
    target = middle - QPoint(round(viewport.picture_area().width() / 4), 0)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(viewport, target)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=target)
    assert abs(viewport.wipe - 0.25) < 0.01
    assert (color_at(viewport, 0.2), color_at(viewport, 0.3)) == (RED, BLUE)


def test_beside_the_handle_nothing_is_dragged(bench: Bench) -> None:
    viewport = show(bench)
    bench.press(Qt.Key.Key_W)
    corner = viewport.picture_area().topLeft().toPoint() + QPoint(5, 5)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=corner)
    QTest.mouseMove(viewport, corner + QPoint(50, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton)
    assert viewport.wipe == 0.5


def test_the_handle_moves_by_keys_and_stops_at_the_edge(bench: Bench) -> None:
    viewport = show(bench)
    bench.press(Qt.Key.Key_W)
    for _ in range(60):
        bench.press(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert viewport.wipe == 1.0
    bench.press(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert viewport.wipe < 1.0


def test_side_by_side_shows_both_whole(bench: Bench) -> None:
    viewport = show(bench)
    bench.press(Qt.Key.Key_D)
    image = viewport.grab().toImage()
    middle = image.height() // 2
    colors = [QColor(image.pixel(x, middle)).getRgb()[:3] for x in (image.width() // 4, image.width() * 3 // 4)]
    assert colors == [RED, BLUE]


def test_the_original_is_seen_while_the_key_is_held(bench: Bench) -> None:
    viewport = show(bench)
    QTest.keyPress(viewport, Qt.Key.Key_O)
    assert color_at(viewport, 0.5) == RED
    QTest.keyRelease(viewport, Qt.Key.Key_O)
    assert color_at(viewport, 0.5) == BLUE


def test_the_original_is_seen_while_its_button_is_held(bench: Bench) -> None:
    viewport, button = show(bench), bench.window.original_button
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    assert color_at(viewport, 0.5) == RED
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert color_at(viewport, 0.5) == BLUE


def test_a_picture_of_another_shape_keeps_it(bench: Bench) -> None:
    viewport = show(bench)
    tall = plain(BLUE).transpose(1, 0, 2).copy()
    bench.session.show(result(tall, tall))
    bench.bot.waitUntil(lambda: viewport.picture_area().width() < viewport.picture_area().height())
    assert color_at(viewport, 0.5) == BLUE
    assert viewport.grab().toImage().pixelColor(1, 1).lightness() < 16


def test_the_speed_display_says_what_limits_the_speed(bench: Bench) -> None:
    viewport = show(bench)
    plain_sight = viewport.grab().toImage()
    bench.press(Qt.Key.Key_H)
    assert viewport.is_hud_shown
    assert viewport.grab().toImage() != plain_sight
    assert viewport.hud.rows() == [
        ("rate", "29.7 fps"), ("latency", "61 ms"), ("dropped", "3 of 243"), ("paints", "640 × 360 of 1280 × 720"),
        ("engine", "openvino bf16"),
    ]


def test_figures_stand_long_enough_to_be_read(bench: Bench) -> None:
    hud, first, second = bench.window.viewport.hud, result().stats, result().stats
    hud.show_stats(first, now_s=1e6)
    hud.show_stats(second, now_s=1e6 + 0.1)
    assert hud.stats is first
    hud.show_stats(second, now_s=1e6 + 0.5)
    assert hud.stats is second


def test_the_first_figures_of_another_source_are_shown_at_once(bench: Bench) -> None:
    hud, before = bench.window.viewport.hud, result().stats
    hud.show_stats(before, now_s=1e6)
    picture = dataclasses.replace(before, frame_count=1)
    hud.show_stats(picture, now_s=1e6 + 0.01)
    assert hud.stats is picture


def test_while_nothing_is_painted_the_figures_say_so(bench: Bench) -> None:
    hud = bench.window.viewport.hud
    hud.show_stats(dataclasses.replace(result().stats, work_size=FrameSize(0, 0), engine=""), now_s=1e6)
    assert ("paints", "nothing of 1280 × 720") in hud.rows()
    assert ("engine", "none") in hud.rows()
