"""What tells one state of a net from another: the same choices lead to the same one, in every process."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import FSMRuntime
from fbcore.driver import Seeded
from tests.habits.tree import ROOT
from tests.laws.keepable import drawn, started
from tests.laws.small_nets import NETS

SEEDS = st.integers(0, 10_000)


def digests(seed: int) -> list[str]:
    """Step a random net in a random order, and return the digest of every state that it comes to."""
    with noting(seed) as fsm:
        return [here(fsm), *(here(fsm) for _ in fsm.steps())]


def noting(seed: int) -> FSMRuntime:
    """Start a random net whose states are noted."""
    fsm = started(drawn(random.Random(seed).randint), seed)
    noting = FSMRuntime(fsm.graph, driver=Seeded(seed, timers=True), visited=True)
    noting.start(**given_to(fsm))
    fsm.close()
    return noting


def given_to(fsm: FSMRuntime) -> dict[str, object]:
    """Return what a net was started with."""
    return {"inputs": fsm._inputs, **fsm._configs}


def here(fsm: FSMRuntime) -> str:
    """Return the digest of the present state."""
    assert fsm.visited.here is not None
    return fsm.visited.here.digest


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_the_same_choices_lead_to_the_same_state(seed: int) -> None:
    """Two runs of the same choices go through the same states, one by one."""
    assert digests(seed) == digests(seed)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 30))
def test_undoing_and_redoing_leads_to_the_same_state(seed: int, back: int) -> None:
    """Steps that are taken back, and made again, change no state, and none of what was taken back is new then."""
    with noting(seed) as fsm:
        fsm.run()
        last, made, count = here(fsm), list(fsm.choices), len(fsm.visited)
        fsm.undo(min(back, len(made)))
        for name in made[len(fsm.choices) :]:
            fsm.step(name)
            assert not fsm.visited.is_new
        assert (here(fsm), len(fsm.visited)) == (last, count)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_states_that_are_alike_go_on_alike(seed: int) -> None:
    """Two orders that lead to one state leave the same choices, and each leads to the same state from there."""
    with noting(seed) as fsm:
        ways: dict[str, set[str]] = {}
        after: dict[tuple[str, str], str] = {}
        for order in range(6):
            fsm.driver = Seeded(order)
            fsm.replay([])
            while names := [name for name in fsm.enabled() if not name.startswith("timer ")]:
                before, name = here(fsm), names[fsm.driver(names)]
                assert ways.setdefault(before, set(names)) == set(names)
                fsm.step(name)
                assert after.setdefault((before, name), here(fsm)) == here(fsm)


REPORT = """
from tests.laws.test_states import digests
print(*digests(3), *digests(11))
"""


@pytest.mark.slow
def test_a_digest_is_the_same_in_every_process() -> None:
    """Neither the seed of hashes nor where things lie in memory is in a digest."""
    said = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(
            [sys.executable, "-c", REPORT], check=True, cwd=ROOT, env=environment, capture_output=True, text=True
        )
        said.add(run.stdout)
    assert len(said) == 1
    assert said.pop().split()[:40] == [*digests(3), *digests(11)][:40]


@pytest.mark.parametrize("name", NETS)
def test_different_beginnings_are_different_states(name: str) -> None:
    """The first step of a net leads away from its first state."""
    net = NETS[name]()
    with FSMRuntime(net.graph, visited=True).start(inputs=net.inputs) as fsm:
        first = here(fsm)
        fsm.step()
        assert here(fsm) != first
