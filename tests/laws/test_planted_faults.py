"""The laws can fail: each of many faults, planted into fbcore, is caught by them on the same few nets."""

import gc
from collections.abc import Iterable
from functools import cache

import pytest

from fbcore import LoopError
from tests.laws.agreement import check_all
from tests.laws.faults import FAST_FAULTS, FAULTS, Plant
from tests.laws.nets import sample
from tests.laws.plan import Plan
from tests.laws.reference import Reckoning, interpret
from tests.laws.running import STOCK, Setting, run_plan, stepped

pytestmark = pytest.mark.slow

EXAMPLES = 45
STEPPED = (stepped(), stepped(1))


@cache
def examples() -> list[tuple[Plan, Reckoning]]:
    """Return nets, and how the reference ends them."""
    return [(plan, interpret(plan)) for plan in sample(EXAMPLES)]


def check_laws(settings: Iterable[Setting]) -> None:
    """Check the laws on all examples."""
    for plan, expected in examples():
        for setting in settings:
            check_all(run_plan(plan, setting), expected)


def test_without_a_fault_the_laws_hold() -> None:
    """On these nets nothing fails that was not planted."""
    check_laws((*STEPPED, *STOCK.values()))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A law is broken, or the net does not end by itself."""
    plant(monkeypatch)
    with pytest.raises((AssertionError, LoopError)):
        check_laws(STEPPED)
    # Nets that hang are left behind, and say so: here, and not in a test to come.
    gc.collect()


@pytest.mark.parametrize("plant", FAST_FAULTS.values(), ids=FAST_FAULTS)
def test_a_fault_of_the_fast_path_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws hold the fast path of the ordinary loop to the same."""
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        check_laws(STOCK.values())
