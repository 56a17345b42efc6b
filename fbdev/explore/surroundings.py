"""What lies around processes and answers differently each time: the time, and numbers from nowhere.

While something is explored, and only for the code of its processes, clocks tell the time of the execution, and random
bytes begin anew in each: functions of the modules `time`, `os` and `random` are exchanged, and are what they were for
everybody else, in every other thread and context. Whoever asks is noted. Some answers cannot be exchanged, as that of
`datetime.now`: these are noticed by looking at what is called in one execution.
"""

from __future__ import annotations

import builtins
import datetime
import functools
import gc
import hashlib
import io
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import BuiltinFunctionType, ModuleType
from typing import Any

from fbdev.explore.shared import NOTES, SURROUNDINGS, Notes
from fbdev.explore.verdict import Given

BEGINNING = 1_600_000_000.0
"""What `time.time()` says at the beginning of every execution, in seconds."""

_CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")
_IN_SECONDS = {name: getattr(time, name) for name in _CLOCKS}
_IN_NANOSECONDS = {f"{name}_ns": getattr(time, f"{name}_ns") for name in _CLOCKS}
_RANDOM_BYTES = os.urandom

_CLOCKS_OF_C = {time.localtime, time.gmtime, time.ctime, time.asctime, time.strftime}
_OF_DATES = frozenset({"now", "utcnow", "today"})
_NOT_ASKING = ("logging", "asyncio", "importlib", "_pytest")

_OF_THE_SYSTEM = frozenset(
    {
        *(
            "chdir",
            "chmod",
            "fork",
            "ftruncate",
            "kill",
            "link",
            "lseek",
            "mkdir",
            "pipe",
            "pwrite",
            "remove",
            "rename",
        ),
        *("replace", "rmdir", "symlink", "system", "truncate", "umask", "unlink", "utime", "write"),
    }
)
_OUTSIDE = {
    "posix": _OF_THE_SYSTEM,
    "nt": _OF_THE_SYSTEM,
    "_thread": frozenset(("start_joinable_thread", "start_new_thread")),
    "_posixsubprocess": frozenset(("fork_exec",)),
    "_winapi": frozenset(("CreateProcess",)),
    "_sqlite3": frozenset(("connect",)),
    "sys": frozenset(("setrecursionlimit", "setswitchinterval")),
    "gc": frozenset(("get_objects", "get_referrers")),
    "_signal": frozenset(("signal",)),
    "_locale": frozenset(("setlocale",)),
    "decimal": frozenset(("getcontext", "setcontext")),
    "_decimal": frozenset(("getcontext", "setcontext")),
}
"""What functions written in C change that lies outside of what is explored, or find what no name leads to."""

