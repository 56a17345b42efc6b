"""The explorer explores fbcore itself, with nothing left out and no states merged, or it would trust what it tests."""

from __future__ import annotations

from typing import Any

import pytest

from fbcore import Graph
from fbcore.net import verdict
from fbcore.net.edge import Edge
from fbcore.net.in_port import InPort
from fbcore.net.node import Node
from fbcore.net.out_port import OutPort
from fbcore.net.wait import Wait
from fbdev.explore import Budget, NetScene, VerdictKind, explore, replay
from tests.fbdev.explore.itself import HALTS, ItselfScene
from tests.fbdev.explore.itself_awkward import AWKWARD, LARGE_AWKWARD, stubborn
from tests.fbdev.explore.itself_laws import End, allowed_ends, check_state, end_of
from tests.fbdev.explore.itself_nets import HALTED, PLANS
from tests.fbdev.explore.itself_orders import every_order, proven
from tests.laws.small_nets import NETS, SmallNet, refuse
from tests.laws.test_orders import one_by_one

pytestmark = pytest.mark.slow


def ends_of(scene: ItselfScene) -> set[End]:
    """Return all ends of a net of which every order obeys the laws."""
    return proven(scene, check_state, end_of)


# -- the laws ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_every_order_obeys_the_laws(name: str) -> None:
    """Nothing is lost or doubled, no edge is overfull, what is closed stays so; the ends are those of the reference."""
    assert ends_of(ItselfScene(PLANS[name])) == allowed_ends(PLANS[name])


@pytest.mark.parametrize("halt", HALTS)
@pytest.mark.parametrize("name", HALTED)
def test_a_net_may_be_ended_at_any_step(name: str, halt: str) -> None:
    """Whoever ends a net, between whichever steps, all packets are accounted for, and no task is left."""
    plan = HALTED[name]
    by_itself = allowed_ends(plan)
    for end in ends_of(ItselfScene(plan, [halt])):
        assert end.outcome == "stopped" or end in by_itself
        assert any(_is_beginning(end, other) for other in by_itself), f"{end} is no beginning of an end"


@pytest.mark.parametrize(("name", "second"), [("failing", "end at once"), ("failing", "cancel"), ("input", "cancel")])
def test_who_drains_may_be_cancelled(name: str, second: str) -> None:
    """A net that was asked to stop may be ended before it has drained, as by a second Ctrl-C."""
    ends = ends_of(ItselfScene(HALTED[name], ["stop", second]))
    assert "stopped" in {end.outcome for end in ends}
    assert {end for end in ends if end.outcome != "stopped"} <= allowed_ends(HALTED[name])


def _failing() -> Graph:
    """Return a graph of which one node fails."""
    graph = Graph("failing")
    graph.initial(5) >> graph.add(refuse).value
    graph["refuse"].out >> graph.outputs.good
    return graph


def _is_beginning(end: End, other: End) -> bool:
    return all(values == dict(other.outputs)[name][: len(values)] for name, values in end.outputs)


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_components_lose_nothing(name: str) -> None:
    """A time-out races a packet, tasks are cancelled while they wait: what was offered is somewhere, and once."""
    make, expected = AWKWARD[name]
    assert {(end.outcome, end.outputs[0][1]) for end in ends_of(ItselfScene(make))} == expected


@pytest.mark.parametrize("halt", HALTS)
def test_a_cancellation_may_be_swallowed(halt: str) -> None:
    """A node that swallows its cancellation once is cancelled all the same, at whatever step it comes."""
    ends = ends_of(ItselfScene(stubborn, [halt]))
    assert {end.outcome for end in ends} == {"finished", "stopped"}


# -- the search --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["initials", "loop", "deadlock"])
def test_no_order_is_left_out(name: str) -> None:
    """There are as many orders as somebody counts who makes them by other means."""
    net: SmallNet = NETS[name]()
    allowed = ["deadlocked", "finished", "quiescent"]
    found = explore(NetScene(net.graph, net.inputs, allowed=allowed), search="every", budget=Budget(seconds=None))
    assert found.verdict.kind is VerdictKind.HOLDS
    assert found.executions == len(list(one_by_one(net)))


def test_a_net_that_fails_is_led_to_its_end_in_every_order() -> None:
    """What is cancelled may have its last turns in any order, and each of these executions can be made again."""
    by_states = explore(NetScene(_failing()), search="states")
    every = explore(NetScene(_failing()), search="every")
    assert by_states.failure is not None
    assert every.failure is not None
    assert len(every.failure.schedule) > len(by_states.failure.schedule)
    for result in (by_states, every):
        again = replay(NetScene(_failing()), result.token)
        assert again.failure is not None
        assert again.failure.what == result.failure.what


# -- it can fail -------------------------------------------------------------------------------------------


def _deaf(self: Any, *args: Any, **options: Any) -> None:
    """Do nothing."""


FAULTS = {
    "a cancelled receiver passes no wake-up on": (InPort, "pass_on", _deaf, "rivals"),
    "a sender does not hear that its consumer has ended": (OutPort, "edge_refuses", _deaf, "early end"),
    "a deadlock is not seen": (verdict, "_knot", lambda net: (), "deadlock"),
    "hands are not noted": (Node, "note_hands", _deaf, "failing"),
    "an edge is never full": (Edge, "has_room", lambda self, value: True, "line"),
    "a wait is not left": (Wait, "leave", _deaf, "time-out"),
    "only one who waits hears of the end": (InPort, "_wake_all", InPort.arrived, "rivals"),
}
"""By what is wrong: what is replaced in fbcore, by what, and the net that shows it."""

_NETS: dict[str, Any] = {**PLANS, **{name: make for name, (make, _) in (AWKWARD | LARGE_AWKWARD).items()}}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws above can fail: a fault that shows under some order only is found, with its schedule."""
    owner, name, replacement, net = FAULTS[fault]
    monkeypatch.setattr(owner, name, replacement)
    scene = ItselfScene(_NETS[net])
    result, _ = every_order(scene, check_state, end_of)
    assert result.failure is not None, str(result)
