"""A class declares its ports in its body; what it declares is read from its annotations."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from fbcore import BatchRuntime, Component, Config, Graph, GraphError, In, Out
from fbcore.model.component import class_spec
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind


class ReadCsv(Component):
    """Send each row of a CSV file."""

    path: Config[Path]
    limit: Config[int] = Config(default=5)
    rows: Out[dict[str, str]]
    encoding = "utf-8"
    count: int = 0
    everything: ClassVar[list[In[int]]] = []

    async def run(self) -> None: ...


def kinds(cls: type[Component]) -> dict[str, str]:
    """Return the kinds of a component's ports, by name."""
    return {name: port.kind.value for name, port in class_spec(cls).ports.items()}


def types(cls: type[Component]) -> dict[str, Any]:
    """Return the types of a component's ports, by name."""
    return {name: port.type for name, port in class_spec(cls).ports.items()}


def test_ports_are_read_from_annotations_in_order():
    """Names, kinds and types; what is annotated as something else is no port."""
    assert kinds(ReadCsv) == {"path": "config", "limit": "config", "rows": "output"}
    assert list(types(ReadCsv).items()) == [("path", Path), ("limit", int), ("rows", dict[str, str])]
    assert all(port.resolved for port in class_spec(ReadCsv).ports.values())


def test_a_specification_says_what_a_component_is():
    """Its name in snake_case, its documentation, and the line where it stands."""
    spec = class_spec(ReadCsv)
    assert (spec.name, spec.doc, spec.target) == ("read_csv", "Send each row of a CSV file.", ReadCsv)
    assert spec.place.file == __file__
    assert Path(__file__).read_text().splitlines()[spec.place.line - 1] == "class ReadCsv(Component):"
    assert [port.name for port in spec.of(PortKind.CONFIG)] == ["path", "limit"]
    assert class_spec(ReadCsv) is spec


def test_a_bare_port_takes_anything():
    """`In` without a type is `In[Any]`."""

    class Bare(Component):
        value: In
        out: Out

        async def run(self) -> None: ...

    assert types(Bare) == {"value": Any, "out": Any}


def test_an_optional_input_may_be_left_unconnected():
    """`In(optional=True)`: it ends at once, while a required one is an error."""
    seen = []

    class Listens(Component):
        maybe: In[int] = In(optional=True)

        async def run(self) -> None:
            seen.extend([value async for value in self.maybe])
            seen.append("ended")

    assert not class_spec(Listens).ports["maybe"].required
    graph = Graph("listening")
    graph.add(Listens)
    BatchRuntime(graph).run()
    assert seen == ["ended"]


def test_an_input_is_required_unless_it_says_otherwise():
    """`In()` changes nothing."""

    class Plain(Component):
        one: In[int]
        two: In[int] = In()

        async def run(self) -> None: ...

    assert [port.required for port in class_spec(Plain).ports.values()] == [True, True]


def test_a_default_makes_a_config_optional():
    """None may be a default: what is not there is something else."""

    class Defaults(Component):
        required: Config[int]
        optional: Config[int] = Config(default=3)
        nothing: Config[int | None] = Config(default=None)

        async def run(self) -> None: ...

    ports = class_spec(Defaults).ports
    assert [port.default for port in ports.values()] == [NOTHING, 3, None]
    assert [port.required for port in ports.values()] == [True, False, False]


# -- inheritance ------------------------------------------------------------------------------------------


class Reader(ReadCsv):
    skip: Config[int] = Config(default=0)

    async def run(self) -> None: ...


def test_ports_are_inherited_and_those_of_the_base_come_first():
    """A class has the ports of its bases, and its own after them."""
    assert list(kinds(Reader)) == ["path", "limit", "rows", "skip"]
    assert class_spec(Reader).name == "reader"
    assert list(kinds(ReadCsv)) == ["path", "limit", "rows"]


def test_a_port_that_is_declared_again_replaces_that_of_the_base():
    """Type and default are those of the class itself; the place in the order stays."""

    class Narrow(ReadCsv):
        rows: Out[list[str]]
        limit: Config[float] = Config(default=0.5)

        async def run(self) -> None: ...

    assert list(types(Narrow).items()) == [("path", Path), ("limit", float), ("rows", list[str])]
    assert class_spec(Narrow).ports["limit"].default == 0.5
    assert class_spec(ReadCsv).ports["limit"].default == 5


