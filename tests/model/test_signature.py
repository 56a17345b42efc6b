"""What functions say of themselves: required configs, packets instead of values, and the options of `@component`."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, NamedTuple, Optional, TypedDict, TypeVar

import pytest

from fbcore import Graph, GraphError, Missing, Packet, PacketId, component, required
from fbcore.model.packet import MISSING, NOTHING
from fbcore.model.types import fits

T = TypeVar("T")


def ports(function: Any) -> dict[str, tuple[str, Any]]:
    """Return kind and type of each port of a function, by name."""
    return {name: (port.kind.value, port.type) for name, port in function.spec.ports.items()}


def problems(function: Any) -> list[tuple[str, str, str]]:
    """Return what is wrong with a function, as port, text and hint."""
    return list(function.spec.problems)


class Sides(NamedTuple):
    even: int | None = None
    odd: int | None = None


@dataclass
class Base:
    name: str


@dataclass
class Found(Base):
    rest: list[int] | None = None
    Kept: ClassVar[int] = 3
    count: Optional[int] = field(default=None)  # noqa: UP045 - as older code has it


class Pair(NamedTuple, Generic[T]):
    left: T
    right: str


# -- required configs -------------------------------------------------------------------------------------


@component
def scale(value: float, factor: float = required(), digits: int = 1) -> float:
    return round(value * factor, digits)


def test_required_makes_a_config_without_a_default():
    """It is a config of its type; a graph in which nobody gives it cannot run."""
    assert ports(scale)["factor"] == ("config", float)
    assert scale.spec.ports["factor"].default is NOTHING
    graph = Graph("scaling")
    graph.inputs.value >> graph.add(scale).value
    with pytest.raises(GraphError, match=r"scale\.factor: this config has no value and no default"):
        graph.validate()


def test_a_call_must_give_what_is_required():
    """By position or by name; otherwise Python's own error, which names it, and not a product with a placeholder."""
    assert scale(2.0, 3.0) == scale(2.0, factor=3.0) == 6.0
    with pytest.raises(TypeError, match=r"scale\(\) requires the config factor"):
        scale(2.0)
    assert repr(required()) == "required()"


# -- packets ----------------------------------------------------------------------------------------------


def test_a_parameter_may_ask_for_the_packet():
    """Its port carries the value's type, as does an output that packets are returned by."""

    @component
    def even(value: Packet[int], note: str) -> Packet[int] | None:
        return value if value.value % 2 == 0 else None

    @component
    def any_packet(value: Packet) -> Iterator[Packet]:
        yield value

    assert even.packets == {"value"}
    assert ports(even) == {"value": ("input", int), "note": ("input", str), "out": ("output", int)}
    assert ports(any_packet) == {"value": ("input", Any), "out": ("output", Any)}


def test_a_packet_may_be_missing():
    """In a function that fires on any, `Packet[T] | Missing` is a packet that may not have come yet."""

    @component(fires="any")
    def both(left: Packet[int] | Missing, right: Packet[str | None] | Missing) -> str:
        return f"{left} {right}"

    assert both.packets == {"left", "right"}
    assert ports(both)["left"] == ("input", int | Missing)
    assert ports(both)["right"] == ("input", str | None | Missing)
    assert problems(both) == []


def test_packets_in_the_fields_that_are_unpacked_are_carried():
    """Each field's port has the type of the value."""

    class Halves(NamedTuple):
        even: Packet[int] | None
        odd: Packet[int] | None
        text: str

    @component(unpack=True)
    def halve(value: Packet[int]) -> Halves:
        return Halves(value, None, "")

    assert {name: port[1] for name, port in ports(halve).items()} == {
        "value": int,
        "even": int,
        "odd": int,
        "text": str,
    }


def test_packets_show_where_they_were_born():
    """An identity prints as place and number."""
    packet = Packet([1], PacketId("read.row", 12))
    assert repr(packet) == "Packet([1], 'read.row#12')"
    assert str(packet.id) == "read.row#12"
    copied = pickle.loads(pickle.dumps(packet))
    assert (copied.value, copied.id) == ([1], PacketId("read.row", 12))


# -- fires="any" ------------------------------------------------------------------------------------------


def test_a_parameter_that_may_be_missing_must_say_so():
    """A problem for each that does not; the hint shows the annotation."""

    @component(fires="any")
    def add(left: int, right: int | Missing, rest: Any, more: object, plain=3) -> int:
        return 0

    ((port, what, hint),) = problems(add)
    assert port == "left"
    assert what == "left is Missing before its first packet, and its type does not allow it"
    assert hint == "annotate it `left: ... | Missing`"


def test_a_single_input_is_never_missing():
    """It fires for its packets, and there is always one."""

    @component(fires="any")
    def same(value: int) -> int:
        return value

    assert problems(same) == []


def test_missing_has_one_instance():
    """It is false, survives copying and pickling, and says what it is."""
    assert Missing() is MISSING
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING
    assert not MISSING
    assert repr(MISSING) == "Missing()"
    assert isinstance(MISSING, Missing)


