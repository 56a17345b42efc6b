"""A function becomes a component by `@component`, and stays the function it was."""

import asyncio
import pickle
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from typing import Any, Optional

import pytest

from fbcore import BatchRuntime, Each, Graph, GraphError, Outcome, component
from fbcore.model.packet import NOTHING


@component
def words(line: str, sep: str = " ") -> Iterator[str]:
    """Split a line."""
    yield from line.split(sep)


def ports(function: Any) -> dict[str, tuple[str, Any]]:
    """Return kind and type of each port of a function, by name."""
    return {name: (port.kind.value, port.type) for name, port in function.spec.ports.items()}


def sent(function: Any, *items: Any, **configs: Any) -> list[Any]:
    """Run a function of one input `value`, and return what it sent."""
    graph = Graph("sending")
    node = graph.add(function, "node", **configs)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.sent
    return BatchRuntime(graph).run(inputs={"value": Each(items)}).outputs.sent


# -- ports ------------------------------------------------------------------------------------------------


def test_parameters_are_inputs_and_defaults_are_configs():
    """In order; the return type is the output `out`, an iterator's item for one that streams."""
    assert ports(words) == {"line": ("input", str), "sep": ("config", str), "out": ("output", str)}
    assert [port.default for port in words.spec.ports.values()] == [NOTHING, " ", NOTHING]


def test_a_specification_says_what_a_function_is():
    """Its name, its documentation, and the line where it stands."""
    spec = words.spec
    assert (spec.name, spec.doc, spec.target) == ("words", "Split a line.", words)
    assert spec.place.file == __file__
    assert 10 < spec.place.line < 20
    assert words.spec is spec


@component
def one(value: int) -> int:
    return value + 1


@component
async def one_later(value: int) -> int:
    await asyncio.sleep(0)
    return value + 1


@component
def several(value: int) -> Iterator[int]:
    yield from range(value)


@component
def several_by_generator(value: int) -> Generator[int, None, str]:
    yield from range(value)
    return "ignored"


@component
def several_by_hand(value: int) -> Iterator[int]:
    return iter(range(value))


@component
async def several_later(value: int) -> AsyncIterator[int]:
    for number in range(value):
        await asyncio.sleep(0)
        yield number


@component
async def several_by_async_generator(value: int) -> AsyncGenerator[int, None]:
    for number in range(value):
        yield number


@component
async def iterator_later(value: int) -> Iterator[int]:
    await asyncio.sleep(0)
    return iter(range(value))


STREAMING = [
    several,
    several_by_generator,
    several_by_hand,
    several_later,
    several_by_async_generator,
    iterator_later,
]


@pytest.mark.parametrize("function", STREAMING)
def test_what_yields_sends_each_item(function):
    """Generators and iterators, plain and async: the packets are the items, and their type is the item's."""
    assert ports(function)["out"] == ("output", int)
    assert sent(function, 3, 0, 2) == [0, 1, 2, 0, 1]


@pytest.mark.parametrize("function", [one, one_later])
def test_what_returns_sends_one_value(function):
    """One packet for each packet, plain and async."""
    assert ports(function) == {"value": ("input", int), "out": ("output", int)}
    assert sent(function, 3, 0) == [4, 1]


def test_none_sends_nothing():
    """A function that returns None for a packet filters it; the type of `out` is without None."""

    @component
    def odd(value: int) -> int | None:
        return value if value % 2 else None

    @component
    def old(value: int) -> Optional[int]:  # noqa: UP045 - as older code has it
        return value if value % 2 else None

    for function in (odd, old):
        assert ports(function)["out"] == ("output", int)
        assert sent(function, 1, 2, 3) == [1, 3]


def test_what_is_false_is_sent():
    """Only None sends nothing: 0, "" and [] are values."""

    @component
    def same(value: object) -> object:
        return value

    assert sent(same, 0, "", [], False) == [0, "", [], False]


def test_a_list_that_is_returned_is_one_packet():
    """Only an iterator sends its items; a list, or an iterable, is a value."""

    @component
    def pair(value: int) -> list[int]:
        return [value, value]

    @component
    def iterable(value: int) -> Iterable[int]:
        return [value]

    assert sent(pair, 1, 2) == [[1, 1], [2, 2]]
    assert sent(iterable, 1) == [[1]]


def test_none_in_a_stream_is_a_packet():
    """What is yielded is sent, whatever it is."""

    @component
    def maybe(value: int) -> Iterator[int | None]:
        yield value
        yield None

    assert sent(maybe, 1) == [1, None]


def test_what_returns_none_has_no_output():
    """A function annotated `-> None` ends a path."""
    seen = []

    @component
    def show(value: int) -> None:
        seen.append(value)

    assert ports(show) == {"value": ("input", int)}
    graph = Graph("showing")
    graph.inputs.value >> graph.add(show).value
    assert BatchRuntime(graph).run(inputs={"value": Each([1, 2])}).outcome is Outcome.FINISHED
    assert seen == [1, 2]


