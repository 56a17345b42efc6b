from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from fbcore import (
    Component,
    CompositeComponent,
    Graph,
    GraphError,
    In,
    Memory,
    Out,
    PortError,
    component,
)
from fbcore.formats.port_sheet import component_sheet, sheet_to_text
from fbcore.model.graph import spec_of
from fbcore.model.memory import MemorySpec


@dataclass
class Totals:
    by_hour: dict[int, float] = field(default_factory=dict)


class Uniques(Component):
    word: In[str]
    seen: Memory[set[str]] = Memory(set)
    first: Memory["str | None"] = Memory(None)
    totals: Memory[Totals] = Memory(Totals)
    out: Out[str]

    async def run(self) -> None: ...


def problems(target: Any) -> list[str]:
    return [f"{name}: {what}; {hint}" for name, what, hint in spec_of(target).problems]


def memories(target: Any) -> dict[str, MemorySpec]:
    return spec_of(target).memories


def test_a_class_declares_memories_beside_its_ports() -> None:
    """A memory has a name, a type and what it begins with, and is no port."""
    found = memories(Uniques)
    assert {name: each.type for name, each in found.items()} == {
        "seen": set[str],
        "first": str | None,
        "totals": Totals,
    }
    assert list(spec_of(Uniques).ports) == ["word", "out"]
    assert problems(Uniques) == []


def test_a_memory_begins_with_a_value_of_its_own() -> None:
    """What a function makes is made anew, and a value is copied, as it was when it was declared."""
    given = {"a": [1]}
    declared = Memory(given)
    given["a"].append(2)
    one, other = declared.new_value(), declared.new_value()
    one["a"].append(3)
    assert (one, other, given) == ({"a": [1, 3]}, {"a": [1]}, {"a": [1, 2]})
    made = Memory(Totals)
    assert made.new_value() == made.new_value()
    assert made.new_value().by_hour is not made.new_value().by_hour


def test_a_value_that_cannot_be_copied_is_refused() -> None:
    """What is open or runs cannot be the beginning of many memories."""
    with pytest.raises(GraphError, match="cannot be copied for every node") as caught, open("/dev/null") as file:  # noqa: PTH123
        Memory(file)
    assert "give a function" in caught.value.hint


def test_a_class_inherits_memories_and_may_let_them_begin_otherwise() -> None:
    """A derived class has the memories of its base, with the same types, and shares no value with it."""

    class More(Uniques):
        seen = Memory({"the"})
        more: Memory[list[int]] = Memory(list)

    assert {name: each.type for name, each in memories(More).items()} == {
        "seen": set[str],
        "first": str | None,
        "totals": Totals,
        "more": list[int],
    }
    begins = memories(More)["seen"].declared
    assert begins is not None
    assert begins.new_value() == {"the"}
    assert repr(memories(Uniques)["seen"].declared) == "Memory(set)"


def test_a_memory_of_a_class_is_not_used_outside_of_a_net() -> None:
    """The declaration in a class would be one for all: it says so, whether it is read or set."""
    with pytest.raises(PortError, match="this Memory is a declaration"):
        Uniques.seen.value.add("a")
    with pytest.raises(PortError, match="this Memory is a declaration"):
        Uniques.seen.value = {"a"}


@component
def count(line: str, seen: Memory[int] = Memory(0), *, step: int = 1) -> int:
    seen.value += step
    return seen.value


def test_a_parameter_that_is_a_memory_is_neither_input_nor_config() -> None:
    """A function has its memories beside inputs and configs."""
    assert list(spec_of(count).ports) == ["line", "step", "out"]
    assert list(memories(count)) == ["seen"]


def test_a_function_that_is_called_has_a_fresh_memory_each_time() -> None:
    """Calls as in a test share nothing, unless they are given a memory, which then can be looked at."""
    assert [count("a"), count("b"), count("c", step=5)] == [1, 1, 5]
    seen = Memory(7)
    assert [count("a", seen), count("b", seen=seen)] == [8, 9]
    assert seen.value == 9
    seen.value = 1
    assert count("c", seen) == 2


def test_a_generator_that_is_called_has_a_fresh_memory_too() -> None:
    """Two calls of a function that yields remember each for itself."""

    @component
    def pairs(number: int, last: Memory[list[int]] = Memory([0])) -> Iterator[tuple[int, int]]:
        yield last.value[-1], number
        last.value.append(number)

    assert list(pairs(3)) == list(pairs(3)) == [(0, 3)]


def test_the_declaration_of_a_function_is_not_used_itself() -> None:
    """Who calls the bare function is told that its default is a declaration."""
    with pytest.raises(PortError, match="this Memory is a declaration"):
        count.function("a")
    with pytest.raises(TypeError, match="missing 1 required"):
        count()  # type: ignore[call-arg]


