"""The strip of thumbnails: the current frame in every style, fresh, and never asked for in vain."""

from __future__ import annotations

from PyQt6.QtCore import Qt

from fnst_live.gui.style_gallery import StyleCard
from fnst_live.live_events import Thumbnails

from .conftest import Bench
from .fake_session import plain, result

GREEN = (0, 180, 0)


def middle_of(card: StyleCard) -> tuple[int, ...]:
    return tuple(card.grab().toImage().pixelColor(card.width() // 2, card.height() // 3).getRgb()[:3])


def requests(bench: Bench) -> int:
    return len(bench.session.commands("request_thumbnails"))


def first_picture(bench: Bench, generation: int = 1) -> None:
    before = requests(bench)
    bench.session.show(result(generation=generation))
    bench.bot.waitUntil(lambda: requests(bench) == before + 1)


def test_the_first_picture_of_a_source_is_asked_for_in_all_styles(bench: Bench) -> None:
    first_picture(bench)
    bench.session.show(result())
    bench.settle()
    assert requests(bench) == 1
    first_picture(bench, generation=2)


def test_thumbnails_are_shown_on_cards_and_in_the_list(bench: Bench) -> None:
    first_picture(bench)
    card = bench.window.gallery.cards["udnie"]
    bench.session.tell(Thumbnails({"udnie": plain(GREEN), "gone": plain(GREEN)}, 1))
    bench.bot.waitUntil(lambda: middle_of(card) == GREEN)
    assert middle_of(bench.window.gallery.cards["great-wave"]) != GREEN
    picker = bench.window.style_picker
    icon = picker.itemIcon(picker.findText("Udnie")).pixmap(20, 10).toImage()
    assert icon.pixelColor(10, 5).getRgb()[:3] == GREEN


def test_thumbnails_of_the_source_before_are_thrown_away(bench: Bench) -> None:
    first_picture(bench, generation=2)
    bench.session.tell(Thumbnails({"udnie": plain(GREEN)}, 1))
    bench.settle()
    assert middle_of(bench.window.gallery.cards["udnie"]) != GREEN


def test_no_new_ones_while_the_last_are_awaited(bench: Bench) -> None:
    first_picture(bench)
    bench.live.thumbnails.refresh()
    assert requests(bench) == 1
    bench.session.tell(Thumbnails({}, 1))
    bench.settle()
    bench.live.thumbnails.refresh()
    assert requests(bench) == 2


def test_none_are_asked_for_that_nobody_sees(bench: Bench) -> None:
    first_picture(bench)
    bench.session.tell(Thumbnails({}, 1))
    bench.settle()
    bench.press(Qt.Key.Key_G)
    assert not bench.window.gallery.isVisible()
    bench.live.thumbnails.refresh()
    assert requests(bench) == 1


def test_cards_that_stay_keep_their_pictures(bench: Bench) -> None:
    first_picture(bench)
    card = bench.window.gallery.cards["udnie"]
    bench.session.tell(Thumbnails({"udnie": plain(GREEN)}, 1))
    bench.bot.waitUntil(lambda: middle_of(card) == GREEN)
    bench.styles.insert(0, "mine")
    bench.live.look.show_styles()
    assert bench.window.gallery.cards["udnie"] is card
    assert card.toolTip().startswith("Udnie, A Painter, 1900  (5;")


def test_a_scroll_bar_that_comes_moves_no_card(bench: Bench) -> None:
    card = bench.window.gallery.cards["udnie"]
    bench.settle()
    before = card.y()
    bench.styles.extend(f"style {number}" for number in range(20))
    bench.live.look.show_styles()
    bench.settle()
    assert card.y() == before
