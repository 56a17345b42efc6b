"""Records as files: JSON whose every part has its type, read strictly."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fbcore.errors import shown
from fbcore.formats.whole_text import write_whole
from fbdev.explore.record import FORMAT, VERSION, Record
from fbdev.explore.words import ExploreError

_HINT = "explore it from the beginning, without `continues`"


def check_place(path: Path) -> None:
    """See whether a file can be written, before hours are spent on what is to be in it.

    Raises:
        ExploreError: it cannot.
    """
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        what = "it is a folder" if path.is_dir() else "its folder cannot be written to"
        raise ExploreError(f"what is left to explore cannot be kept there: {what}", str(path), "name another file")


def write_record(path: Path, record: Record) -> None:
    """Write a record to a file, which is whole at every moment: the old one, or the new one.

    Raises:
        OSError: it cannot be written.
    """
    write_whole(path, _adapter().dump_json(record).decode() + "\n")


def read_record(path: Path) -> Record:
    """Read a record.

    Raises:
        ExploreError: the file cannot be read, or is none, or of another version, or broken.
    """
    from pydantic import ValidationError

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ExploreError(
            f"cannot be read: {error.strerror}", str(path), "name a file that `keep` has written"
        ) from None
    except UnicodeDecodeError:
        raise ExploreError("is no text in UTF-8", str(path), "name a file that `keep` has written") from None
    try:
        return _checked(_adapter().validate_json(text, strict=True), path)
    except ValidationError as error:
        raise _refusal(text, error, path) from None


def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Record)


def _refusal(text: str, error: Any, path: Path) -> ExploreError:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return ExploreError("this is no exploration that was kept", str(path), "name a file that `keep` has written")
    if found.get("version") != VERSION:
        what = f"it has version {shown(found.get('version'))}, and known is {VERSION}"
        return ExploreError(
            what, str(path), "install the version of fbdev that wrote it, or explore from the beginning"
        )
    first = error.errors(include_url=False)[0]
    where = ".".join(str(each) for each in first["loc"])
    return ExploreError(f"it is broken: {where}: {first['msg']}", str(path), _HINT)


def _checked(record: Record, path: Path) -> Record:
    """Refuse a record whose parts do not fit each other."""
    course = record.course
    states, orders, races, samples = course.states, course.orders, course.races, course.samples
    trees = [each for each in (states and states.tree, orders and orders.known) if each]
    fits = all(
        len(tree.by) == len(tree.parents)
        and all(0 <= parent <= number for number, parent in enumerate(tree.parents))
        and all(0 <= by < len(tree.names) for by in tree.by)
        and len(tree.marks) in (0, len(tree.parents) + 1)
        for tree in trees
    )
    if states is not None:
        count, names = len(states.left), len(states.tree.names)
        fits &= count == len(states.tree.parents) + 1 and len(states.arrows) % 3 == 0
        fits &= all(0 <= each < names for left in states.left for each in left)
        fits &= all(0 <= each < count for each in (*states.arrows[::3], *states.arrows[2::3], *states.wrong))
        fits &= all(0 <= each < names for each in states.arrows[1::3])
    if orders is not None:
        fits &= len(orders.forks) == len(orders.path) + 1
        fits &= orders.known is None or len(orders.spent) == len(orders.known.parents) + 1
    if races is not None:
        fits &= len(races.nodes) == len(races.path) + 1
    if samples is not None:
        fits &= all(0 <= begin < end <= samples.count for begin, end in samples.left)
    if not fits:
        raise ExploreError("it is broken: its parts do not fit each other", str(path), _HINT)
    return record
