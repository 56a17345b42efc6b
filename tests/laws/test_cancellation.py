"""A net is ended from outside before every one of its turns, and each time nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given, settings

from tests.laws.agreement import check_is_possible
from tests.laws.conservation import check_conservation, check_watched
from tests.laws.halting import WAYS, Way, halt_plan
from tests.laws.history import check_history
from tests.laws.nets import plans
from tests.laws.plan import Plan, written
from tests.laws.reference import interpret
from tests.laws.running import Run

NETS = {
    "classes": written(
        "x=map y=expand/class/2 z=map", "inputs.a->x.value x.out->y.value y.out->z.value z.out->outputs.o", a=3
    ),
    "functions": written(
        "w=map/sync x=map/async y=expand/generator/2 z=map/async_generator",
        "inputs.a->w.value w.out->x.value x.out->y.value y.out->z.value z.out->outputs.o",
        a=3,
    ),
    "roomy": written("x=map y=map/generator", "inputs.a->x.value:64 x.out->y.value:64 y.out->outputs.o", a=5),
    "early end": written("x=map y=take/class/2", "inputs.a->x.value x.out->y.value y.out->outputs.o", a=5),
    "twins": written("x=twins y=map/sync", "inputs.a->x.value:2 x.out->y.value y.out->outputs.o", a=4),
    "failing": written(
        "x=fail/async/2 y=map", "inputs.a->x.value x.out->y.value y.out->outputs.o x.error->outputs.e", a=4
    ),
    "failing class": written(
        "x=fail/class/2 y=map", "inputs.a->x.value x.out->y.value y.out->outputs.o x.error->y.value", a=3
    ),
    "fan-out and fan-in": written(
        "x=map y=map/sync z=map",
        "inputs.a->x.value x.out->y.value y.out->z.value x.out->z.value inputs.b->y.value z.out->outputs.o",
        a=3,
        b=3,
    ),
    "loop": written(
        "x=spin/class/2 y=collect", "inputs.a->x.value x.again->x.value x.out->y.value y.out->outputs.o", a=3
    ),
    "self-loop of a function": written(
        "x=orbit/generator/2 y=map", "inputs.a->x.value:5 x.out->x.value:5 x.out->y.value y.out->outputs.o", a=3
    ),
    "leading nowhere": written("x=expand/class/2 y=map/sync", "inputs.a->x.value inputs.b->y.value", a=3, b=3),
    "join": written("j=join/async", "inputs.a->j.left inputs.b->j.right:2 j.out->outputs.o", a=3, b=3),
    "half-fed": written("j=join/sync", "inputs.a->j.left inputs.b->j.right:2 j.out->outputs.o", a=2, b=4),
    "forwarding loop": written(
        "x=lap/class/2 y=forward/async", "inputs.a->x.value x.again->y.value y.out->x.value x.out->outputs.o", a=2
    ),
    "gated": written(
        "x=map y=take/class/2 z=source/generator/2",
        "inputs.a->x.value x.out->y.value inputs.b->y.execute y.executed->z.execute z.out->outputs.o",
        a=5,
        b=3,
    ),
    "fields and buffers": written(
        "x=fields/async/2 y=expand/buffered/3 z=echo",
        "inputs.a->x.value x.every->y.value x.some->z.value y.out->outputs.o z.out->outputs.p z.other->y.value",
        a=3,
    ),
    "select and split": written(
        "x=merge/class/2 y=split/class/1 z=latest/sync",
        "inputs.a->x.items[0] inputs.b->x.items[last] x.out->y.value y.parts[0]->z.left y.parts[rest]->z.right "
        "z.out->outputs.o initial.0->z.left",
        a=3,
        b=3,
    ),
    "fed configs": written(
        "x=source/class/3 y=scale/async z=follow",
        "inputs.a->y.value x.out->y.factor y.out->outputs.o x.out->z.factor z.out->outputs.p",
        a=3,
    ),
    "refusing": written("x=strict y=map", "inputs.a->x.value x.out->outputs.o x.error->y.value y.out->outputs.e", a=6),
    "stopped": written(
        "x=nap/async/2 y=map z=source/class/3",
        "inputs.a->x.value x.out->y.value z.out->y.stop z.stopped->outputs.s y.out->outputs.o y.stopped->x.stop",
        a=4,
    ),
    "deadlock": written("x=eager/class/3 y=eager/class/3", "x.out->y.value:2 y.out->x.value:2 x.done->outputs.o"),
}


def halted_runs(plan: Plan, way: Way, seed: int | None = None) -> Iterator[Run]:
    """Run a plan again and again, ended before turn 0, 1, 2 ... until it ends by itself before."""
    for turn in count():
        run = halt_plan(plan, way, turn, seed)
        if run is None:
            return
        yield run


def check_halted(plan: Plan, way: Way, seed: int | None = None) -> int:
    """Check all halted runs of a plan, and return how many there were."""
    turns = 0
    for run in halted_runs(plan, way, seed):
        turns += 1
        if not hasattr(run, "result"):
            continue
        check_conservation(run)
        check_watched(run)
        check_history(run)
        if run.result.outcome != "stopped":
            check_is_possible(run, interpret(plan))
    return turns


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("plan", NETS.values(), ids=NETS)
def test_nothing_is_lost_at_any_turn(plan: Plan, way: Way) -> None:
    """Whatever the turn and the way of ending, each packet is delivered, unread, held, unsent or discarded."""
    assert check_halted(plan, way) > 10


@pytest.mark.slow
@settings(max_examples=2)
@given(plans())
def test_nothing_is_lost_at_any_turn_of_random_nets(plan: Plan) -> None:
    """The same holds for random nets in a random order of steps."""
    for seed, way in enumerate(WAYS.values()):
        check_halted(plan, way, seed)
