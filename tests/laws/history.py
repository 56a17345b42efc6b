"""The laws of history, as functions that raise AssertionError: the registry tells of each packet what became of it."""

from __future__ import annotations

from collections import Counter

from fbcore.net.registry import Activity, ActivityKind, PacketRegistry
from tests.laws.agreement import is_determined
from tests.laws.reference import Reckoning
from tests.laws.running import Run
from tests.laws.story import OUTSIDE, Id, Step, Story
from tests.laws.witness import Witness


def check_history(run: Run, expected: Reckoning | None = None) -> None:
    """Check all laws of history on one run that was watched and tracked."""
    seen = Witness(run).story
    check_story(run, seen)
    check_lineage(run.result.packets, seen)
    check_one_place(run)
    check_certainty(run)
    if expected is not None and is_determined(run.plan, expected) and not expected.cut:
        check_as_reckoned(run, seen, expected)


def told(packets: PacketRegistry) -> Story:
    """Return what the registry tells."""
    story = Story()
    for packet in packets:
        id: Id = (packet.birthplace, packet.number)
        story.parents[id] = tuple(sorted(map(tuple, packets.parents(packet))))  # type: ignore[arg-type]
        story.trails[id] = [Step(*map(str, activity)) for activity in packets.activities(packet)]
    story.in_flight = {(id.birthplace, id.number): place for id, place in packets.in_flight().items()}
    return story


def check_story(run: Run, seen: Story) -> None:
    """The registry knows exactly the packets that were seen, with their parents, activities and places."""
    known = told(run.result.packets)
    assert known.parents.keys() == seen.parents.keys(), "packets that were born"
    for id in seen.parents:
        assert known.parents[id] == seen.parents[id], f"parents of {id}"
        assert known.trails[id] == seen.trails[id], f"activities of {id}"
    assert known.in_flight == seen.in_flight


def check_lineage(packets: PacketRegistry, story: Story) -> None:
    """Ancestors and descendants are those that a search through all packets finds, the nearest first."""
    for id in story.parents:
        name = f"{id[0]}#{id[1]}"
        for found, expected, near in (
            (packets.ancestors(name), story.ancestors(id), packets.parents(name)),
            (packets.descendants(name), story.descendants(id), packets.children(name)),
        ):
            assert {*map(tuple, found)} == expected
            assert len(found) == len(expected)
            assert {*found[: len({*near})]} == {*near}, f"the nearest of {name} come first"


def check_one_place(run: Run) -> None:
    """Every packet that was born is consumed, discarded, gone out of the net or in flight, and only one of these."""
    packets, result = run.result.packets, run.result
    in_flight = packets.in_flight()
    ends: Counter[str] = Counter()
    for id in packets:
        end = _end_of(packets.activities(id)[-1])
        assert (end == "in flight") == (id in in_flight), f"{id} is {end}, and in flight at {in_flight.get(id)}"
        ends[end] += 1
    assert sum(ends.values()) == len({*packets})
    lying = Counter({address: len(values) for address, values in result.unread.items()})
    lying.update(name.rpartition(".")[0] for name in result.held)
    assert Counter(in_flight.values()) == lying, "places of packets in flight"
    assert ends["gone out"] == sum(len(result.outputs[name]) for name in result.outputs)
    unconnected = [port for port in result.discarded if not run.plan.edges_from(_split(port))]
    assert ends["discarded"] == sum(result.discarded[port] for port in unconnected)


def _split(address: str) -> tuple[str, str]:
    node, _, port = address.rpartition(".")
    return node, port


def _end_of(last: Activity) -> str:
    if last.kind is ActivityKind.MOVEMENT:
        return "gone out" if last.destination == OUTSIDE else "in flight"
    return {ActivityKind.CONSUMPTION: "consumed", ActivityKind.DISCARD: "discarded"}.get(last.kind, "unborn")


def check_certainty(run: Run) -> None:
    """Parents are assumed where a class sent the packet and did not name them."""
    classes = {node.id for node in run.plan.nodes if node.is_class}
    for id in run.result.packets:
        is_named = id.number in run.ledger.declared.get(id.birthplace, {})
        is_copy = "->" in id.birthplace
        is_assumed = _split(id.birthplace)[0] in classes and not is_named and not is_copy
        assert run.result.packets.is_assumed(id) == is_assumed, f"whether the parents of {id} are assumed"


def check_as_reckoned(run: Run, seen: Story, expected: Reckoning) -> None:
    """Where order cannot matter the story is that of the reference, up to where a bad end cut it short."""
    if run.result.outcome.is_good:
        assert seen.parents == expected.story.parents
        assert seen.trails == expected.story.trails
    elif all(edge.source[1] != "stopped" for edge in run.plan.edges):
        assert seen.parents == expected.story.parents


def newest(run: Run, node: str, most: int) -> list[Id]:
    """Return the packets that were born last at the outputs of a node."""
    return Witness(run).births.get(node, [])[-most:]
