"""What a process says when it yields, and what an execution answers when a process makes a step."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal

from fbcore.errors import FlowError

Mode = Literal["read", "write"]

EVERYTHING: None = None
"""The accesses of a step that could have touched anything."""

Accesses = dict[Hashable, bool] | None
"""What a step touched: the name of an object, and whether it was written; None for anything (`EVERYTHING`)."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class ExploreError(FlowError):
    """A program cannot be explored as it was asked for: what is wrong, and how to mend it."""


class NotWholeError(ExploreError):
    """A state cannot be read whole, for it holds something whose inside cannot be seen."""


class Access:
    """Yielded by a process: its next step touches this object, and no other that processes share.

    An object is a name, or a mutable object that is there when the execution begins. `mode` is `"read"` or `"write"`.
    Several objects that the next step touches are yielded as a tuple of accesses.

    Example:
        from fbdev.explore import Access

        print(Access("balance", "write").label)
        #> write balance
    """

    __slots__ = ("label", "mode", "obj")

    def __init__(self, obj: object, mode: Mode = "write", label: str = "") -> None:
        if mode not in ("read", "write"):
            raise ExploreError(f"{mode!r} is no mode of an access", "", 'say "read" or "write"')
        self.obj = obj
        self.mode = mode
        self.label = label or f"{mode} {obj if isinstance(obj, str) else type(obj).__name__}"


class Blocked:
    """Yielded by a process: it waits until the condition holds, and makes no step before.

    A true wait, and no spin: the process is not available while the condition does not hold. `on` is what it waits
    for, as in `Access`: the next step may write it. It is also what a report of a deadlock names.

    Example:
        from fbdev.explore import Blocked

        free = []
        print(bool(Blocked(lambda: free, label="wait for room").condition()))
        #> False
    """

    __slots__ = ("condition", "label", "on")

    def __init__(self, condition: Callable[[], object], on: object = None, label: str = "") -> None:
        self.condition = condition
        self.on = on
        name = on if isinstance(on, str) else getattr(on, "name", "") if on is not None else ""
        self.label = label or (f"wait for {name}" if name else "wait")


@dataclass(frozen=True, slots=True)
class Yielded:
    """The process has made a step, and reached the state of this label."""

    label: Any


@dataclass(frozen=True, slots=True)
class Finished:
    """The process has made its last step, and returned a value."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Raised:
    """The process has made its last step, which raised an exception."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class NotEnabled:
    """The process made no step: there is none of this name, it has ended, or it waits."""

    process: str
    why: str


Step = Yielded | Blocked | Finished | Raised | NotEnabled


def label_text(label: object) -> str:
    """Write a label as text that is the same in every process and every Python."""
    text = label if isinstance(label, str) else str(label)
    return _ADDRESS.sub("", text) if " at 0x" in text else text


def ending_text(step: Step) -> str:
    """Write how a step ended, for reports, tokens and pictures."""
    if isinstance(step, Finished):
        return "finished" if step.value is None else f"returned {label_text(step.value)}"
    if isinstance(step, Raised):
        return f"raised {type(step.error).__name__}: {label_text(step.error)}".removesuffix(": ")
    if isinstance(step, NotEnabled):
        return step.why
    return label_text(step.label)
