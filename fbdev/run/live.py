"""The live table: a net while it runs, painted on standard error again and again."""

import os
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fbcore.net.report import Snapshot
from fbdev.complaint import near
from fbdev.run.notices import Notices
from fbdev.run.rates import Rates
from fbdev.run.screen import Screen

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

    from fbdev.run.grid import Line

_SHARE = 0.05
"""The part of the time that painting may take; a net is not to be slowed down by being looked at."""

_OVER = {"ended", "failed", "cancelled"}

_REASONS = 4
"""Lines that say what holds a net up."""


class LiveTable:
    """Paints a net while the block runs; afterwards the table of its nodes stays, with the last counts.

    A net that ends within a tenth of a second is never painted. What is written to the screen meanwhile goes above.
    """

    def __init__(self, name: str, screen: Screen, notices: Notices) -> None:
        self._name = name
        self._screen = screen
        self._notices = notices
        self._rates = Rates()
        self._console: Console | None = None
        self._live: Live | None = None
        self._last: Snapshot | None = None
        self._paint_again = 0.0

    def __enter__(self) -> Self:
        return self

    def progress(self, snapshot: Snapshot) -> None:
        """Paint a snapshot, unless the last one was so long to paint that the net should go on first."""
        self._rates.add(snapshot)
        self._last = snapshot
        begin = time.perf_counter()
        if begin < self._paint_again or all(node.phase in _OVER for node in snapshot.nodes.values()):
            return
        if self._live is None:
            self._start()
            begin = time.perf_counter()
        try:
            self._screen.flush()
            self._paint(self._lines(snapshot))
        except OSError:
            # The terminal has gone; the net goes on.
            self._paint_again = float("inf")
            return
        end = time.perf_counter()
        self._paint_again = end + (end - begin) * (1 / _SHARE - 1)

    def _start(self) -> None:
        # rich takes a tenth of a second to load, which a net that is done by then need not wait for.
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=self._screen.terminal, force_terminal=True, highlight=False, markup=False)
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()
        self._screen.above = self._above

    def _above(self, text: str) -> None:
        from fbdev.run.paint import Raw

        assert self._console is not None
        self._console.print(Raw(text), soft_wrap=True, end="")

    def _paint(self, lines: "list[Line]") -> None:
        from fbdev.run.paint import Lines

        assert self._live is not None
        self._live.update(Lines(lines), refresh=True)

    def _lines(self, snapshot: Snapshot) -> "list[Line]":
        from fbdev.run.table import Size, net_lines

        assert self._console is not None
        below = self._below(snapshot)
        size = Size(self._console.width, self._console.height - len(below))
        return net_lines(snapshot, self._rates, self._name, size) + below

    def _below(self, snapshot: Snapshot) -> "list[Line]":
        """Return what a person should know: what holds up a net that does not move, and notices."""
        holding = snapshot.outstanding if self._rates.is_still() else ()
        lines: list[Line] = [[("held up by  ", "yellow"), (near(text), "")] for text in holding[:_REASONS]]
        if len(holding) > _REASONS:
            lines.append([(f"and {len(holding) - _REASONS} more", "dim")])
        return lines + [[("notice  ", "yellow"), (text, "")] for text in self._notices.lines()[-_REASONS:]]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is None:
            return
        self._screen.close()
        self._live.stop()
        if error is None and self._last is not None:
            self._stay(self._last)

    def _stay(self, snapshot: Snapshot) -> None:
        """Leave the table of nodes on the screen, with the counts of the whole run."""
        from fbdev.run.paint import Lines
        from fbdev.run.table import Size, final_lines

        assert self._console is not None
        size = Size(self._console.width, self._console.height)
        self._console.print(Lines(final_lines(snapshot, size)))
        self._console.print()


def is_terminal(stream: Any) -> bool:
    """Say whether a stream goes to a terminal that can be painted on."""
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"
