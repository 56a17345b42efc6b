"""After a net nothing is left: no task, no timer, no packet, no reference."""

import gc
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.laws.nets import plans
from tests.laws.plan import Plan
from tests.laws.running import SETTINGS, run_plan


@pytest.fixture(scope="module", autouse=True)
def _nobody_keeps_a_log() -> Iterator[None]:
    """Pytest keeps the records of logs, and with those of failures tracebacks, and with these packets."""
    log = logging.getLogger("fbcore")
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(logging.NOTSET)


@pytest.mark.slow
@settings(max_examples=15)
@given(plans())
def test_no_packet_outlives_its_result(plan: Plan) -> None:
    """When the result is dropped, every value that was sent is dead."""
    for name in ("batched", "first come"):
        run = run_plan(plan, SETTINGS[name])
        assert run.leftover == []
        born = run.ledger.born
        del run
        gc.collect()
        assert [payload for payload in (each() for each in born) if payload is not None] == []


@pytest.mark.slow
@settings(max_examples=20)
@given(plans())
def test_no_timer_or_callback_outlives_its_net(plan: Plan) -> None:
    """When the net has ended, its loop has nothing more to do."""
    for name in ("batched", "first come"):
        run_plan(plan, SETTINGS[name], at_end=_check_idle)


def _check_idle(loop: Any) -> None:
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []
    assert [handle for handle in loop._ready if not handle.cancelled()] == []
