"""Whose code runs: the user's, a package's, or Python's own."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import fbcore

_STDLIB = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_PACKAGES = ("site-packages", "dist-packages")
_OURS = (str(Path(fbcore.__file__).parent), str(Path(__file__).parents[1]))


class Culprit(NamedTuple):
    """Who does something: the innermost line of the user's code, and the package that it called, if one did it.

    `in_net` says that a net runs between the user's line and what was done.
    """

    place: str
    package: str
    in_net: bool


def culprit(frame: FrameType | None) -> Culprit:
    """Return who is behind what a frame does."""
    package, in_net = "", False
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_OURS):
            in_net = in_net or f"{_OURS[0]}/runtimes" in Path(file).as_posix()
        elif (found := _package_of(file)) is not None:
            package = package or found
        elif not file.startswith((*_STDLIB, "<")):
            return Culprit(f"{file}:{frame.f_lineno}", package, in_net)
        frame = frame.f_back
    return Culprit("", package, in_net)


def _package_of(file: str) -> str | None:
    """Return the name of the installed package that a file belongs to."""
    parts = Path(file).parts
    for folder in _PACKAGES:
        if folder in parts[:-1]:
            return parts[parts.index(folder) + 1].removesuffix(".py")
    return None
