"""The registry of packets: where each is, what happened to it, what it was made of, and what was made of it."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import (
    Activity,
    ActivityKind,
    BatchRuntime,
    Component,
    Each,
    Graph,
    In,
    InputError,
    Missing,
    NetError,
    Out,
    Outcome,
    Packet,
    PacketId,
    PacketRegistry,
    Result,
    Signal,
    component,
)
from tests.net.conftest import LOOPS, Run, run_on


@component
def same(value: Any) -> Any:
    return value


@component
def odd(value: int) -> int | None:
    return value if value % 2 else None


@component
def spell(word: str) -> Iterator[str]:
    yield from word


@component
def add(left: int, right: int) -> int:
    return left + right


class Lists(Component):
    """Sends lists of three."""

    value: In[Any]
    three: Out[list[Any]]

    async def run(self) -> None:
        three = []
        async for value in self.value:
            three.append(value)
            if len(three) == 3:
                await self.three.send(three)
                three = []


def chain(*components: Any, **options: Any) -> Graph:
    """Return a graph of functions of one input, one after the other, named `a`, `b`, `c`."""
    graph = Graph("chain")
    before = graph.inputs.value
    for name, each in zip("abcdef", components, strict=False):
        node = graph.add(each, name)
        spec = next(iter(graph.nodes[name].component.ports))
        graph.connect(before, getattr(node, spec), **options)
        before = node.out
    before >> graph.outputs.out
    return graph


def ids(packets: Any) -> list[str]:
    """Write identities as text."""
    return [str(id) for id in packets]


def told(packets: PacketRegistry, packet: str) -> list[str]:
    """Write what happened to a packet, one word and two places each."""
    return [f"{each.kind} {each.origin} > {each.destination}" for each in packets.activities(packet)]


# -- what happened ----------------------------------------------------------------------------------------


def test_a_packet_is_created_moves_and_is_consumed(run: Run) -> None:
    """Onto its edge by the port that sent it, off it by the port that took it."""
    packets = run(chain(same, same), inputs={"value": Each([1, 2])}, tracking="history").packets
    assert packets.activities("a.out#1") == [
        Activity(ActivityKind.CREATION, "a", "a", "a.out"),
        Activity(ActivityKind.MOVEMENT, "a", "a.out->b.value", "a.out"),
        Activity(ActivityKind.MOVEMENT, "a.out->b.value", "b", "b.value"),
        Activity(ActivityKind.CONSUMPTION, "b", "b", "b.value"),
    ]


def test_packets_come_from_outside_and_leave(run: Run) -> None:
    """An input of the net creates from outside; what reaches an output is not consumed, but has left."""
    packets = run(chain(same), inputs={"value": 1}, tracking="history").packets
    assert told(packets, "inputs.value#0")[0] == "creation outside > inputs.value"
    assert told(packets, "a.out#0")[-1] == "movement a.out->outputs.out > outside"


def test_what_goes_nowhere_is_discarded(run: Run) -> None:
    """At the output that nobody is connected to."""
    graph = Graph("nowhere")
    graph.inputs.value >> graph.add(same, "a").value
    packets = run(graph, inputs={"value": 1}, tracking="history").packets
    assert told(packets, "a.out#0") == ["creation a > a", "discard a > outside"]


def test_a_fan_out_consumes_what_was_sent_and_creates_copies(run: Run) -> None:
    """One on each edge; the copies are its children."""
    graph = chain(same)
    graph["a"].out >> graph.add(same, "b").value
    graph["b"].out >> graph.outputs.other
    packets = run(graph, inputs={"value": Each([5, 6])}, tracking="history").packets
    assert told(packets, "a.out#1") == ["creation a > a", "consumption a > a"]
    assert ids(packets.children("a.out#1")) == ["a.out->outputs.out#1", "a.out->b.value#1"]
    assert told(packets, "a.out->b.value#1") == [
        "creation a > a",
        "movement a > a.out->b.value",
        "movement a.out->b.value > b",
        "consumption b > b",
    ]
    assert ids(packets.parents("a.out->b.value#1")) == ["a.out#1"]
    assert ids(packets.parents("b.out#1")) == ["a.out->b.value#1"]


def test_copies_keep_their_numbers_when_one_consumer_has_ended(run: Run) -> None:
    """The one that remains gets the rest, each with the right parent."""

    class One(Component):
        value: In[int]

        async def run(self) -> None:
            await self.value.receive()

    graph = chain(same)
    graph.connect(graph["a"].out, graph.add(One).value, capacity=1)
    graph["a"].out >> graph.add(odd, "b").value
    graph["b"].out >> graph.outputs.odd
    packets = run(graph, inputs={"value": Each(range(50))}, tracking="history", keep=100).packets
    for number, child in enumerate(packets.born_at("b.out")):
        assert packets.value(child) == 2 * number + 1
        assert ids(packets.ancestors(child))[-1] == f"inputs.value#{2 * number + 1}"


def test_every_packet_that_was_ever_born_is_known(run: Run) -> None:
    """Output by output, then the copies; no identity comes twice, forwarded ones are listed where they were born."""

    @component
    def keep(value: Packet[int]) -> Packet[int] | None:
        return value if value.value else None

    graph = chain(keep, same)
    graph["b"].out >> graph.outputs.again
    packets = run(graph, inputs={"value": Each([0, 1, 2])}, tracking="history").packets
    assert ids(packets) == [
        "b.out#0",
        "b.out#1",
        "inputs.value#0",
        "inputs.value#1",
        "inputs.value#2",
        "b.out->outputs.out#0",
        "b.out->outputs.out#1",
        "b.out->outputs.again#0",
        "b.out->outputs.again#1",
    ]
    assert packets.born_at("a.out") == []
    assert len(set(packets)) == 9


def test_the_history_is_the_same_on_every_loop() -> None:
    """Whether functions fire in batches or one by one, and whoever has the first turn."""

    def history(result: Result) -> list[Any]:
        packets = result.packets
        return [(id, packets.activities(id), packets.parents(id), packets.children(id)) for id in packets]

    graph = chain(spell, same, same)
    histories = [
        history(run_on(make, graph, inputs={"value": Each(["abc"] * 60)}, tracking="history"))
        for make in LOOPS.values()
    ]
    assert all(each == histories[0] for each in histories[1:])


# -- lineage ----------------------------------------------------------------------------------------------


def test_parents_of_what_a_function_sends_are_what_it_was_given(run: Run) -> None:
    """Exactly: also where it drops some, yields several, and in batches."""
    packets = run(chain(spell, same, same), inputs={"value": Each(["ab", "", "c"])}, tracking="history").packets
    assert [ids(packets.parents(id)) for id in packets.born_at("a.out")] == [
        ["inputs.value#0"],
        ["inputs.value#0"],
        ["inputs.value#2"],
    ]
    packets = run(chain(odd, same), inputs={"value": Each(range(300))}, tracking="history").packets
    for number, id in enumerate(packets.born_at("b.out")):
        assert ids(packets.ancestors(id)) == [f"a.out#{number}", f"inputs.value#{2 * number + 1}"]
        assert not packets.is_assumed(id)


def test_a_firing_that_fails_in_the_middle_of_many_misplaces_nothing(run: Run) -> None:
    """Those after it still have the right parents, and its failure has the packet that failed."""

    @component
    def picky(value: int) -> int:
        if value % 7 == 3:
            raise ValueError("no")
        return value

    graph = chain(picky)
    graph["a"].error >> graph.outputs.errors
    result = run(graph, inputs={"value": Each(range(100))}, tracking="history", keep=100)
    packets = result.packets
    for id in packets.born_at("a.out"):
        assert ids(packets.parents(id)) == [f"inputs.value#{packets.value(id)}"]
    for id, failure in zip(packets.born_at("a.error"), result.outputs.errors, strict=True):
        assert ids(packets.parents(id)) == [f"inputs.value#{failure.value}"]


def test_joins_have_a_parent_of_each_input(run: Run) -> None:
    """In order of declaration; with `fires="any"` those that were remembered, a signal too."""

    @component(fires="any")
    def latest(left: int | Missing, right: int | Missing) -> str:
        return f"{left} {right}"

    for function in (add, latest):
        graph = Graph("joins")
        node = graph.add(function, "a")
        graph.inputs.left >> node.left
        graph.initial(7) >> node.right
        node.out >> graph.outputs.out
        packets = run(graph, inputs={"left": Each([1])}, tracking="history").packets
        assert ids(packets.parents(packets.born_at("a.out")[-1])) == ["inputs.left#0", "initial.0#0"]

    graph = chain(same)
    graph.initial(None) >> graph["a"].execute
    packets = run(graph, inputs={"value": 1}, tracking="history").packets
    assert ids(packets.parents("a.out#0")) == ["inputs.value#0", "initial.0#0"]


def test_parents_of_what_a_class_sends_are_assumed(run: Run) -> None:
    """What it received last on each input; it cannot be known better, and `is_assumed` says so."""
    graph = Graph("lists")
    node = graph.add(Lists, "a")
    graph.inputs.value >> node.value
    node.three >> graph.outputs.out
    packets = run(graph, inputs={"value": Each(range(7))}, tracking="history").packets
    assert [ids(packets.parents(id)) for id in packets.born_at("a.three")] == [["inputs.value#2"], ["inputs.value#5"]]
    assert [packets.is_assumed(id) for id in packets.born_at("a.three")] == [True, True]
    assert not packets.is_assumed("inputs.value#0")


def test_a_class_that_has_received_nothing_sends_without_parents(run: Run) -> None:
    """And a source never has any."""

    class Hello(Component):
        value: In[int]
        out: Out[str]

        async def run(self) -> None:
            await self.out.send("hello")
            await self.value.receive()

    graph = Graph("hello")
    node = graph.add(Hello, "a")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    packets = run(graph, inputs={"value": 1}, tracking="history").packets
    assert packets.parents("a.out#0") == ()


def test_a_class_may_name_the_parents(run: Run) -> None:
    """Any packets that it has had, or none; that is exact."""

    class Sums(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            taken = [packet async for packet in self.value.packets()]
            await self.out.send(sum(packet.value for packet in taken), parents=taken)
            await self.out.send(0, parents=())
            await self.out.send(taken[0].value, parents=iter(taken[:1]))

    graph = Graph("sums")
    node = graph.add(Sums, "a")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    packets = run(graph, inputs={"value": Each([1, 2, 3])}, tracking="history").packets
    assert ids(packets.parents("a.out#0")) == ["inputs.value#0", "inputs.value#1", "inputs.value#2"]
    assert [ids(packets.parents(f"a.out#{number}")) for number in (1, 2)] == [[], ["inputs.value#0"]]
    assert not any(map(packets.is_assumed, packets.born_at("a.out")))
    assert ids(packets.children("inputs.value#0")) == ["a.out#0", "a.out#2"]


def test_naming_parents_without_history_changes_nothing(run: Run) -> None:
    """A component need not know how it is run."""

    class Sums(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for packet in self.value.packets():
                await self.out.send(packet.value, parents=[packet])

    graph = Graph("sums")
    node = graph.add(Sums, "a")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    assert run(graph, inputs={"value": Each(range(100))}).outputs.out == list(range(100))


def test_lineage_goes_all_the_way_both_ways(run: Run) -> None:
    """The nearest first, each once, though there are two ways to it."""
    graph = Graph("diamond")
    left, right, both = graph.add(same, "left"), graph.add(same, "right"), graph.add(add, "both")
    for node in (left, right):
        graph.inputs.value >> node.value
    left.out >> both.left
    right.out >> both.right
    both.out >> graph.outputs.out
    packets = run(graph, inputs={"value": Each([1, 2])}, tracking="history").packets
    assert ids(packets.ancestors("both.out#1")) == [
        "left.out#1",
        "right.out#1",
        "inputs.value->left.value#1",
        "inputs.value->right.value#1",
        "inputs.value#1",
    ]
    assert ids(packets.descendants("inputs.value#0")) == [
        "inputs.value->left.value#0",
        "inputs.value->right.value#0",
        "left.out#0",
        "right.out#0",
        "both.out#0",
    ]
    assert packets.ancestors("inputs.value#0") == packets.descendants("both.out#0") == []


def test_a_loop_has_a_long_lineage_and_no_endless_one(run: Run) -> None:
    """Each packet has come of the one before."""

    @component
    def down(value: int) -> int | None:
        return value - 1 if value else None

    graph = Graph("loop")
    node = graph.add(down, "a")
    graph.initial(100) >> node.value
    node.out >> node.value
    result = run(graph, tracking="history")
    assert result.outcome is Outcome.QUIESCENT
    assert len(result.packets.ancestors("a.out#99")) == 100
    assert len(result.packets.descendants("initial.0#0")) == 100


# -- without history --------------------------------------------------------------------------------------


def test_by_default_only_packets_in_flight_are_known(stock: Run) -> None:
    """Questions about others are refused, with what would answer them."""
    packets = stock(chain(same), inputs={"value": 1}).packets
    assert packets.tracking == "counts"
    assert packets.in_flight() == {}
    questions = [
        lambda: list(packets),
        lambda: packets.born_at("a.out"),
        lambda: packets.parents("a.out#0"),
        lambda: packets.children("a.out#0"),
        lambda: packets.activities("a.out#0"),
        lambda: packets.ancestors("a.out#0"),
        lambda: packets.is_assumed("a.out#0"),
    ]
    for question in questions:
        with pytest.raises(InputError, match="the history was not kept") as caught:
            question()
        assert caught.value.hint == 'say BatchRuntime(graph, tracking="history")'


class Breaks(Component):
    """Takes two packets of one input and fails with the second in its hands."""

    value: In[int]
    other: In[int]

    async def run(self) -> None:
        await self.value.receive()
        await self.value.receive()
        raise ValueError("broken")


@pytest.mark.parametrize("tracking", ["counts", "history"])
def test_what_is_in_flight_has_a_place_and_a_value(run: Run, tracking: str) -> None:
    """On an edge, or in the hands of a node; the value is there without being kept."""
    graph = Graph("flight")
    node = graph.add(Breaks, "a")
    graph.inputs.value >> node.value
    graph.initial(9) >> node.other
    result = run(graph, inputs={"value": Each([1, 2, 3])}, tracking=tracking)
    assert result.outcome is Outcome.FAILED
    places = {str(id): place for id, place in result.packets.in_flight().items()}
    assert places["inputs.value#1"] == "a"
    assert places["initial.0#0"] == "initial.0->a.other"
    assert set(places) <= {"inputs.value#1", "initial.0#0", "inputs.value#2"}
    assert result.packets.value("inputs.value#1") == 2
    assert result.packets.value("initial.0#0") == 9


def test_what_is_in_flight_has_not_been_consumed(run: Run) -> None:
    """Its story ends where it is."""
    graph = Graph("flight")
    node = graph.add(Breaks, "a")
    graph.inputs.value >> node.value
    graph.initial(9) >> node.other
    packets = run(graph, inputs={"value": Each([1, 2])}, tracking="history").packets
    assert told(packets, "inputs.value#0")[-1] == "consumption a > a"
    assert told(packets, "inputs.value#1")[-1] == "movement inputs.value->a.value > a"
    assert told(packets, "initial.0#0")[-1] == "movement initial.0 > initial.0->a.other"


def test_in_flight_tells_forwarded_packets_and_copies_by_their_identity(run: Run) -> None:
    """Also on an edge that several share."""

    @component
    def keep(value: Packet[int]) -> Packet[int] | None:
        return value if value.value != 1 else None

    class Never(Component):
        value: In[int]
        go: In[int]

        async def run(self) -> None:
            await self.go.receive()
            raise ValueError("enough")

    class Goes(Component):
        value: In[int]
        done: Signal
        out: Out[int]

        async def run(self) -> None:
            async for _ in self.value:
                pass
            await self.done.receive()
            await self.out.send(1)

    graph = Graph("shared")
    never, kept, goes = graph.add(Never, "z"), graph.add(keep, "a"), graph.add(Goes)
    graph.inputs.value >> kept.value
    kept.out >> never.value
    kept.stopped >> goes.done
    graph.inputs.other >> never.value
    graph.inputs.other >> goes.value
    goes.out >> never.go
    result = run(graph, inputs={"value": Each([0, 1, 2]), "other": Each([5])})
    places = {str(id): place for id, place in result.packets.in_flight().items()}
    assert places.pop("goes.out#0") == "z"
    assert places == {
        "inputs.value#0": "a.out->z.value",
        "inputs.value#2": "a.out->z.value",
        "inputs.other->z.value#0": "inputs.other->z.value",
    }
    assert result.packets.value("inputs.value#2") == 2


# -- values -----------------------------------------------------------------------------------------------


def kept(result: Result, place: str) -> list[Any]:
    """Return the values that were kept of what was born at a place."""
    found = []
    for id in result.packets.born_at(place):
        try:
            found.append(result.packets.value(id))
        except InputError:
            continue
    return found


def test_values_are_kept_where_they_were_made(run: Run) -> None:
    """The newest so many of each node, whatever its outputs; none by default."""
    result = run(chain(same, spell), inputs={"value": Each(["ab", "cd", "ef"])}, tracking="history", keep=2)
    assert kept(result, "inputs.value") == ["cd", "ef"]
    assert kept(result, "a.out") == ["cd", "ef"]
    assert kept(result, "b.out") == ["e", "f"]
    result = run(chain(same), inputs={"value": Each("abc")}, tracking="history")
    assert kept(result, "a.out") == []
    with pytest.raises(InputError, match=r"the value of packet a\.out#0 was not kept") as caught:
        result.packets.value("a.out#0")
    assert "keep=1000" in caught.value.hint


def test_values_are_kept_up_to_so_many_bytes(run: Run) -> None:
    """Of text and bytes the length counts, of others their pickle; the oldest go first."""
    result = run(chain(same), inputs={"value": Each([b"x" * 400] * 5)}, tracking="history", keep="1 kB")
    assert kept(result, "a.out") == [b"x" * 400] * 2
    result = run(chain(same), inputs={"value": Each(["x" * 400] * 5)}, tracking="history", keep="2kb")
    assert len(kept(result, "a.out")) == 5
    result = run(chain(same), inputs={"value": Each([["x" * 400]] * 5)}, tracking="history", keep="1000 B")
    assert len(kept(result, "a.out")) == 2


def test_a_value_that_is_too_large_is_not_kept_at_all(run: Run) -> None:
    """It would hold more than was asked for; smaller ones after it are."""
    values = ["a" * 10, "b" * 2000, "c" * 10]
    result = run(chain(same), inputs={"value": Each(values)}, tracking="history", keep="1 kB")
    assert kept(result, "a.out") == ["c" * 10]


def test_values_that_cannot_be_pickled_count_too(run: Run) -> None:
    """By what Python says of their size."""
    result = run(chain(same), inputs={"value": Each([lambda: 0 for _ in range(50)])}, tracking="history", keep="1 kB")
    assert 1 <= len(kept(result, "a.out")) < 50


def test_keeping_changes_nothing_else(run: Run) -> None:
    """What comes out, and the history."""
    plain = run(chain(spell, same), inputs={"value": Each(["abc"] * 50)}, tracking="history")
    keeping = run(chain(spell, same), inputs={"value": Each(["abc"] * 50)}, tracking="history", keep=3)
    assert plain.outputs.out == keeping.outputs.out
    assert ids(plain.packets) == ids(keeping.packets)
    assert [plain.packets.parents(id) for id in plain.packets] == [keeping.packets.parents(id) for id in plain.packets]


# -- asking -----------------------------------------------------------------------------------------------


def test_a_packet_is_named_in_three_ways(run: Run) -> None:
    """By its identity, by itself, and by text."""
    packets = run(chain(same), inputs={"value": 1}, tracking="history", keep=1).packets
    id = PacketId("a.out", 0)
    assert packets.value(id) == packets.value(Packet(None, id)) == packets.value("a.out#0") == 1


@pytest.mark.parametrize("wrong", ["a.out", "#3", "a.out#x", "a.out#-1", ""])
def test_what_names_no_packet_is_refused(stock: Run, wrong: str) -> None:
    """The hint shows how one is named."""
    packets = stock(chain(same), inputs={"value": 1}, tracking="history").packets
    with pytest.raises(InputError, match="names no packet") as caught:
        packets.parents(wrong)
    assert "parse.out#12" in caught.value.hint


@pytest.mark.parametrize("wrong", ["a.out#1", "b.out#0", "a.out->outputs.out#0", "inputs.value#7"])
def test_a_packet_that_never_was_is_refused(stock: Run, wrong: str) -> None:
    """Also one on an edge where packets are not born."""
    packets = stock(chain(same), inputs={"value": 1}, tracking="history").packets
    with pytest.raises(InputError, match="there was no packet"):
        packets.activities(wrong)
    with pytest.raises(InputError, match="there was no packet"):
        packets.children(wrong)


def test_a_place_where_nothing_is_born_is_refused(stock: Run) -> None:
    """The hint lists those where something is."""
    packets = stock(chain(same), inputs={"value": 1}, tracking="history").packets
    with pytest.raises(InputError, match="no packets are born at 'a'") as caught:
        packets.born_at("a")
    assert "a.out" in caught.value.hint
    assert packets.born_at("a.error") == []


# -- with the rest ----------------------------------------------------------------------------------------


def test_a_result_with_its_history_survives_pickling(stock: Run) -> None:
    """As does the error of a bad run; all questions have the same answers."""
    graph = chain(spell, same)
    graph["a"].out >> graph.outputs.letters
    result = stock(graph, inputs={"value": Each(["ab", "c"])}, tracking="history", keep=2)
    copied = pickle.loads(pickle.dumps(result))
    assert ids(copied.packets) == ids(result.packets)
    for id in result.packets:
        assert copied.packets.parents(id) == result.packets.parents(id)
        assert copied.packets.children(id) == result.packets.children(id)
        assert copied.packets.activities(id) == result.packets.activities(id)
    assert copied.packets.value("b.out#2") == "c"
    assert copied.outputs.letters == ["a", "b", "c"]

    graph = Graph("flight")
    node = graph.add(Breaks, "a")
    graph.inputs.value >> node.value
    graph.initial(9) >> node.other
    with pytest.raises(NetError) as caught:
        BatchRuntime(graph, tracking="history").run(inputs={"value": Each([1, 2])})
    error = pickle.loads(pickle.dumps(caught.value))
    assert error.result.packets.value("inputs.value#1") == 2
    assert error.result.packets.in_flight()[PacketId("inputs.value", 1)] == "a"


def test_messages_and_failures_are_in_the_history(run: Run) -> None:
    """They are packets."""

    @component
    def picky(value: int) -> int:
        if value:
            raise ValueError("no")
        return value

    graph = chain(picky)
    for name in ("error", "started", "executed", "failed", "stopped"):
        getattr(graph["a"], name) >> graph.outputs[name]
    packets = run(graph, inputs={"value": Each([0, 1])}, tracking="history").packets
    born = {name: len(packets.born_at(f"a.{name}")) for name in ("error", "started", "executed", "failed", "stopped")}
    assert born == dict.fromkeys(born, 1)
    assert ids(packets.parents("a.executed#0")) == ["inputs.value#0"]
    assert packets.parents("a.started#0") == ()


def test_history_holds_at_any_capacity(run: Run) -> None:
    """Also where every packet waits for room."""
    graph = chain(same, odd, same, capacity=1)
    packets = run(graph, inputs={"value": Each(range(40))}, tracking="history").packets
    assert ids(packets.ancestors("c.out#19")) == ["b.out#19", "a.out#39", "inputs.value#39"]
