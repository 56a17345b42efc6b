"""A list of styled lines on the screen, one of which can be pointed at; only those that are seen are painted."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fbdev.step.lines import Line
from fbdev.step.palette import styles_of

_PAGE_OVERLAP = 1


class Rows(ScrollView, can_focus=True):
    """Shows lines; those with a key can be pointed at, and chosen with Enter or a click.

    The pointer stays on the line with the same key when the lines change, and at its place when that key is gone.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "point(-1)", show=False),
        Binding("down,j", "point(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "point(-1000000)", show=False),
        Binding("end", "point(1000000)", show=False),
        Binding("left,h", "scroll_left", show=False),
        Binding("right,l", "scroll_right", show=False),
        Binding("enter", "choose", show=False),
    ]

    at: reactive[int] = reactive(-1)
    """The number of the line that is pointed at; -1 when there is none."""

    class Pointed(Message):
        """Another line is pointed at."""

        def __init__(self, rows: "Rows", key: str) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

    class Chosen(Pointed):
        """A line was chosen."""

    def __init__(self, id: str, title: str) -> None:
        super().__init__(id=id)
        self.border_title = title
        self.lines: Sequence[Line] = ()

    @property
    def key(self) -> str:
        """What the line that is pointed at is about; "" when there is none."""
        return self.lines[self.at].key if 0 <= self.at < len(self.lines) else ""

    def show(self, lines: Sequence[Line], *, point_at: str = "") -> None:
        """Show other lines; `point_at` is the key of one to point at, instead of the one that was."""
        key = point_at or self.key
        at = next((number for number, line in enumerate(lines) if key and line.key == key), None)
        self.lines = lines
        self.virtual_size = Size(max((_width(line) for line in lines), default=0), len(lines))
        with self.prevent(self.Pointed):
            # It is not a person who points now.
            self.at = at if at is not None else self._nearest(min(max(self.at, 0), len(lines) - 1))
        self.refresh()
        self.call_after_refresh(self._see_pointer)

    def forget(self) -> None:
        """Point at the first line when others are shown."""
        self.lines = ()
        with self.prevent(self.Pointed):
            self.at = 0

    def see(self, key: str) -> None:
        """Scroll to a line, without pointing at it."""
        at = next((number for number, line in enumerate(self.lines) if line.key == key), None)
        if at is not None:
            self.scroll_to_region(Region(0, at, 1, 1), animate=False, force=True, center=True)

    def _nearest(self, at: int) -> int:
        """Return the number of a line that can be pointed at, this one or one near it."""
        numbers = [number for number, line in enumerate(self.lines) if line.key]
        return min(numbers, key=lambda number: abs(number - at), default=-1)

    # -- painting ----------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        number = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if number >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        line = self.lines[number]
        styles: Mapping[str, Style] = styles_of(self.app)
        ground = self.rich_style
        if line.is_lit:
            ground += styles["lit"]
        if number == self.at and self.has_focus:
            ground += styles["pointer"]
        segments = [Segment(text, ground + styles[role]) for text, role in line.pieces]
        left = self.scroll_offset.x
        return Strip(segments).extend_cell_length(left + width, ground).crop(left, left + width)

    # -- pointing ----------------------------------------------------------------------------------

    def watch_at(self) -> None:
        """Tell what is pointed at."""
        self.refresh()
        self.post_message(self.Pointed(self, self.key))

    def _see_pointer(self) -> None:
        if self.at >= 0 and self.has_focus:
            self.scroll_to_region(Region(0, self.at, 1, 1), animate=False, force=True)

    def action_point(self, by: int) -> None:
        """Point at another line, so many further down."""
        numbers = [number for number, line in enumerate(self.lines) if line.key]
        if not numbers:
            self.scroll_relative(y=by, animate=False)
            return
        place = numbers.index(self.at) if self.at in numbers else 0
        self.at = numbers[max(0, min(len(numbers) - 1, place + by))]
        self._see_pointer()

    def action_page(self, direction: int) -> None:
        """Point a page further."""
        self.action_point(direction * max(1, self.size.height - _PAGE_OVERLAP))

    def action_choose(self) -> None:
        """Choose the line that is pointed at."""
        if self.key:
            self.post_message(self.Chosen(self, self.key))

    def on_click(self, event: events.Click) -> None:
        """Point at a line; with the second click of two, choose it."""
        number = event.y + self.scroll_offset.y - self.content_region.y + self.region.y
        if 0 <= number < len(self.lines) and self.lines[number].key:
            self.at = number
            if event.chain > 1:
                self.action_choose()


def _width(line: Line) -> int:
    return sum(
        cell_len(text.rstrip() if number == len(line.pieces) - 1 else text)
        for number, (text, _) in enumerate(line.pieces)
    )
