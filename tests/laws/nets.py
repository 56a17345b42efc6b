"""Random nets as plain data, for hypothesis: fragments are put one after the other onto open outputs."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from tests.laws.builder import Builder, Draw
from tests.laws.fragments import FRAGMENTS
from tests.laws.plan import Plan

DRAWN = (
    *("ring", "stop", "failing", "stop") * 3,
    *("loop", "failing_at_once", "stopped", "orbit", "half_fed", "lapping") * 2,
    *("twins", "gather", "either", "latest", "fed", "retuned", "initial", "gated", "gated", "told", "row", "bell"),
    *("weave", "stamp", "echo", "drop", "alternate"),
)
"""From what the first fragment is drawn: so often that each outcome occurs in one of twenty nets or more."""

QUIET = (
    *("map", "map", "drop", "expand", "collect", "concat", "alternate", "switch", "diamond", "twins", "merge", "take"),
    *("join", "either", "gather", "latest", "split", "fields", "forward", "stamp", "echo", "weave", "nap", "bell"),
    *("told", "gated", "gated", "initial", "configured", "fed", "retuned"),
)
"""Fragments around the first one, which is any; those that end a net badly would hide all others."""

ORDERED = (
    *("map", "map", "drop", "expand", "collect", "concat", "alternate", "switch", "take", "join"),
    *("split", "fields", "forward", "stamp", "echo", "weave", "nap", "bell"),
    *("told", "gated", "initial", "configured", "fed"),
)
"""Fragments of nets in which no order of events can change what comes out."""


def drawn(draw: Draw, fragments: tuple[str, ...] = DRAWN, around: tuple[str, ...] = QUIET) -> Plan:
    """Draw a net: one fragment of the first kind, and up to six of the others before and after it."""
    build = Builder(draw)
    build.open.append(build.new_source())
    for name in [build.one_of(around) for _ in range(build.number(0, 3))]:
        FRAGMENTS[name](build)
    FRAGMENTS[build.one_of(fragments)](build)
    for name in [build.one_of(around) for _ in range(build.number(0, 3))]:
        FRAGMENTS[name](build)
    return build.finished()


@st.composite
def plans(draw: st.DrawFn, fragments: tuple[str, ...] = DRAWN, around: tuple[str, ...] = QUIET) -> Plan:
    """Have hypothesis draw a net, and make it smaller where a law is broken."""
    return drawn(lambda least, most: draw(st.integers(least, most)), fragments, around)


def ordered_plans() -> st.SearchStrategy[Plan]:
    """Draw nets in which nearly always no order of events can change what comes out."""
    return plans(ORDERED, ORDERED)


def sample(count: int, fragments: tuple[str, ...] = DRAWN, around: tuple[str, ...] = QUIET) -> list[Plan]:
    """Return the same nets at every call, for checks that must not stop at the first that fails."""
    return [drawn(random.Random(seed).randint, fragments, around) for seed in range(count)]