def test_what_has_no_annotations_takes_and_sends_anything():
    """They are Any, and there is an output."""

    @component
    def free(value, factor=2):
        return value * factor

    assert ports(free) == {"value": ("input", Any), "factor": ("config", Any), "out": ("output", Any)}
    assert sent(free, 1, "a") == [2, "aa"]


def test_keyword_only_parameters_are_ports_too():
    """Behind a `*` an input has no default, and a config has one."""

    @component
    def scale(value: int, *, factor: int = 3) -> int:
        return value * factor

    assert ports(scale)["factor"] == ("config", int)
    assert sent(scale, 1, 2) == [3, 6]
    assert sent(scale, 1, 2, factor=5) == [5, 10]


def test_a_function_of_several_inputs_takes_one_of_each():
    """A firing has one packet from every input."""

    @component
    def divide(a: int, b: int) -> float:
        return a / b

    graph = Graph("dividing")
    node = graph.add(divide)
    graph.inputs.a >> node.a
    graph.inputs.b >> node.b
    node.out >> graph.outputs.quotients
    result = BatchRuntime(graph).run(inputs={"a": Each([6, 8]), "b": Each([2, 4])})
    assert result.outputs.quotients == [3.0, 2.0]


def test_a_function_without_inputs_fires_once():
    """It is a source."""

    @component
    def source(count: int = 3) -> Iterator[int]:
        yield from range(count)

    graph = Graph("source")
    graph.add(source).out >> graph.outputs.numbers
    assert BatchRuntime(graph).run().outputs.numbers == [0, 1, 2]


# -- the function it was ----------------------------------------------------------------------------------


def test_it_stays_callable():
    """In tests it is called as it was written: with defaults, by name, and as a coroutine or generator."""
    assert one(1) == 2
    assert list(words("a b")) == list(words(line="a,b", sep=",")) == ["a", "b"]
    assert asyncio.run(one_later(1)) == 2


def test_it_looks_like_the_function():
    """Name, module and documentation are the function's."""
    assert (words.__name__, words.__module__, words.__doc__) == ("words", __name__, "Split a line.")
    assert repr(words) == "<component words>"


class Holder:
    """Somewhere for a component to live that is not the top of a module."""

    @staticmethod
    @component
    def shout(value: str) -> str:
        return value.upper()


def test_it_is_pickled_by_name():
    """As functions are: the copy is the very same object."""
    assert pickle.loads(pickle.dumps(one)) is one
    assert pickle.loads(pickle.dumps(Holder.shout)) is Holder.shout


def test_a_function_that_cannot_be_found_by_name_cannot_be_pickled():
    """As functions are: a local one has no name to find it by."""

    @component
    def local(value: int) -> int:
        return value

    with pytest.raises((AttributeError, pickle.PicklingError), match="local"):
        pickle.dumps(local)


# -- what is refused --------------------------------------------------------------------------------------


def test_parameters_without_a_name_are_refused():
    """`*args`, `**kwargs` and positional-only parameters could be no ports."""

    def many(*args: int) -> int: ...
    def any_name(**kwargs: int) -> int: ...
    def nameless(value: int, /) -> int: ...

    for function, parameter in ((many, r"\*args: int"), (any_name, r"\*\*kwargs: int"), (nameless, "value: int")):
        name = function.__name__
        with pytest.raises(
            GraphError, match=rf"{name}: parameter {parameter} of {name} has no name that a port could have\n.*hint"
        ):
            component(function)


def test_a_parameter_called_out_is_refused():
    """It would take the name of the output port; where there is none it may be."""

    def doubled(out: int) -> int: ...
    def shown(out: int) -> None: ...

    with pytest.raises(GraphError, match=r"doubled: the parameter `out` takes the name of the output port\n.*rename"):
        component(doubled)
    assert ports(component(shown)) == {"out": ("input", int)}


@pytest.mark.parametrize("name", ["net", "error", "tasks", "run"])
def test_a_parameter_with_a_name_that_is_taken_is_a_problem(name):
    """What no class may call its port no function may."""
    scope: dict[str, Any] = {}
    exec(f"def function({name}: int) -> None: ...", scope)
    graph = Graph("taking")
    graph.add(component(scope["function"]))
    with pytest.raises(GraphError, match=f"function.{name}: a component has `{name}` anyway"):
        graph.validate()


@pytest.mark.parametrize("thing", [int, 3, type("Callable", (), {"__call__": lambda self, x: x})()])
def test_only_functions_are_decorated(thing):
    """A class, a value or a callable object is refused with a hint."""
    with pytest.raises(GraphError, match=r"@component takes a function, not .*\n.*derive from Component"):
        component(thing)
