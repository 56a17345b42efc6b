"""What happens on a stepped loop, first come, is what happens on the stock loop: the same, in the same order."""

import pytest

from tests.loop.oracle import seen, stock
from tests.loop.programs import MAKERS

SEEDS = range(150)

# Plans that are never begun, and errors that nobody awaits, are no concern here.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAKERS)
def test_generated_programs_run_as_on_the_stock_loop(kind, monkeypatch):
    """Results, order and time of every event agree, wherever the stock loop has an order."""
    defined, events = 0, 0
    for seed in SEEDS:
        program = MAKERS[kind](seed)
        expected = stock(program, monkeypatch)
        if expected is not None:
            defined += 1
            events += len(expected)
            assert seen(program) == expected, f"program {seed} of {kind}"
    assert defined >= 120
    assert events > 2000
