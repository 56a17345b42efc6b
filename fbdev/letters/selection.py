"""Which letters of a file are meant: by their ids, and by the addresses of their nodes."""

from __future__ import annotations

from collections.abc import Sequence

from fbcore.errors import InputError
from fbcore.formats.letter_file import Contents, Record
from fbcore.model.nearest import nearest
from fbcore.orchestration.pattern import matches, problem_of


def selected(contents: Contents, ids: Sequence[str], node: str, file: str) -> list[Record]:
    """Return the letters with these ids (all, without any) whose nodes match a pattern (any, without one).

    Raises:
        InputError: there is no letter with such an id, or the pattern can match nothing.
    """
    for id in ids:
        if id not in contents.records:
            near = nearest(id, [*contents.records])
            hint = f"did you mean {near}?" if near else f"`fbdev dead-letters {file}` lists them"
            raise InputError(f"there is no dead letter {id!r}", file, hint)
    problem = problem_of(node) if node else None
    if problem:
        raise InputError(f"{node!r} means no node", "--node", problem)
    found = [contents.records[id] for id in dict.fromkeys(ids)] if ids else [*contents.records.values()]
    return [record for record in found if not node or matches(node, record.node)]