def test_what_is_declared_wrongly_is_found_before_anything_runs() -> None:
    """A memory that cannot begin, or has wrong options, is a problem of the component, with its mend."""

    class Wrong(Component):
        bare: Memory[dict[str, int]]
        text: Memory[int] = Memory("none")  # type: ignore[arg-type]
        raising: Memory[int] = Memory(lambda: 1 // 0)
        old: Memory[int] = Memory(0, version=0)
        kept: Memory[int] = Memory(0, migrate=3)  # type: ignore[arg-type]
        net: Memory[int] = Memory(0)  # type: ignore[assignment]
        _own: Memory[int] = Memory(0)

        async def run(self) -> None: ...

    assert problems(Wrong) == [
        "net: a component has `net` anyway; give the memory another name",
        "_own: `_own` cannot be the name of a memory; use letters, digits and _",
        "bare: this memory has no value to begin with; give one: `bare: Memory[dict[str, int]] = Memory(dict)`",
        "text: it begins with 'none', which is no int; begin with a value of type int: `Memory(0)`",
        (
            "raising: Memory(<lambda>) raised ZeroDivisionError: integer division or modulo by zero; "
            "give a value, or a function that makes one without being given any"
        ),
        "old: version 0 is no number of a version; count them from 1 on",
        "kept: migrate cannot be 3; give a plain function of the stored data and its version",
    ]
    graph = Graph("wrong")
    graph.add(Wrong)
    with pytest.raises(GraphError, match="this memory has no value to begin with"):
        graph.validate()


def test_a_parameter_without_a_value_to_begin_with_is_a_problem() -> None:
    """An annotation alone does not say what a memory of a function begins with."""

    @component
    def bare(line: str, seen: Memory[int]) -> int:
        return seen.value

    assert problems(bare) == ["seen: this memory has no value to begin with; give one: `seen: Memory[int] = Memory(0)`"]
    assert list(spec_of(bare).ports) == ["line", "out"]


class Marks(NamedTuple):
    seen: int


def test_names_and_annotations_that_do_not_fit_are_refused() -> None:
    """A memory is annotated as one, begins with `Memory(...)`, and takes the name of no port."""

    @component
    def plain(line: str, seen: Memory[int] = 0) -> int:  # type: ignore[assignment]
        return 0

    @component
    def other(line: str, seen: int = Memory(0)) -> int:  # type: ignore[assignment]
        return 0

    class Bare(Component):
        seen = Memory(3)

    class Taken(Uniques):
        word: Memory[str] = Memory("")  # type: ignore[assignment]

    class Bared(Uniques):
        word: Memory[str]  # type: ignore[assignment]

    @component(unpack=True)
    def fields(line: str, seen: Memory[int] = Memory(0)) -> Marks:
        return Marks(1)

    assert refused(plain) == "plain.seen: this is a memory, and cannot be 0\n  hint: write `= Memory(0)`"
    for target, hint in ((other, "Memory(0)"), (Bare, "Memory(3)")):
        assert "this begins with a Memory, and is not annotated as one" in refused(target)
        assert refused(target).endswith(f"write `seen: Memory[...] = {hint}`")
    assert "seen is the name of a parameter and of a field that is sent" in refused(fields)
    assert "this is an input, and cannot be given Memory('')" in refused(Taken)
    assert any("this is the name of a memory and of a port" in each for each in problems(Bared))


def refused(target: Any) -> str:
    with pytest.raises(GraphError) as caught:
        spec_of(target)
    return str(caught.value)


def test_a_composite_has_no_memory() -> None:
    """What a composite remembers is remembered by the components inside."""

    class Outer(CompositeComponent):
        word: In[str]
        out: Out[str]
        seen: Memory[int] = Memory(0)

        def build(self, graph: Graph) -> None:
            inner = graph.add(Uniques)
            graph.inputs.word >> inner.word
            inner.out >> graph.outputs.out

    (problem,) = problems(Outer)
    assert problem.startswith("seen: composite Outer has a memory, and no run that could use it")


def test_a_memory_is_not_connected() -> None:
    """Who names a memory where a port is wanted is told what it is."""
    graph = Graph("words")
    node: Any = graph.add(Uniques)
    with pytest.raises(PortError, match=r"uniques\.seen: this is a memory, and cannot be connected"):
        node.out >> node.seen
    with pytest.raises(PortError, match="this is a memory"):
        graph.connect(node.seen, node.word)


def test_a_memory_is_among_what_a_component_shows() -> None:
    """The table of a component lists its memories as such, with what they begin as."""
    lines = sheet_to_text(component_sheet(spec_of(Uniques))).splitlines()
    assert [line.split(maxsplit=2) for line in lines if " memory " in line] == [
        ["seen", "memory", "set[str]    begins as Memory(set)"],
        ["first", "memory", "str | None  begins as Memory(None)"],
        ["totals", "memory", "Totals      begins as Memory(Totals)"],
    ]
