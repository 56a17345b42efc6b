"""The explorer explores policies of fbcore: restarts, retries and ends of small nets, in every order of their steps."""

from __future__ import annotations

from typing import Any

import pytest

from fbcore.orchestration.supervised import SupervisedNode
from fbdev.explore import NetScene, explore
from tests.fbdev.explore.itself import HALTS, ItselfScene
from tests.fbdev.explore.itself_laws import check_managed, end_of
from tests.fbdev.explore.itself_managed import HALTED, MANAGED
from tests.fbdev.explore.itself_orders import proven

pytestmark = pytest.mark.slow

End = tuple[str, tuple[str, ...], int]
"""The outcome, what came out, and how often nodes were begun anew."""


def managed_end(seen: Any) -> End:
    """Return how a net ended."""
    end = end_of(seen)
    return end.outcome, tuple(end.outputs[0][1]), sum(seen.net.result.restarts.values())


def ends_of(scene: ItselfScene) -> set[End]:
    """Return all ends of a net of which every order obeys the laws and its policies."""
    return proven(scene, check_managed, managed_end)


@pytest.mark.parametrize("name", MANAGED)
def test_every_order_obeys_the_policies(name: str) -> None:
    """Nothing is lost or doubled, nothing is tried more often than allowed, and nothing outlives the net."""
    net = MANAGED[name]
    assert ends_of(ItselfScene(net.make, settings=net.all_settings)) == net.ends


@pytest.mark.parametrize("halt", HALTS)
@pytest.mark.parametrize("name", HALTED)
def test_a_managed_net_may_be_ended_at_any_step(name: str, halt: str) -> None:
    """Also while a node waits to be begun anew, or for its next attempt: all packets are accounted for."""
    net = HALTED[name]
    (by_itself,) = net.ends
    for outcome, outputs, restarts in ends_of(ItselfScene(net.make, [halt], net.all_settings)):
        assert outcome in ("stopped", by_itself[0])
        assert outputs == by_itself[1][: len(outputs)]
        assert restarts <= by_itself[2]


@pytest.mark.parametrize("name", MANAGED)
def test_a_proof_comes_to_the_same_ends(name: str) -> None:
    """What leaves orders out, and tells states apart, finds the ends that all orders have."""
    net = MANAGED[name]
    ends: set[End] = set()

    def at_end(seen: Any) -> None:
        (outputs,) = seen.outputs.values()
        ends.add((str(seen.result.outcome), tuple(outputs), sum(seen.result.restarts.values())))

    scene = NetScene(net.make([]), allowed=["finished", "failed", "stopped"], settings=net.all_settings)
    explore(scene, at_end=at_end).assert_holds()
    assert ends == net.ends


def test_a_planted_fault_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that forgets what it has in its hands when it is begun anew is found out."""
    monkeypatch.setattr(SupervisedNode, "_release_hands", lambda node, *how: node.let_go())
    with pytest.raises(AssertionError, match="is lost"):
        ends_of(ItselfScene(MANAGED["restart"].make, settings=MANAGED["restart"].all_settings))
