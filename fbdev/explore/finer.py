"""A net one granularity finer: what the net does by itself between the turns of its nodes are choices too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fbcore.loop import CALLBACKS
from fbcore.runtimes.stepping import MAIN, Stepping
from fbdev.explore.program import Program
from fbdev.explore.sample import Sampling
from fbdev.explore.session import Session


class FinerStepping(Stepping):
    """A net whose own callbacks are steps, which may come after turns of nodes that were ready later.

    On a loop that runs they come in order. Here they are put off by chance, so that nothing rests on their coming soon.
    """

    _has_begun = False

    def settle(self) -> None:
        """Leave the callbacks to whoever chooses, as long as there is something else to choose."""
        if self._has_begun and not self._task.done() and any(name not in (MAIN, CALLBACKS) for name in self.loop.ready):
            return
        super().settle()
        self._has_begun = True


@contextmanager
def finer(program: Program) -> Iterator[None]:
    """Have the executions of a net that begin in this context made finer."""
    program.stepping = FinerStepping
    try:
        yield
    finally:
        program.stepping = None


def draw_audit(session: Session, count: int, seed: int, *, has_finer: bool) -> None:
    """Draw schedules and run them; where there is something finer, every second one is."""
    finer_ones = count // 2 if has_finer else 0
    Sampling(session, count - finer_ones, seed + 1, "random").run()
    with finer(session.program):
        Sampling(session, finer_ones, seed + 2, "random").run()
