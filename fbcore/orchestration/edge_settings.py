"""Settings of edges: said of an edge by its address, or of many by a pattern of both its ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from fbcore.errors import SettingsError, shown
from fbcore.model.edge_policy import problems_of
from fbcore.orchestration.pattern import EVERYTHING, covers, matches
from fbcore.orchestration.said import UNSAID, Said, Section, check_edge


@dataclass(frozen=True, kw_only=True, repr=False)
class EdgeSettings(Said):
    """How an edge is run: what the graph does not say of it, as options of `Graph.connect`.

    `capacity` and `check` are those of the node that it leads to, unless they are said here. `bytes`: how many bytes
    lie on it at most, a number or `"10 MB"`, and `size`, the function that measures a packet; `expiry`: the seconds
    after which a packet is taken away; `priority`: a function, or the name of an attribute or key, by which the
    highest is taken first; `drop`: which packet goes when there is no room, the `"oldest"` or the `"newest"`. In files
    functions are named, `"package.module.function"`. What a wider pattern says is taken back by `"unbounded"`,
    `"never"` for expiry, and `"nothing"`.

    Example:
        settings = NetSettings(edges={"**->show.*": EdgeSettings(drop="oldest", capacity=1)})
        print(settings.of_edge("camera.frame->show.frame").drop)
        print(settings.origin("camera.frame->show.frame", "drop"))
        #> oldest
        #> net.py:1, edges."**->show.*"
    """

    capacity: int | Literal["unbounded"] | None = UNSAID
    check: Literal["edges", "mutation", "nothing"] = UNSAID
    bytes: int | str | None = UNSAID
    size: Callable[[Any], Any] | str | None = UNSAID
    expiry: float | Literal["never"] | None = UNSAID
    priority: Callable[[Any], Any] | str | None = UNSAID
    drop: Literal["oldest", "newest", "nothing"] | None = UNSAID

    def __post_init__(self) -> None:
        super().__post_init__()
        check_edge(self.capacity, self.check)
        for name, what, hint in problems_of(self.said()):
            raise SettingsError(what.replace(name, "it", 1), name, hint)


EDGE_SETTINGS = [each.name for each in fields(EdgeSettings) if each.init]
"""The settings that can be said of an edge."""

OF_NODES_TOO = ("capacity", "check")
"""Those of them that can be said of the node that an edge leads to."""

_SIDES = re.compile(r"((?:[^\[\]]|\[[^\[\]]*\])*?)->(.+)", re.DOTALL)
_PART = r"(?:\*\*|(?:\w|\*(?!\*))+(?:\[[^\[\]]+\])?)"
_SIDE = re.compile(rf"{_PART}(?:\.{_PART})*")
_RULE = 'write two ports and an arrow, as "a.out->b.value": `*` is any letters of one part, `**` one part or more'


def sides_of(address: str) -> tuple[str, str] | None:
    """Split the address of an edge, or a pattern of such, into its ends; None where it has no two."""
    found = _SIDES.fullmatch(address)
    return (found[1], found[2]) if found is not None else None


def taker_of(address: str) -> str:
    """Return the address of the node that an edge leads to; "" where it leads out of the net."""
    sides = sides_of(address)
    end = re.sub(r"\[[^\[\]]*\]\Z", "", sides[1]) if sides is not None else ""
    node = end.rpartition(".")[0]
    return "" if node == "outputs" else node


def check_edges(edges: Mapping[Any, Any]) -> None:
    """Refuse settings of edges that are none, or of what is no edge.

    Raises:
        SettingsError: the first that is wrong.
    """
    for address, settings in edges.items():
        where = f'edges."{address}"'
        if not isinstance(address, str) or not _is_pattern(address):
            raise SettingsError(f"{shown(address)} means no edge", where, f"{_RULE}; `**` alone means every edge")
        if type(settings) is not EdgeSettings:
            raise SettingsError(f"{shown(settings)} is no EdgeSettings", where, "give an EdgeSettings(...)")


def _is_pattern(address: str) -> bool:
    sides = (address, address) if address == EVERYTHING else sides_of(address)
    return sides is not None and all(map(_SIDE.fullmatch, sides))


def sections_of(edges: Mapping[str, EdgeSettings], address: str) -> list[Section]:
    """Return the sections that say something about an edge."""
    return [
        Section(pattern, f'edges."{pattern}"', said.said(), said.places)
        for pattern, said in edges.items()
        if edge_matches(pattern, address)
    ]


def edge_matches(pattern: str, address: str) -> bool:
    """Say whether a pattern means an edge.

    Example:
        from fbcore.orchestration.edge_settings import edge_matches

        print(edge_matches("**->show.*", "camera.frame->show.frame"), edge_matches("**", "a.out->b.value"))
        #> True True
    """
    one, other = _both(pattern), sides_of(address)
    return other is not None and matches(one[0], other[0]) and matches(one[1], other[1])


def edge_covers(wide: str, narrow: str) -> bool:
    """Say whether a pattern means every edge that another one can mean."""
    one, other = _both(wide), _both(narrow)
    return covers(one[0], other[0]) and covers(one[1], other[1])


def is_one(said_of: str) -> bool:
    """Say whether settings are said of one edge, and of no pattern."""
    return said_of.startswith("edges.") and "*" not in said_of


def _both(pattern: str) -> tuple[str, str]:
    return sides_of(pattern) or (pattern, pattern)
