"""A sheet as HTML is whole, needs nothing from outside, and takes no text for markup."""

from html.parser import HTMLParser

import pytest

from fbcore.formats.result_html import sheet_to_html
from fbcore.formats.sheet import Sheet, Table

VILE = "<script>alert('\"&amp;')</script>"


class Reading(HTMLParser):
    """Reads HTML as a browser does: open tags must be closed in order; `texts` are the texts, `styles` the styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.styles: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append(tag)
        for name, value in attrs:
            assert name in ("style", "colspan")
            if name == "style":
                self.styles.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def sheet(**options: object) -> Sheet:
    table = Table("things", ("name", "count"), [("a", "1"), (VILE, "2")], numbers=[1], **options)  # type: ignore[arg-type]
    return Sheet("net", "finished", "good", "after 1 s", VILE, [table])


@pytest.mark.parametrize("options", [{}, {"folded": True}, {"more": 1234}, {"notes": ["", VILE]}], ids=str)
def test_every_text_is_shown_as_it_is(options):
    """Whatever stands in names and values: the page shows it, and no tag is made of it."""
    read = Reading(sheet_to_html(sheet(**options)))
    assert "script" not in read.tags
    assert read.texts.count(VILE) == 2 + ("notes" in options)
    assert {"net", "finished", "after 1 s", "things", "name", "count", "a", "1"} <= set(read.texts)


def test_nothing_is_fetched_and_nothing_needs_a_style_sheet():
    """A notebook that is shown elsewhere looks the same: styles are inline, and there are no addresses."""
    source = sheet_to_html(sheet(notes=["", "x"]))
    assert not {"style", "link", "img", "script"} & set(Reading(source).tags)
    assert "url(" not in source
    assert "http" not in source


def test_colours_suit_a_light_and_a_dark_page():
    """Text has the colour of the page, lines are half transparent; only the badge has a colour, with white on it."""
    styles = Reading(sheet_to_html(sheet())).styles
    (badge,) = [style for style in styles if "color:#fff" in style]
    assert "background:#15803d" in badge
    for style in styles:
        if style != badge:
            assert "color:#" not in style
            assert "background:#" not in style


@pytest.mark.parametrize(("tone", "colour"), [("good", "#15803d"), ("doubtful", "#b45309"), ("bad", "#b91c1c")])
def test_the_badge_says_how_it_went(tone, colour):
    """Green, amber or red; each is dark enough for white text (a contrast of 4.5 or more)."""
    made = Sheet("net", "so", tone, "", "", [])
    assert f"background:{colour}" in sheet_to_html(made)
    levels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [level / 12.92 if level <= 0.03928 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    luminance = sum(part * each for part, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_a_folded_table_opens_at_a_click():
    """It is a `details` element, which needs no script."""
    assert "details" in Reading(sheet_to_html(sheet(folded=True))).tags
    assert "details" not in Reading(sheet_to_html(sheet())).tags


def test_rows_that_are_left_out_are_counted():
    """Below the table."""
    assert "and 1,234 more" in Reading(sheet_to_html(sheet(more=1234))).texts
