"""Patterns of addresses: which nodes they mean, and which of two patterns says more."""

from __future__ import annotations

import re
from functools import lru_cache

EVERYTHING = "**"
"""The pattern that means every node."""

_RULE = "an address, in which `*` stands for any letters of one part, and `**` for one part or more"


def problem_of(pattern: str) -> str:
    """Say what is wrong with a pattern, or "" when nothing is."""
    parts = pattern.split(".")
    if not all(re.fullmatch(r"\*\*|[\w*]+", part) for part in parts) or "***" in pattern:
        return f"it is no address: write {_RULE}"
    if any("**" in part and part != "**" for part in parts):
        return f"`**` stands for whole parts: write {_RULE}"
    return ""


def matches(pattern: str, address: str) -> bool:
    """Say whether a pattern means a node.

    Example:
        from fbcore.orchestration.pattern import matches

        print(matches("load.*", "load.parse"), matches("load.*", "load.csv.parse"), matches("**", "load.csv.parse"))
        #> True False True
    """
    return _regex(pattern).fullmatch(address) is not None


def covers(wide: str, narrow: str) -> bool:
    """Say whether a pattern means every node that another one can mean, whatever nodes there are."""
    # A `*` of the narrow one stands for itself, which only a wildcard takes; a `**` may be several parts.
    most = wide.count(".") + 3
    return all(matches(wide, _sample(narrow, parts)) for parts in range(1, most))


def _sample(pattern: str, parts: int) -> str:
    several = ".".join(["\0"] * parts)
    return ".".join(several if part == "**" else part for part in pattern.split("."))


@lru_cache(maxsize=1000)
def _regex(pattern: str) -> re.Pattern[str]:
    parts = [".+" if part == "**" else r"[^.]*".join(map(re.escape, part.split("*"))) for part in pattern.split(".")]
    return re.compile(r"\.".join(parts))
