"""Settings as they are said: what is left out, where each was said, and which of several counts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from types import FrameType
from typing import Any, NamedTuple

from fbcore.errors import SettingsError, is_machinery, shown
from fbcore.model.address import Place

_CLOSED: Any = {"extra": "forbid"}
"""What pydantic is told of settings: names that they do not have are mistakes."""


class _Unsaid:
    """What a setting is that nobody has said; None is a value."""

    def __repr__(self) -> str:
        return "..."

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        # There is one of it in each process, and settings travel.
        return "UNSAID"


UNSAID: Any = _Unsaid()
"""Stands for a setting that was not said."""


class Origin(NamedTuple):
    """Where the value of a setting comes from: what it was said of, as `nodes."load.*"`, and the line that says it.

    `said_of` is "" for the whole net, and `place` None for what nobody has said, which then has its default.
    """

    value: Any
    said_of: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        if self.place is None:
            return "default"
        return f"{self.place}, {self.said_of}" if self.said_of else str(self.place)


@dataclass(frozen=True, kw_only=True, repr=False)
class Said:
    """Settings that are said together; `places` are the lines that say them, by name."""

    __pydantic_config__ = _CLOSED

    places: Mapping[str, Place] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", dict.fromkeys(self.said(), _place_outside()))

    def said(self) -> dict[str, Any]:
        """Return what is said here, by the name of the setting."""
        kind: Any = type(self)
        named = [(name, getattr(self, name)) for name in _settable(kind)]
        return {name: value for name, value in named if value is not UNSAID}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.said().items())})"


@cache
def _settable(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.init)


class Section(NamedTuple):
    """Settings of some nodes, or edges: the pattern of their addresses, how it is called, what it says, and where."""

    pattern: str
    said_of: str
    said: dict[str, Any]
    places: Mapping[str, Place]

    def origin(self, setting: str) -> Origin:
        """Return what is said here of a setting."""
        return Origin(self.said[setting], self.said_of, self.places.get(setting))


def most_specific(
    sections: Sequence[Section], setting: str, address: str, covers: Callable[[str, str], bool], said_so: str
) -> Origin:
    """Return what is said of a setting by the most specific of several sections that say it.

    Raises:
        SettingsError: neither lies inside all others; `said_so` is how it would be said of this address alone.
    """
    best = [each for each in sections if all(covers(other.pattern, each.pattern) for other in sections)]
    if len(best) == 1:
        return best[0].origin(setting)
    rivals = best or [each for each in sections if each.said_of]
    said = " and ".join(f"{each.said_of or 'the whole net'} ({each.places.get(setting)})" for each in rivals)
    what = f"{said} say what `{setting}` is, and neither is more specific"
    raise SettingsError(what, address, f"say it of {said_so}")


def check_edge(capacity: Any, check: Any) -> None:
    """Refuse what an edge cannot hold, or cannot check."""
    is_number = type(capacity) is int and capacity >= 1
    if capacity not in (UNSAID, None, "unbounded") and not is_number:
        hint = 'give a whole number of packets from 1 on, or "unbounded"'
        raise SettingsError(f"it cannot be {shown(capacity)}", "capacity", hint)
    if check is not UNSAID and check not in ("nothing", "edges", "mutation"):
        raise SettingsError(f"it cannot be {shown(check)}", "check", 'say "edges", "mutation" or "nothing"')


def _place_outside() -> Place:
    """Return the line that makes settings, outside this package."""
    frame = sys._getframe(2)
    while frame.f_back is not None and (is_machinery(frame.f_code.co_filename) or _is_generated(frame)):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


def _is_generated(frame: FrameType) -> bool:
    made_by = frame.f_globals.get("__name__", "").partition(".")[0]
    return frame.f_code.co_filename == "<string>" or made_by in ("dataclasses", "pydantic")
