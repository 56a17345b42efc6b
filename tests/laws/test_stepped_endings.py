"""A net that is stepped is stopped, or left, after every one of its steps, and each time nothing is lost silently."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from fbcore import FSMRuntime
from fbcore.driver import Driver, Seeded, first_come
from tests.laws.conservation import check_conservation
from tests.laws.graphs import Maker
from tests.laws.ledger import Ledger
from tests.laws.plan import Plan
from tests.laws.running import Run, configs_of, inputs_of, patient
from tests.laws.test_cancellation import NETS

Way = Callable[[FSMRuntime], None]


def stop(fsm: FSMRuntime) -> None:
    """Ask the net to stop, and let it drain."""
    fsm.stop()
    fsm.run()


def stop_while_it_drains(fsm: FSMRuntime) -> None:
    """Ask the net to stop, and leave it after two steps more."""
    fsm.stop()
    for step, _ in enumerate(fsm.steps()):
        if step == 1:
            break
    fsm.close()


def leave(fsm: FSMRuntime) -> None:
    """Close the runtime."""
    fsm.close()


WAYS: list[Way] = [stop, stop_while_it_drains, leave]


def ended_after(plan: Plan, steps: int, way: Way, driver: Driver) -> Run | None:
    """Make steps of a plan, and end it then; None when it has ended by itself before."""
    run = Run(plan, Ledger())
    fsm = FSMRuntime(Maker(plan, run.ledger).make(), driver=patient(driver))
    with fsm.start(inputs=inputs_of(plan, run.ledger), **configs_of(plan)):
        for _ in range(steps):
            if not fsm.enabled():
                return None
            fsm.step()
        net = fsm.net
        way(fsm)
    assert net.result is not None
    run.result = net.result
    return run


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", NETS)
def test_nothing_is_lost_after_any_step(name: str, way: Way) -> None:
    """Whatever the step and the way, each packet is delivered, unread, held, unsent or discarded, exactly once."""
    plan = NETS[name]
    for steps in count():
        run = ended_after(plan, steps, way, first_come if steps % 2 else Seeded(steps, timers=True))
        if run is None:
            break
        check_conservation(run)
    assert steps > 10
