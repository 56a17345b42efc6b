"""Each standstill of fbcore is judged a second time, by trying all ways to read the waits."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings

import fbcore.net.net
from fbcore.net.net import Net
from fbcore.net.verdict import Verdict, verdict
from fbcore.net.wait import Wait
from tests.laws.nets import plans
from tests.laws.plan import Plan, written
from tests.laws.running import run_plan, stepped
from tests.laws.standstill import Hold, has_knot

CIRCLES = ("ring", "ring", "loop", "orbit", "diamond", "merge", "join", "concat", "alternate", "crossing")


def hold_of(wait: Wait) -> Hold:
    """Say what holds up a wait of fbcore."""
    options = [{edge.target.node.address} for edge in wait.edges if edge.target.node is not None]
    feeders = [{edge.source.node.address for edge in port.edges if not edge.finished} for port in wait.ports]
    options += feeders if wait.needs_all else [set().union(*feeders)] if feeders else []
    return Hold(wait.node.address, options, for_room=bool(wait.edges))


# A join that waits for a circle, but could be fed by `b` too, which is no part of it.
TWO_WAYS = written(
    "a=eager/class/3 b=spin j=join/sync",
    "a.out->j.right a.done->j.left b.out->j.left b.again->b.value inputs.y->a.value inputs.z->b.value j.out->outputs.o",
    y=3,
    z=0,
)


@pytest.mark.slow
@settings(max_examples=90, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(plan=TWO_WAYS)
@given(plan=plans(CIRCLES, CIRCLES))
def test_a_deadlock_is_a_knot_of_waits(monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    """A net is called deadlocked when, and only when, its waits have a knot with a wait for room in it."""
    wrong: list[str] = []

    def judge(net: Net) -> Verdict:
        judged = verdict(net)
        holds = [hold_of(wait) for node in net.alive() for wait in node.waits]
        if (judged.outcome == "deadlocked") != has_knot(holds):
            wrong.append(f"{judged.outcome}: {judged.reason}")
        return judged

    monkeypatch.setattr(fbcore.net.net, "verdict", judge)
    for capacity in (1, 2):
        for seed in (None, 1):
            run_plan(plan.with_capacity(capacity), stepped(seed))
    assert wrong == []