def test_a_default_may_be_changed_without_the_annotation():
    """`limit = Config(default=9)` in a derived class counts, for it and its own heirs only."""

    class More(ReadCsv):
        limit = Config(default=9)

        async def run(self) -> None: ...

    class EvenMore(More):
        pass

    assert [class_spec(cls).ports["limit"].default for cls in (ReadCsv, More, EvenMore)] == [5, 9, 9]
    assert types(More)["limit"] is int


def test_several_bases_bring_the_ports_of_each():
    """A class that mixes two components has the ports of both."""

    class Writes(Component):
        lines: In[str]

        async def run(self) -> None: ...

    class Copies(Reader, Writes):
        async def run(self) -> None: ...

    assert set(kinds(Copies)) == {"lines", "path", "limit", "rows", "skip"}


def test_a_class_made_by_a_call_has_the_ports_of_its_base():
    """`type(name, bases, ...)` makes a component as a class statement does."""
    made = type("Made", (ReadCsv,), {"encoding": "latin-1"})
    assert kinds(made) == kinds(ReadCsv)


# -- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "value", "hint"),
    [
        (Config[int], 5, r"`= Config\(default=5\)`"),
        (Config[int], None, r"`= Config\(default=None\)`"),
        (Config[str], "a", r"`= Config\(default='a'\)`"),
        (Config[int], In(optional=True), r"Config\(default="),
        (In[int], 5, r"`= In\("),
        (In[int], Config(default=3), r"`= In\("),
        (Out[int], In(), r"`= Out\(\)`"),
        (Out[int], 0, r"`= Out\(\)`"),
    ],
)
def test_a_port_takes_only_options_of_its_kind(annotation, value, hint):
    """A plain default, and the options of another kind of port, are refused; the hint shows what to write."""
    cls = type("Odd", (Component,), {"__annotations__": {"size": annotation}, "size": value, "run": ReadCsv.run})
    with pytest.raises(GraphError, match=rf"Odd\.size: .*\n.*{hint}"):
        Graph("odd").add(cls)


@pytest.mark.parametrize("name", ["run", "net", "tasks", "select", "zip", "busy", "error", "log"])
def test_a_name_that_a_component_has_anyway_is_no_port(name):
    """The problem is found when the graph is validated, at the port, with a hint."""
    cls = type("Takes", (Component,), {"__annotations__": {name: In[int]}, "work": ReadCsv.run})
    (problem,) = [each for each in problems(cls) if each.address == f"takes.{name}"][:1]
    assert problem.what == f"a component has `{name}` anyway"
    assert problem.hint == "give the port another name"


@pytest.mark.parametrize("name", ["_hidden", "class", "süß"])
def test_a_name_that_is_no_id_is_no_port(name):
    """Ids are made of letters, digits and _, do not begin with _, and are no keywords."""
    cls = type("Takes", (Component,), {"__annotations__": {name: Out[int]}, "run": ReadCsv.run})
    (what,) = {each.what for each in problems(cls) if each.address == f"takes.{name}" and each.is_error}
    assert what == f"`{name}` cannot be the name of a port"


def problems(cls: type[Component]) -> tuple[Any, ...]:
    """Return what validating a graph of one component finds."""
    graph = Graph("alone")
    graph.add(cls)
    with pytest.raises(GraphError) as caught:
        graph.validate()
    return caught.value.problems


def test_a_class_without_run_is_a_problem_of_its_graph():
    """The hint says what to write."""

    class Idle(Component):
        value: Out[int]

    what = [(each.address, each.what, each.hint) for each in problems(Idle) if each.is_error]
    assert what == [("idle", "component Idle has no run", "write `async def run(self)`")]


def test_a_run_that_is_no_coroutine_is_a_problem_of_its_graph():
    """`def run` instead of `async def run` is found before anything runs."""

    class Plain(Component):
        def run(self) -> None: ...  # type: ignore[override]

    class Generates(Component):
        async def run(self):
            yield 1

    for cls in (Plain, Generates):
        (problem,) = problems(cls)
        assert problem.what == f"run of {cls.__name__} is not `async def`"


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (Component, r"Component itself does no work\n.*derive a class from Component"),
        (ReadCsv(), r"is no component\n.*pass the class: graph\.add\(ReadCsv\)"),
        (len, r"is no component\n.*decorate len with @component"),
        (dict, r"is no component\n.*"),
        (3, r"3 is no component\n.*derive a class from Component, or decorate"),
    ],
)
def test_what_is_no_component_is_refused_with_a_hint(thing, message):
    """The class itself, an instance, a bare function, anything else."""
    with pytest.raises(GraphError, match=message):
        Graph("strange").add(thing)