@pytest.mark.parametrize("fires", ["each", "", None, 1])
def test_other_ways_to_fire_are_refused(fires: Any):
    """The hint names the two."""
    with pytest.raises(GraphError, match="fires cannot be") as caught:
        component(fires=fires)(lambda value: value)
    assert caught.value.hint == 'say fires="all" or fires="any"'


# -- unpack=True ------------------------------------------------------------------------------------------


def test_the_fields_of_a_named_tuple_become_outputs():
    """In order, of their types without None; there is no `out`."""

    @component(unpack=True)
    def sort(value: int) -> Sides:
        return Sides()

    assert ports(sort) == {"value": ("input", int), "even": ("output", int), "odd": ("output", int)}


def test_the_fields_of_a_dataclass_become_outputs():
    """Inherited ones first, class variables not; where it may return None too, and where it yields."""

    @component(unpack=True)
    def look(value: int) -> Found | None:
        return None

    @component(unpack=True)
    async def stream(value: int) -> AsyncIterator[Found]:
        yield Found("")

    expected = {"name": ("output", str), "rest": ("output", list[int]), "count": ("output", int)}
    assert ports(look) == {"value": ("input", int), **expected}
    assert ports(stream) == {"value": ("input", int), **expected}


def test_fields_of_type_variables_fit_anything():
    """What they stand for is not looked for."""

    @component(unpack=True)
    def pair(value: int) -> Pair[int]:
        return Pair(value, "")

    assert ports(pair) == {"value": ("input", int), "left": ("output", T), "right": ("output", str)}
    assert fits(T, int)
    assert fits(int, T)


class Typed(TypedDict):
    name: str


@pytest.mark.parametrize("kind", [int, tuple[int, str], Typed, dict[str, int], Any, list[Sides]])
def test_what_has_no_fields_cannot_be_unpacked(kind: Any):
    """The error names the type, and says what can."""

    def returns(value: int) -> Any: ...

    returns.__annotations__["return"] = kind
    with pytest.raises(GraphError, match="has no fields that could be output ports") as caught:
        Graph("unpacking").add(component(unpack=True)(returns))
    assert (caught.value.address, "NamedTuple or a dataclass" in caught.value.hint) == ("returns", True)


def test_a_field_that_has_the_name_of_a_parameter_is_refused():
    """Inputs, configs and outputs share one namespace."""

    @component(unpack=True)
    def sort(even: int, other: str = "") -> Sides:
        return Sides()

    with pytest.raises(GraphError, match="even is the name of a parameter and of a field that is sent"):
        Graph("clash").add(sort)


def test_a_field_with_a_name_that_no_port_may_have_is_a_problem():
    """Reserved, or private."""

    @dataclass
    class Bad:
        error: int
        _hidden: int

    @component(unpack=True)
    def bad(value: int) -> Bad:
        return Bad(1, 2)

    assert [port for port, _, _ in problems(bad)] == ["error", "_hidden"]


# -- buffered=True ----------------------------------------------------------------------------------------


def test_only_what_yields_can_be_buffered():
    """What returns sends all or nothing anyway."""
    with pytest.raises(GraphError, match="buffered is for functions that yield") as caught:

        @component(buffered=True)
        def one(value: int) -> int:
            return value

    assert caught.value.address == "one"
    assert "leave `buffered` away" in caught.value.hint


# -- they stay functions ----------------------------------------------------------------------------------


@component(fires="any")
def ratio(price: float | Missing, count: float | Missing, rate: float = required()) -> float | None:
    """Divide."""
    return None if isinstance(price, Missing) or isinstance(count, Missing) else price * count / rate


@component(buffered=True)
def spell(word: str) -> Iterator[str]:
    yield from word


@component(unpack=True)
async def sides(value: int) -> Sides:
    await asyncio.sleep(0)
    return Sides(even=value)


def test_functions_with_options_are_called_as_ever():
    """What they return is untouched: no list for an iterator, no ports for fields."""
    assert ratio(3.0, 1.0, 2.0) == 1.5
    assert ratio(3.0, Missing(), rate=2.0) is None
    assert list(spell("ab")) == ["a", "b"]
    assert asyncio.run(sides(3)) == Sides(even=3)
    assert (ratio.__name__, ratio.__doc__) == ("ratio", "Divide.")


def test_functions_with_options_are_pickled_by_name():
    """As without."""
    assert pickle.loads(pickle.dumps([ratio, spell, sides])) == [ratio, spell, sides]


def test_types_local_to_a_function_are_found():
    """Under string annotations too, as all of this file has them; those inside a local type as far as can be."""

    class Local:
        pass

    class Fields(NamedTuple):
        first: Local
        second: int

    @component(fires="any")
    def takes(value: Local | Missing, packet: Packet[Local] | Missing) -> None: ...

    @component(unpack=True)
    def gives() -> Fields:
        return Fields(Local(), 1)

    assert ports(takes) == {"value": ("input", Local | Missing), "packet": ("input", Local | Missing)}
    assert ports(gives)["second"] == ("output", int)
