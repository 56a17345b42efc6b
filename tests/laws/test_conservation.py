"""Over random nets: nothing lost, nothing twice, order kept, and the same end as in the reference."""

import pytest
from hypothesis import example, given, settings

from fbcore.net.flush import flush_order
from tests.laws.agreement import check_all
from tests.laws.nets import plans
from tests.laws.plan import Plan, written
from tests.laws.reference import interpret
from tests.laws.running import SETTINGS, net_of, run_plan, stepped
from tests.laws.standstill import flush_order as expected_order

# A fan-out of which one consumer ends half-fed: the other's packets must not make it forget.
FORGETFUL = written(
    "m=map/sync j=join/sync s=source/generator/0",
    "inputs.a->m.value m.out->j.left:64 m.out->outputs.o s.out->j.right j.out->outputs.p",
    a=2,
)


@pytest.mark.slow
@settings(max_examples=100)
@example(FORGETFUL)
@given(plans())
def test_every_packet_is_accounted_for(plan: Plan) -> None:
    """On each loop every packet is somewhere exactly once, and the net ends in a way in which the reference ends it."""
    expected = interpret(plan)
    for setting in SETTINGS.values():
        check_all(run_plan(plan, setting), expected)


@pytest.mark.slow
@settings(max_examples=100)
@given(plans())
def test_an_observer_changes_nothing(plan: Plan) -> None:
    """A net that is watched ends the same way, and its observer sees each packet once at each end of its edge."""
    expected = interpret(plan)
    for name in ("batched", "first come", "seed 1"):
        check_all(run_plan(plan, SETTINGS[name], watched=True), expected)


@pytest.mark.slow
@settings(max_examples=100)
@given(plans())
def test_the_same_order_of_steps_gives_the_same_run(plan: Plan) -> None:
    """Two runs with one seed send the same over every edge, and end alike."""
    one, two = run_plan(plan, stepped(7)), run_plan(plan, stepped(7))
    assert one.result.summary() == two.result.summary()
    assert {name: (e.put, e.taken) for name, e in one.result.edges.items()} == {
        name: (e.put, e.taken) for name, e in two.result.edges.items()
    }


@settings(max_examples=40)
@given(plans())
def test_quiet_nets_are_flushed_in_one_order(plan: Plan) -> None:
    """The order of flushing is that of the reference: loops in topological order, entries first, then as declared."""
    assert [node.address for node in flush_order(net_of(plan))] == expected_order(plan)
