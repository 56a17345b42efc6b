"""The fixture `run_net`, as a user's tests get it from the installed plugin."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
from fbcore import Graph
from fbcore.testing import SlowSource

graph = Graph("race")
for id in ("first", "second"):
    graph.add(SlowSource, id, values=[id] * 8).out >> graph.outputs.out


def test_both_come(run_net):
    assert sorted(run_net(graph).outputs.out) == ["first"] * 8 + ["second"] * 8


def test_the_first_is_first(run_net):
    assert run_net(graph).outputs.out == "depends on the order"
"""


def run_tests(folder: Path, *options: str) -> str:
    """Run a user's tests in a process of their own."""
    (folder / "test_race.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_race.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
def test_the_seed_is_shown_when_a_test_fails_and_repeats_it(tmp_path: Path) -> None:
    """The report of the failed test, and of no other, names the seed; with it the order is the same again."""
    text = run_tests(tmp_path)
    assert "1 failed, 1 passed" in text
    (seed,) = re.findall(r"repeat it with --net-seed (\d+)", text)
    orders = [re.findall(r"assert \[(.*?)\] ==", run_tests(tmp_path, "--net-seed", seed)) for _ in range(2)]
    assert orders[0] == orders[1] == re.findall(r"assert \[(.*?)\] ==", text)


@pytest.mark.slow
def test_other_projects_pay_nothing(tmp_path: Path) -> None:
    """Where no test asks for `run_net`, fbcore is not imported."""
    text = "import sys\\n\\ndef test_it():\\n    assert not any(name.startswith('fbcore') for name in sys.modules)\\n"
    (tmp_path / "test_other.py").write_text(text.encode().decode("unicode_escape"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_other.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout
