from types import ModuleType

import pytest

from fbdev.check.components import components_of, declared_wrongly, not_resolved
from fbdev.check.finding import Finding, Level

PARTS = """
from __future__ import annotations
from typing import TYPE_CHECKING
from fbcore import Component, Config, In, Out, component
from fbcore.components.count import Count
if TYPE_CHECKING:
    from nowhere import Flight

class Delays(Component):
    flight: In[Flight]
    other: In["list[Flight]"]
    delay: Out[int]
    limit: Config[int] = Config(default="high")

    async def run(self) -> None: ...

@component
def parse(row: str, run: int) -> Flight | None: ...

class Idle(Component):
    select: In[int]

class Odd(Component):
    x: In[int] = 5

    async def run(self) -> None: ...

def helper(): ...
"""


@pytest.fixture
def parts(tmp_path: object) -> ModuleType:
    """A module of components, most of which have a mistake."""
    module = ModuleType("parts")
    exec(compile(PARTS, "parts.py", "exec", dont_inherit=True), vars(module))
    return module


def test_components_are_those_that_are_defined_there(parts: ModuleType) -> None:
    """Imported components, and what is none, are not looked at."""
    assert list(components_of(parts)) == ["Delays", "parse", "Idle", "Odd"]


def test_annotations_that_cannot_be_resolved_are_warnings(parts: ModuleType) -> None:
    """Each port whose type is unknown is named, with what was written and how to mend it."""
    (flight, other) = not_resolved(parts.Delays)
    assert flight.address == "Delays.flight"
    assert flight.level is Level.WARNING
    assert flight.what == "the type 'In[Flight]' could not be found, and counts as Any"
    assert "TYPE_CHECKING" in flight.hint
    assert other.address == "Delays.other"
    (out,) = not_resolved(parts.parse)
    assert (out.address, out.what) == (
        "parse.out",
        "the type 'Flight | None' could not be found, and counts as Any",
    )


def errors(findings: "list[Finding]") -> list[tuple[str, str]]:
    """Return address and text of findings, all of which are errors."""
    assert all(finding.level is Level.ERROR for finding in findings)
    return [(finding.address, finding.what) for finding in findings]


def test_what_is_declared_wrongly_is_an_error(parts: ModuleType) -> None:
    """Names that are taken, a missing run, a default that does not fit, and odd options, all without a graph."""
    assert errors([*declared_wrongly(parts.Idle)]) == [
        ("Idle.select", "a component has `select` anyway"),
        ("Idle", "component Idle has no run"),
    ]
    assert errors([*declared_wrongly(parts.parse)]) == [("parse.run", "a component has `run` anyway")]
    ((address, what),) = errors([*declared_wrongly(parts.Delays)])
    assert address == "Delays.limit"
    assert what.startswith("its default 'high' is no int: ")
    assert errors([*declared_wrongly(parts.Odd)]) == [("Odd.x", "this is an input, and cannot be given 5")]
    assert [*not_resolved(parts.Odd)] == []
