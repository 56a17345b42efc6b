"""Drivers of a stepped loop: who chooses the step that runs next."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fbcore.errors import LoopError

Driver = Callable[[Sequence[str]], int]
"""Chooses the next step: gets the names of those that are ready, returns the index of one.

One with a true attribute `chooses_timers` is offered the earliest timers too, after the steps that are ready.
"""

CALLBACKS = "callbacks"
"""The name of the step that is the next callback of no task."""

OUTSIDE = "outside"
"""The name of steps that the world outside has made ready: the end of work in a thread, a socket that can be read."""

TIMER = "timer "
"""How the names of timers begin, and those of no other step."""


def first_come(ready: Sequence[str]) -> int:
    """Run steps in the order in which they became ready, as an ordinary loop does."""
    return 0


class Seeded:
    """Runs steps in a random order that a seed determines; with `timers`, one that is due may win against them.

    Example:
        from fbcore.driver import Seeded

        print(Seeded(7)(["read", "parse", "write"]))
        #> 1
    """

    def __init__(self, seed: int, *, timers: bool = False) -> None:
        import random

        self.seed = seed
        self.chooses_timers = timers
        self._random = random.Random(seed)

    def __call__(self, ready: Sequence[str]) -> int:
        """Choose any of the ready steps."""
        return self._random.randrange(len(ready))


class Scripted:
    """Runs steps in a recorded order: a list of names, as `SteppedLoop.choices` holds them.

    After the last choice it goes on first come. `at` is the number of the next choice.

    Raises:
        LoopError: a recorded step is not ready; the error says which choice it was.

    Example:
        from fbcore.driver import Scripted

        driver = Scripted(["write", "read"])
        print(driver(["read", "parse", "write"]), driver(["read", "parse"]), driver.at)
        #> 2 0 2
    """

    def __init__(self, choices: Sequence[str]) -> None:
        self.at = 0
        self.chooses_timers = any(each.startswith(TIMER) for each in choices)
        self._choices = list(choices)

    def expects(self) -> str | None:
        """Return the name of the next choice, or None after the last."""
        return self._choices[self.at] if self.at < len(self._choices) else None

    def __call__(self, ready: Sequence[str]) -> int:
        """Choose the recorded step."""
        wanted = self.expects()
        if wanted is None:
            return 0
        if wanted not in ready:
            failed, self.at = self.at, len(self._choices)
            raise LoopError(
                f"choice {failed} of the script is {wanted!r}, but ready are: {', '.join(ready)}",
                hint="the script was recorded with other code; record it again",
            )
        self.at += 1
        return list(ready).index(wanted)
