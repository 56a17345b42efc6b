"""One generator as a process, with a context of its own."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Generator, Sequence
from types import GeneratorType
from typing import Any, Protocol

from fbdev.explore.reading import Reader, read_suspended
from fbdev.explore.shared import NOTES
from fbdev.explore.words import (
    Access,
    Accesses,
    Blocked,
    ExploreError,
    Finished,
    Raised,
    Step,
    Yielded,
    ending_text,
    label_text,
)


class GeneratorProcess:
    """A generator, what it has yielded last, and how it ended."""

    __slots__ = ("announced", "blocked", "context", "ended", "failed", "generator", "held", "run", "send", "yielded")

    def __init__(
        self, generator: Generator[Any, Any, Any], context: contextvars.Context, blocked: Blocked | None
    ) -> None:
        self.generator = generator
        self.context = context
        self.run: Callable[..., Any] = context.run
        self.send = generator.send
        self.yielded: Any = blocked if blocked is not None else "begin"
        self.blocked = blocked
        self.announced: Accesses = None
        self.ended: Step | None = None
        self.failed: Exception | None = None
        self.held: list[dict[str, Any]] = []

    def is_open(self) -> bool:
        """Tell whether it can make a step."""
        if self.ended is not None or self.blocked is None:
            return self.ended is None
        try:
            return bool(self.blocked.condition())
        except Exception as error:
            # Who waits for it is who gets it.
            self.failed = error
            return True

    def make_step(self) -> Any:
        """Run to the next yield, and return what was yielded."""
        if self.failed is None:
            return self.run(self.send, None)
        error, self.failed = self.failed, None
        return self.run(self.generator.throw, error)

    def take(self) -> Step:
        """Take what it has yielded."""
        said = self.yielded
        if type(said) is Blocked:
            self.blocked = said
            return said
        self.blocked = None
        return Yielded(said.label if type(said) is Access else said)

    def end(self, step: Finished | Raised) -> Step:
        """Note that it made its last step."""
        self.ended = step
        self.blocked = None
        return step

    def text(self) -> str:
        """Write what it has reached."""
        if self.ended is not None:
            return ending_text(self.ended)
        said = self.yielded
        kind = type(said)
        if kind is str and " at 0x" not in said:
            return said  # type: ignore[no-any-return]
        if kind is int:
            return str(said)
        if isinstance(said, Access | Blocked):
            return said.label
        if type(said) is tuple and said and all(isinstance(each, Access) for each in said):
            return ", ".join(each.label for each in said)
        return label_text(said)

    def place(self) -> str:
        """Return file and line that it has come to."""
        inner: Any = self.generator
        while isinstance(getattr(inner, "gi_yieldfrom", None), GeneratorType):
            inner = inner.gi_yieldfrom
        frame = inner.gi_frame
        return f"{inner.gi_code.co_filename}:{frame.f_lineno}" if frame else ""

    def read(self, reader: Reader, before: contextvars.Context) -> None:
        """Read all of its state."""
        ended = self.ended
        if ended is not None:
            reader.tokens(type(ended))
            if isinstance(ended, Raised):
                reader.add(type(ended.error))
                reader.tokens(label_text(ended.error))
            elif isinstance(ended, Finished):
                reader.add(ended.value)
            return
        reader.found.append(self.text())
        generator: Any = self.generator
        read_suspended(reader, generator, generator.gi_frame, generator.gi_code, None)
        if self.blocked is not None:
            reader.add(self.blocked.condition)
        for held in self.held:
            reader.add(held)
        if [*map(id, self.context.values())] != [*map(id, before.values())]:
            changed = [(each, value) for each, value in self.context.items() if value is not before.get(each)]
            for variable, value in sorted(changed, key=lambda each: each[0].name):
                if variable is not NOTES:
                    reader.tokens(variable.name)
                    reader.add(value)

    def _explored_state(self) -> Any:
        return self.text(), self.generator, None if self.blocked is None else self.blocked.condition

    def cancel(self) -> None:
        """End it by the wish of another."""
        self.close()
        self.end(Finished())

    def close(self) -> None:
        """End it where it stands."""
        with contextlib.suppress(Exception):
            self.run(self.generator.close)


class Holder(Protocol):
    """Who has attributes of its own for the objects of a context."""

    held: list[dict[str, Any]]


class Swapped:
    """Objects of whose attributes each process has its own: swapped whenever another process runs."""

    def __init__(self, objects: Sequence[Any]) -> None:
        for each in objects:
            if not hasattr(each, "__dict__"):
                raise ExploreError(f"{each!r} has no attributes to swap", "context", "give objects with a __dict__")
        self._objects = objects
        self._first = [dict(vars(each)) for each in objects]
        self._now: Holder | None = None

    def admit(self, process: Holder) -> None:
        """Give a new process the attributes that the objects had when the execution began."""
        process.held = [dict(held) for held in self._first]

    def to(self, process: Holder) -> None:
        """Let the objects have the attributes that they have for a process."""
        if process is self._now:
            return
        self.keep()
        for each, held in zip(self._objects, process.held, strict=True):
            vars(each).clear()
            vars(each).update(held)
        self._now = process

    def restore(self) -> None:
        """Let the objects be as they were when the execution began: others use them after it."""
        for each, first in zip(self._objects, self._first, strict=True):
            vars(each).clear()
            vars(each).update(first)

    def keep(self) -> None:
        """Let the process that ran last have the attributes that the objects have now."""
        if self._now is not None:
            self._now.held = [dict(vars(each)) for each in self._objects]
