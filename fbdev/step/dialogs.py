"""What opens above the net: a question, a page of text, the breakpoints, the packets of something."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label, Static

from fbdev.step.lines import Line
from fbdev.step.palette import styles_of
from fbdev.step.rows import Rows
from fbdev.step.wrap import wrapped

_PAGE = 100
"""Characters that a page is wide where there is room."""


def as_text(lines: Sequence[Line], app: Any) -> Text:
    """Return lines as one text, in the colours of an app's theme."""
    styles = styles_of(app)
    text = Text()
    for number, line in enumerate(lines):
        text.append("\n" if number else "")
        for piece, role in line.pieces:
            text.append(piece, styles[role])
    return text


class Question(ModalScreen[str | None]):
    """Asks for a line of text; Esc gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", priority=True)]

    def __init__(self, question: str, hint: str, answer: str = "", words: Sequence[str] = ()) -> None:
        super().__init__()
        self._question, self._hint, self._answer, self._words = question, hint, answer, words

    def compose(self) -> ComposeResult:
        """Show the question, a field, and a hint."""
        with Vertical(classes="dialog") as box:
            box.border_title = self._question
            yield Input(self._answer, suggester=SuggestFromList(self._words), select_on_focus=False)
            yield Label(self._hint, classes="hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer."""
        self.dismiss(event.value)


class Page(ModalScreen[None]):
    """Shows text that is longer than its place below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,question_mark", "dismiss", "Close", priority=True)]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """Show the text."""
        with VerticalScroll(classes="dialog page") as box:
            box.border_title = self._title
            box.border_subtitle = "Esc closes"
            # As wide as the dialog, without its frame and a scroll bar.
            width = min(_PAGE, int(self.app.size.width * 0.96)) - 6
            yield Static(as_text(wrapped(self._lines, width), self.app))


class Breakpoints(ModalScreen[None]):
    """Lists the breakpoints, sets new ones and clears them; `toggle` does, and returns those that are there then."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", priority=True),
        Binding("delete,backspace", "clear", "Clear"),
    ]

    def __init__(self, there: Sequence[str], toggle: Callable[[str], Sequence[str]], hint: str, words: Sequence[str]):
        super().__init__()
        self._there, self._toggle, self._hint, self._words = there, toggle, hint, words

    def compose(self) -> ComposeResult:
        """Show a field for a new one, and those that are there."""
        with Vertical(classes="dialog") as box:
            box.border_title = "Breakpoints"
            box.border_subtitle = "Enter sets · Tab, then Del clears · Esc closes"
            yield Input(placeholder="new breakpoint", suggester=SuggestFromList(self._words))
            yield Label(self._hint, classes="hint", markup=False)
            yield Rows("there", "")

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill()

    def _fill(self) -> None:
        lines = [Line([("● ", "bad"), (text, "name")], text) for text in self._there]
        self.query_one(Rows).show(lines or [Line([("none yet", "muted")])])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Set what was typed."""
        if event.value.strip() and event.value.strip() not in self._there:
            self._change(event.value)

    def action_clear(self) -> None:
        """Clear the one that is pointed at."""
        if self.query_one(Rows).key:
            self._change(self.query_one(Rows).key)

    def _change(self, text: str) -> None:
        from fbcore.errors import FlowError

        try:
            self._there = self._toggle(text)
        except FlowError as error:
            self.query_one(Label).update(Text(str(error), styles_of(self.app)["bad"]))
            return
        self.query_one(Label).update(Text(self._hint))
        self.query_one(Input).value = ""
        self._fill()


class Packets(ModalScreen[None]):
    """Lists packets with what they were made of; of the one that is pointed at `tell` says all that is known."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,i", "dismiss", "Close", priority=True)]

    def __init__(self, title: str, lines: Sequence[Line], tell: Callable[[str, int], Sequence[Line]]) -> None:
        super().__init__()
        self._title, self._lines, self._tell = title, lines, tell

    def compose(self) -> ComposeResult:
        """Show the list, and beside it the packet."""
        with Horizontal(classes="dialog wide") as box:
            box.border_title = self._title
            box.border_subtitle = "↑ ↓ · Esc closes"
            yield Rows("lineage", "")
            with VerticalScroll(id="packet", can_focus=True):
                yield Static()

    def on_mount(self) -> None:
        """Fill the list."""
        rows = self.query_one(Rows)
        rows.show(self._lines)
        rows.focus()

    def on_rows_pointed(self, message: Rows.Pointed) -> None:
        """Tell of another packet."""
        message.stop()
        if message.key:
            width = self.query_one("#packet").size.width or 40
            lines = wrapped(self._tell(message.key.removeprefix("packet "), width), width - 3)
            self.query_one("#packet Static", Static).update(as_text(lines, self.app))
