"""A net that is written down at any moment, and restored from that, is where it was, and comes to the same end."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import FSMRuntime, SnapshotError
from tests.laws.keepable import drawn, end_of, seen, started


def snapshot_at(graph, seed: int, steps: int, path: Path):
    """Make so many steps, write the net down, and return its state there and its end."""
    with started(graph, seed) as fsm:
        for _ in range(steps):
            if not fsm.enabled():
                return None
            fsm.step()
        if fsm.net.is_stopping or fsm.result is not None:
            return None
        fsm.snapshot(path)
        return seen(fsm), end_of(fsm)


@settings(max_examples=80)
@given(st.data(), st.integers(0, 2**16), st.integers(0, 120))
def test_a_restored_net_is_where_it_was_and_ends_the_same(tmp_path_factory, data, seed, steps):
    """State and end are those of the net that was not interrupted: outputs, account, errors and time."""
    graph = drawn(lambda least, most: data.draw(st.integers(least, most)))
    path = tmp_path_factory.mktemp("snapshots") / "net.json"
    before = snapshot_at(graph, seed, steps, path)
    if before is not None:
        with FSMRuntime(graph).restore(path) as fsm:
            assert seen(fsm) == before[0]
            assert end_of(fsm) == before[1]


@settings(max_examples=40)
@given(st.data(), st.integers(0, 2**16), st.integers(0, 60), st.integers(0, 60))
def test_a_restored_net_can_be_written_down_again(tmp_path_factory, data, seed, first, then):
    """A snapshot of a restored net, some steps later, restores as well."""
    graph = drawn(lambda least, most: data.draw(st.integers(least, most)))
    path = tmp_path_factory.mktemp("snapshots") / "net.json"
    if snapshot_at(graph, seed, first, path) is None:
        return
    with FSMRuntime(graph).restore(path) as fsm:
        for _ in range(then):
            if fsm.enabled():
                fsm.step()
        if fsm.result is not None or fsm.net.is_stopping:
            return
        fsm.snapshot(path)
        state, end = seen(fsm), end_of(fsm)
    with FSMRuntime(graph).restore(path) as fsm:
        assert (seen(fsm), end_of(fsm)) == (state, end)


RESTORE = """
import json, sys
from pathlib import Path
from random import Random
from fbcore import FSMRuntime
from tests.laws.keepable import drawn, end_of, seen

found = []
for path in sorted(Path(sys.argv[1]).iterdir()):
    seed = int(path.name.split("-")[0])
    with FSMRuntime(drawn(Random(seed).randint)).restore(path) as fsm:
        found.append([path.name, seen(fsm), end_of(fsm)])
print(json.dumps(found))
"""


@pytest.mark.slow
def test_every_state_of_several_nets_is_restored_in_another_process(tmp_path):
    """Each state on the way of a net, in a process with another hash seed: the same state, and the same end."""
    expected = []
    for seed in range(4):
        graph = drawn(random.Random(seed).randint)
        steps = 0
        while True:
            path = tmp_path / f"{seed}-{steps:04}.json"
            before = snapshot_at(graph, seed, steps, path)
            if before is None:
                break
            expected.append([path.name, *before])
            steps += 1
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", RESTORE, str(tmp_path)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    expected.sort()
    found = json.loads(done.stdout)
    assert len(found) == len(expected) > 300
    for one, other in zip(found, json.loads(json.dumps(expected)), strict=True):
        assert one == other


def test_a_net_that_is_ending_is_not_written_down(tmp_path):
    """What is being cancelled stands where no other can be brought to."""
    graph = drawn(random.Random(1).randint)
    with started(graph, 1) as fsm:
        for _ in range(5):
            fsm.step()
        fsm.stop()
        with pytest.raises(SnapshotError, match=r"ending|ended"):
            fsm.snapshot(tmp_path / "net.json")
    assert not list(tmp_path.iterdir())