_OF_A_SOCKET = frozenset(("bind", "connect", "connect_ex", "send", "sendall", "sendto", "recv", "recvfrom"))
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Surroundings:
    """Who has asked for what lies around, of one exploration."""

    def __init__(self) -> None:
        self.told: dict[str, set[str]] = {}
        """Who asked for the time of an execution, by what was called."""
        self.told_still: dict[str, set[str]] = {}
        """Who asked for the time where there is none that goes on."""
        self.drawn: dict[str, set[str]] = {}
        """Who drew bytes, which begin anew."""
        self.unheard: dict[str, set[str]] = {}
        """Who asked for what nobody could exchange."""
        self.outside: dict[str, set[str]] = {}
        """Who has changed what lies outside of the processes, by what was called."""
        self.is_silent = False
        """Whether the code that is explored names nothing that it could ask."""

    def seconds(self, what: str, notes: Notes) -> float:
        """Return the time of an execution."""
        told = self.told_still if notes.clock is None else self.told
        told.setdefault(what, set()).add(notes.maker)
        now = 0.0 if notes.clock is None else notes.clock()
        return BEGINNING + now if what.startswith("time.time") else now

    def bytes(self, count: int, notes: Notes) -> bytes:
        """Return bytes that are the same in every execution: each process has its own."""
        self.drawn.setdefault("os.urandom", set()).add(notes.maker)
        number = notes.draws[notes.maker] = notes.draws.get(notes.maker, 0) + 1
        return hashlib.shake_256(f"{notes.maker} {number}".encode()).digest(count)

    def notes(self) -> list[str]:
        """Say who asked, where the answer is as good as any."""
        said = [f"{_who(names)} asks {what}, and is told the time of the execution" for what, names in _by(self.told)]
        said += [
            f"{_who(names)} draws from {what}, which begins anew in each execution" for what, names in _by(self.drawn)
        ]
        return said + [f"{_who(names)} asks {what}, which answers as it likes" for what, names in _by(self.unheard)]

    def bounds(self) -> list[str]:
        """Say within what a proof holds, for somebody asked what cannot be answered."""
        found = ["a time that stands still"] if self.told_still else []
        return [*found, "what can be seen"] if self.unheard or self.outside else found

    def givens(self) -> list[Given]:
        """Return what must be taken for granted."""
        still = [f"time stands still for {_who(names)}, that asks {what}" for what, names in _by(self.told_still)]
        other = [f"what {what} answers {_who(names)} makes no difference" for what, names in _by(self.unheard)]
        beyond = [
            f"what {_who(names)} does by {what} makes no difference to others" for what, names in _by(self.outside)
        ]
        return [*(Given("clock", each) for each in (*still, *other)), *(Given("unseen", each) for each in beyond)]


def _by(found: dict[str, set[str]]) -> Iterator[tuple[str, set[str]]]:
    yield from sorted(found.items())


def _who(names: set[str]) -> str:
    return " and ".join(sorted(name or "the factory" for name in names))


# -- exchanged ---------------------------------------------------------------------------------------------


@contextmanager
def controlled() -> Iterator[Surroundings]:
    """Exchange what can be, for the processes that are explored in this context."""
    found = Surroundings()
    token = SURROUNDINGS.set(found)
    exchanged: list[tuple[ModuleType, str, Any]] = [
        *((time, name, _clock(f"time.{name}", original, 1)) for name, original in _IN_SECONDS.items()),
        *((time, name, _clock(f"time.{name}", original, 10**9)) for name, original in _IN_NANOSECONDS.items()),
        (os, "urandom", _random_bytes),
        (random, "_urandom", _random_bytes),
        (builtins, "open", _opening("open", builtins.open)),
        (io, "open", _opening("open", io.open)),
        (os, "open", _opening("os.open", os.open)),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in exchanged]
    try:
        for module, name, function in exchanged:
            setattr(module, name, function)
        yield found
    finally:
        for module, name, original in before:
            setattr(module, name, original)
        SURROUNDINGS.reset(token)


def _asker() -> tuple[Surroundings, Notes] | None:
    """Return who is to be answered; None where it is no process that is explored."""
    notes = NOTES.get()
    if notes is None or notes.surroundings is None or not _is_asking(sys._getframe(2), _NOT_ASKING):
        return None
    return notes.surroundings, notes


def _is_asking(frame: Any, others: Sequence[str]) -> bool:
    """Say whether it is a process that calls from here: none of these packages, nor what hears of the collector."""
    if (frame.f_globals.get("__name__") or "").partition(".")[0] in others:
        return False
    # Memory is collected at any moment; hypothesis, for one, measures how long that takes.
    return all(getattr(each, "__code__", None) is not frame.f_code for each in gc.callbacks)


def _clock(what: str, original: Callable[[], float], scale: int) -> Callable[[], float]:
    def clock() -> float:
        asked = _asker()
        if asked is None:
            return original()
        seconds = asked[0].seconds(what, asked[1])
        return seconds if scale == 1 else round(seconds * scale)

    return clock


def _random_bytes(size: int, /) -> bytes:
    asked = _asker()
    return _RANDOM_BYTES(size) if asked is None else asked[0].bytes(size, asked[1])


