"""What a check found: one thing, with its place and its mend."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad it is: an `error` keeps a net from running, a `warning` from running well, a `note` is only news."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(NamedTuple):
    """One thing that was found.

    `group` is what it is about (`import`, `graph flights`, `components`); `address` is where in a net, `place` where in
    a file, either may be "". `hint` says how to mend it. `inside` is the address of the composite that it is in.
    """

    group: str
    level: Level
    what: str
    address: str = ""
    place: str = ""
    hint: str = ""
    inside: str = ""
