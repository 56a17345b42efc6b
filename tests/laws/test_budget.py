"""Tasks that do many port operations without a wait give way now and then, and lose nothing by it."""

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings

import fbcore.net.in_port
import fbcore.net.net
import fbcore.net.out_port
from tests.laws.agreement import check_all
from tests.laws.nets import plans
from tests.laws.plan import Plan, written
from tests.laws.reference import interpret
from tests.laws.running import STOCK, Setting, run_plan

BUDGET = 250
"""Of a task, here: a quarter of what it is, so that streams that are longer take a quarter of the time."""

MANY = 650

NETS = {
    "classes": written("x=map y=map", "inputs.a->x.value x.out->y.value y.out->outputs.o", a=MANY),
    "functions": written("x=map/sync y=drop/generator/3", "inputs.a->x.value x.out->y.value y.out->outputs.o", a=MANY),
    "leading nowhere": written("x=expand/generator/2", "inputs.a->x.value", a=MANY),
    "fan-out": written(
        "x=source/class/650 y=map/sync z=collect",
        "x.out->y.value x.out->z.value y.out->outputs.o z.out->outputs.p",
    ),
    "join": written(
        "x=map j=join/sync", "inputs.a->x.value inputs.b->j.right x.out->j.left j.out->outputs.o", a=MANY, b=MANY
    ),
    "take": written("x=map t=take/class/375", "inputs.a->x.value x.out->t.value t.out->outputs.o", a=MANY),
}


def budget_is(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every task so many operations before it gives way."""
    for module in (fbcore.net.in_port, fbcore.net.out_port, fbcore.net.net):
        monkeypatch.setattr(module, "BUDGET", budget)


@pytest.mark.slow
@pytest.mark.parametrize("capacity", [1, 16, 500, None])
@pytest.mark.parametrize("plan", NETS.values(), ids=NETS)
def test_long_streams_arrive(plan: Plan, capacity: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams longer than a task's budget come through in order, whatever the capacity."""
    budget_is(BUDGET, monkeypatch)
    sized = plan.with_capacity(capacity)
    expected = interpret(sized)
    for setting in (*STOCK.values(), Setting(uvloop.new_event_loop)):
        check_all(run_plan(sized, setting), expected)


@pytest.mark.slow
@pytest.mark.parametrize("budget", [1, 2, 5])
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans())
def test_the_laws_hold_for_any_budget(monkeypatch: pytest.MonkeyPatch, budget: int, plan: Plan) -> None:
    """A budget of few operations, which random nets use up, changes nothing."""
    budget_is(budget, monkeypatch)
    expected = interpret(plan)
    for setting in STOCK.values():
        check_all(run_plan(plan, setting), expected)
