"""The live line of `fbdev explore`: how far an exploration has come, on a terminal and nowhere else."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fbdev.explore.progress import Progress
from fbdev.run.live import is_terminal

if TYPE_CHECKING:
    from rich.live import Live

_SILENT = 0.3
"""Seconds at the beginning in which nothing is painted: most explorations are over by then."""


class LiveLine:
    """Paints one line on standard error while the block runs, and takes it away afterwards."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun = time.monotonic()
        self._live: Live | None = None
        self._last: tuple[float, Progress] | None = None
        self._rate = 0.0
        self._is_gone = False

    def __enter__(self) -> Self:
        return self

    def listener(self) -> dict[str, Any]:
        """Return the option by which the line is told of progress; where nobody would see it, no option."""
        return {"progress": self.progress} if is_terminal(sys.stderr) else {}

    def progress(self, progress: Progress) -> None:
        """Paint the line anew."""
        now = time.monotonic()
        self._measure(now, progress)
        if now - self._begun < _SILENT or self._is_gone:
            return
        try:
            self._paint(line(self._name, progress, self._rate))
        except OSError:
            # The terminal has gone; the exploration goes on.
            self._is_gone = True

    def _measure(self, now: float, progress: Progress) -> None:
        """Reckon steps a second, evenly: each second counts as much as all before it."""
        if self._last is not None and now > self._last[0]:
            rate = (progress.steps - self._last[1].steps) / (now - self._last[0])
            share = min(1.0, now - self._last[0]) if self._rate else 1.0
            self._rate += share * (rate - self._rate)
        self._last = now, progress

    def _paint(self, text: str) -> None:
        if self._live is None:
            # rich takes a tenth of a second to load.
            from rich.console import Console
            from rich.live import Live

            console = Console(file=sys.stderr, force_terminal=True, highlight=False, markup=False)
            self._live = Live(
                console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        from rich.text import Text

        self._live.update(Text(text, no_wrap=True, overflow="ellipsis"), refresh=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def line(name: str, progress: Progress, rate: float) -> str:
    """Write how far an exploration has come."""
    parts = [f"{name}: {progress.search}"]
    if progress.seconds_left is not None:
        parts.append(f"{_clock(progress.seconds_left)} left")
    parts += [f"{progress.executions:,} executions", f"{progress.steps:,} steps", f"{rate:,.0f}/s"]
    if progress.states:
        parts.append(f"{progress.states:,} states")
    if progress.depth:
        parts.append(f"depth {progress.depth:,}")
    parts.append(f"{progress.ends:,} end{'' if progress.ends == 1 else 's'}")
    if progress.failures:
        parts.append(f"{progress.failures:,} failure{'' if progress.failures == 1 else 's'}")
    return "  ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
