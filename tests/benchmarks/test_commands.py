"""The commands that measure: they run, say what they measure against, and select."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

TARGETS = {
    "chain of 10 classes, capacity 64": ">= 2.2 x",
    "chain of 10 functions, capacity 64": ">= 5 x",
    "chain of 10 classes, capacity 1": ">= 1.1 x",
    "history of a chain of 10 classes": "<= 2.5 x",
    "history of a chain of 10 functions": "<= 2.5 x",
    "2,000 nodes, one packet": "<= 0.25 CPU s",
    "memory of a node in a net of 2,000": "<= 10 KB",
    "memory of a packet in flight": "<= 110 B",
    "memory kept of a consumed packet": "<= 0 B",
    "import fbcore": "<= 20 ms",
    "import fbcore, and run a small net": "<= 60 ms",
    "fbdev run of a small net": "<= 0.6 s",
}


OF_THE_LOOP = {
    "ready steps, first come, 10 tasks in turn": ">= 0.7 x",
    "10,000 tasks that sleep random times": ">= 80,000 wake-ups/CPU-s",
    "a fresh loop and net: 3 nodes, 10 packets, to the end": "<= 400 CPU µs",
    "a step of 1,000 nodes": "<= 100 µs",
    "snapshot of 1,000 nodes, 10,000 packets": "<= 1 s",
    "restore of 1,000 nodes, 10,000 packets": "<= 1 s",
}


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a benchmark, quickly."""
    command = [sys.executable, "-m", "benchmarks", *arguments, "--quick"]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)


def cases(*arguments: str) -> dict[str, dict[str, Any]]:
    """Return the cases that a benchmark prints as JSON, by name."""
    done = benchmarks(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return {case["name"]: case for case in map(json.loads, done.stdout.splitlines())}


@pytest.mark.slow
def test_flow_measures_the_whole_table() -> None:
    """Every speed that we hold ourselves to is a case, with its target, a value, and whether that was met."""
    found = cases("flow")
    assert {name: case["target"] for name, case in found.items()} == TARGETS
    for case in found.values():
        assert case["value"] >= 0
        assert isinstance(case["met"], bool)


@pytest.mark.slow
def test_the_loop_is_measured() -> None:
    """Its cases are among those of the benchmark, each with its target and whether that was met."""
    found = cases("loop")
    assert OF_THE_LOOP.items() <= {name: case["target"] for name, case in found.items()}.items()
    assert all(isinstance(case["met"], bool) for case in found.values())


@pytest.mark.slow
def test_the_flights_are_compared_with_the_job_by_hand() -> None:
    """Whole process, job and memory each have a ratio; the whole is to cost no more."""
    found = cases("flights")
    assert [case["target"] for case in found.values()] == ["<= 1 x", "none", "none"]
    assert all(case["ratio"] > 0 and "by hand" in case["baseline"] for case in found.values())


@pytest.mark.slow
def test_exploring_is_measured() -> None:
    """Speeds, sizes and the verdicts on the standard problems each have a target; no verdict is wrong."""
    found = cases("explore")
    assert all(case["target"] != "none" and isinstance(case["met"], bool) for case in found.values())
    assert found["3 philosophers by races"]["met"]
    assert found["20 standard problems, wrong verdicts"]["value"] == 0
    assert found["20 standard problems as nets, wrong verdicts"]["value"] == 0
    assert found["line of 3 nodes, 10 packets, proven"]["met"]


@pytest.mark.slow
def test_only_some_cases() -> None:
    """`--only` selects by a part of the name, and lists the names when none has it; without `--json` it is a table."""
    done = benchmarks("flow", "--only", "capacity 1", "--rounds", "2")
    heading, row = done.stdout.splitlines()
    assert heading.startswith("case")
    assert row.startswith("chain of 10 classes, capacity 1 ")
    done = benchmarks("flow", "--only", "teapot")
    assert done.returncode == 2
    assert "no case has 'teapot' in its name" in done.stderr
    assert all(name in done.stderr.replace("\n", " ") for name in TARGETS)


@pytest.mark.slow
def test_a_profile() -> None:
    """`--profile` prints where our part of a case spends its time, and measures nothing."""
    done = benchmarks("flow", "--profile", "capacity 1")
    assert done.stdout.startswith("profile of: chain of 10 classes, capacity 1\n")
    assert "function calls" in done.stdout
    assert "hops" not in done.stdout
    assert benchmarks("flow", "--profile", "import").returncode == 1


def test_no_rounds_are_refused() -> None:
    """A measurement of nothing is a mistake."""
    assert "0 rounds measure nothing" in benchmarks("flow", "--rounds", "0").stderr