def _opening(what: str, original: Any) -> Any:
    @functools.wraps(original)
    def opening(file: Any, how: Any = "r", *arguments: Any, **options: Any) -> Any:
        asked = _asker()
        if asked is not None and file != os.devnull and _is_process(asked[1].maker):
            mode = options.get("mode", options.get("flags", how))
            if mode & _TO_WRITE if isinstance(mode, int) else not set("wax+").isdisjoint(mode):
                asked[0].outside.setdefault(what, set()).add(asked[1].maker)
        if "mode" in options or "flags" in options:
            return original(file, *arguments, **options)
        return original(file, how, *arguments, **options)

    return opening


def _is_process(maker: str) -> bool:
    """Tell whether it is a process that runs, and not the factory or the net itself: they do the same each time."""
    return maker not in ("", "factory", "sentinel")


# -- noticed -----------------------------------------------------------------------------------------------


@contextmanager
def noticed() -> Iterator[None]:
    """Notice what processes ask that nobody could exchange; it slows down everything, so once is enough."""
    surroundings = SURROUNDINGS.get()
    if surroundings is None or surroundings.is_silent or sys.getprofile() is not None:
        # Somebody else looks at what is called, and only one can.
        yield
        return

    def look(frame: Any, event: str, argument: Any) -> None:
        if event != "c_call" or (notes := NOTES.get()) is None:
            return
        asks, does = _unheard(argument), _outside(argument)
        if (asks or does) and _is_asking(frame, (*_NOT_ASKING, "fbdev", "fbcore")):
            if asks:
                surroundings.unheard.setdefault(asks, set()).add(notes.maker)
            elif _is_process(notes.maker):
                surroundings.outside.setdefault(does, set()).add(notes.maker)

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


_ORIGINALS: dict[Any, str] = {
    **{function: f"time.{name}" for name, function in (*_IN_SECONDS.items(), *_IN_NANOSECONDS.items())},
    **{function: f"time.{function.__name__}" for function in _CLOCKS_OF_C},
    _RANDOM_BYTES: "os.urandom",
}


def _unheard(function: Any) -> str:
    """Name a function written in C that tells the time, or draws from nowhere; "" for every other."""
    if type(function) is not BuiltinFunctionType:
        return ""
    if function.__name__ in _OF_DATES and isinstance(function.__self__, type):
        return f"{function.__self__.__name__}.{function.__name__}" if _is_date(function.__self__) else ""
    return _ORIGINALS.get(function, "") if function.__module__ in ("time", "posix", "nt") else ""


def _outside(function: Any) -> str:
    """Name a function written in C that changes what lies outside of what is explored; "" for every other."""
    if type(function) is not BuiltinFunctionType:
        return ""
    name: str = function.__name__
    module: str | None = function.__module__
    if module is None:
        inside = type(function.__self__)
        is_socket = name in _OF_A_SOCKET and any(base.__module__ == "_socket" for base in inside.__mro__)
        is_address = name == "from_address" and inside.__module__ == "_ctypes"
        return f"{inside.__name__}.{name}" if is_socket or is_address else ""
    return f"{module.lstrip('_')}.{name}" if name in _OUTSIDE.get(module, ()) else ""


def _is_date(kind: type) -> bool:
    return issubclass(kind, datetime.date)


def asks_the_time(value: Any, names: tuple[str, ...]) -> str:
    """Name what code with these names would ask of a value that it names; "" when that is not the time."""
    if isinstance(value, type) and _is_date(value):
        found = [name for name in names if name in _OF_DATES]
        return f"{value.__name__}.{found[0]}" if found else ""
    if isinstance(value, ModuleType) and value is datetime:
        found = [name for name in names if name in _OF_DATES]
        return f"datetime.{found[0]}" if found else ""
    return _unheard(value) if isinstance(value, BuiltinFunctionType) else ""
