"""Annotations that are strings, as under `from __future__ import annotations`, name the types they would name."""

from __future__ import annotations
import __future__

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fbcore import Component, Config, Graph, In, Out, component
from fbcore.model.component import class_spec

if TYPE_CHECKING:
    import pandas as pd
    from nowhere import Elsewhere


class Early(Component):
    """Names types that stand further down, and itself."""

    later: In[Later]
    many: In[list[Later]]
    inner: Out[Early.Inner]
    quoted: Config["Later | None"]  # noqa: UP037 - a string in a string

    class Inner:
        pass

    async def run(self) -> None: ...


class Later:
    pass


class Hopeful(Component):
    """Names types that only a type checker sees."""

    known: In[int]
    imported: In[Elsewhere]
    attribute: In[pd.DataFrame]
    subscript: Out[Elsewhere[int]]
    union: Out[Elsewhere | None]
    nested: Out[dict[str, pd.Series]]
    config: Config[pd.DataFrame] = Config(default=None)

    async def run(self) -> None: ...


def types(cls: type[Component]) -> dict[str, Any]:
    """Return the types of a component's ports, by name."""
    return {name: port.type for name, port in class_spec(cls).ports.items()}


def test_names_that_come_later_are_found():
    """Forward references are read when they are needed."""
    assert types(Early) == {"later": Later, "many": list[Later], "inner": Early.Inner, "quoted": Later | None}


def test_names_local_to_a_function_are_found():
    """A component in a function may use types of that function."""

    class Row:
        pass

    class Reads(Component):
        rows: Out[dict[str, Row]]
        path: Config[str] = Config(default="")

        async def run(self) -> None: ...

    @component
    def parse(row: Row, width: int = 3) -> Iterator[Row]:
        yield row

    assert types(Reads) == {"rows": dict[str, Row], "path": str}
    assert {name: port.type for name, port in parse.spec.ports.items()} == {"row": Row, "width": int, "out": Row}
    assert parse.streams


def test_names_in_the_body_of_the_class_are_found():
    """A type that is declared in the component itself comes first."""

    class Owns(Component):
        class Row:
            pass

        rows: Out[Row]

        async def run(self) -> None: ...

    assert types(Owns) == {"rows": Owns.Row}


def test_names_that_cannot_be_found_count_as_any():
    """The ports are all there; those of unknown type say so, and are connected without a check."""
    ports = class_spec(Hopeful).ports
    assert list(ports) == ["known", "imported", "attribute", "subscript", "union", "nested", "config"]
    assert [name for name, port in ports.items() if port.resolved] == ["known"]
    assert ports["imported"].type is ports["attribute"].type is ports["subscript"].type is Any
    assert ports["nested"].type == dict[str, Any]
    assert ports["config"].default is None


def test_ports_of_unknown_type_fit_anything():
    """A graph that uses them is valid."""

    class Frames(Component):
        frame: Out[int]

        async def run(self) -> None: ...

    graph = Graph("hoping")
    hopeful, frames = graph.add(Hopeful), graph.add(Frames)
    for name in ("known", "imported", "attribute"):
        frames.frame >> getattr(hopeful, name)
    for name in ("subscript", "union", "nested"):
        getattr(hopeful, name) >> graph.outputs[name]
    assert graph.validate() == []


def test_functions_may_name_what_only_a_checker_sees():
    """Their ports are there too, and an iterator is known as one whatever its items are."""

    @component
    def frames(frame: pd.DataFrame, size: Elsewhere[int] = 3) -> Iterator[pd.DataFrame]:
        return iter([frame])

    ports = frames.spec.ports
    assert {name: port.kind.value for name, port in ports.items()} == {
        "frame": "input",
        "size": "config",
        "out": "output",
    }
    assert {port.type for port in ports.values()} == {Any}
    assert frames.streams


def test_a_function_that_returns_none_has_no_output():
    """Also where None is a string, and where a parameter is called `out`."""

    @component
    def show(out: int) -> None: ...

    assert list(show.spec.ports) == ["out"]
    assert show.spec.ports["out"].kind == "input"


def test_an_annotation_that_is_nonsense_counts_as_any():
    """What cannot be evaluated is no reason to refuse the class."""

    class Odd(Component):
        half: In["Later" | None]  # noqa: UP037 - as people write it
        gone: Out[inspect.NoSuchClass]
        plain: 1 / 0

        async def run(self) -> None: ...

    ports = class_spec(Odd).ports
    assert {name: (port.type, port.resolved) for name, port in ports.items()} == {
        "half": (Any, False),
        "gone": (Any, False),
    }


CELLS = [
    "from fbcore import Component, CompositeComponent, Config, Graph, In, InArray, Missing, Out, Packet, component",
    """
class Takes(Component):
    flight: In[Flight]
    parts: InArray[Flight]
    when: Config[Day]

    async def run(self) -> None: ...
""",
    """
@component(fires="any")
def gives(day: Day | Missing, packet: Packet[Flight] | Missing) -> Flight | None: ...
""",
    """
class Around(CompositeComponent):
    flight: Out[Flight]

    def build(self, graph: Graph) -> None:
        graph.initial(1) >> graph.add(gives).day
        graph["gives"].out >> graph.outputs.flight
""",
    """
Day = int
class Flight: ...
""",
]


def test_types_of_later_cells_of_a_notebook_are_found():
    """A cell is run in the module of the notebook; what a later one defines is there when the graph is validated."""
    module: dict[str, Any] = {"__name__": "__main__"}
    flags = __future__.annotations.compiler_flag
    for number, cell in enumerate(CELLS):
        exec(compile(cell, f"<cell {number}>", "exec", flags, dont_inherit=True), module)
    graph = Graph("notebook")
    for name in ("Takes", "gives", "Around"):
        graph.add(module[name], name.lower())
    ports = {node.id: {port.name: port.type for port in node.component.ports.values()} for node in graph.nodes.values()}
    flight, missing = module["Flight"], module["Missing"]
    assert ports == {
        "takes": {"flight": flight, "parts": flight, "when": int},
        "gives": {"day": int | missing, "packet": flight | missing, "out": flight},
        "around": {"flight": flight},
    }
