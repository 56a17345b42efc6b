"""`fbdev explore`: which ends a net has, what it prints, and the code with which it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fbdev.cli import main

FAN_IN = """
from collections.abc import Iterator
from fbcore import Graph, component

@component
def names(prefix: str = "a", count: int = 1) -> Iterator[str]:
    for number in range(count):
        yield f"{prefix}{number}"

@component
def same(value: str) -> str:
    print("nobody wants to read this a thousand times")
    return value

graph = Graph("fan_in")
merge = graph.add(same, "merge")
for prefix in "ab":
    node = graph.add(names, prefix, prefix=prefix)
    graph.configs.count >> node.count
    node.out >> merge.value
merge.out >> graph.outputs.out
"""

DEADLOCK = """
from fbcore import Component, Graph, In, Out

class Talker(Component):
    heard: In[int]
    said: Out[int]

    async def run(self) -> None:
        await self.said.send(1)
        await self.said.send(2)
        await self.heard.receive()

graph = Graph("talk")
one, other = graph.add(Talker, "one"), graph.add(Talker, "other")
graph.connect(one.said, other.heard, capacity=1)
graph.connect(other.said, one.heard, capacity=1)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for a net, in the folder in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "net.py"


def test_all_ends_of_a_net_are_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A net that always ends well, with outputs that depend on the order, says which."""
    file.write_text(FAN_IN)
    assert main(["explore", "net.py"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("fan_in: holds (given: ")
    assert "the order of steps decides which of 2 ends:\n  finished  out ['a0', 'b0']\n" in said
    assert "nobody wants" not in said


def test_a_deadlock_is_shown_and_saved_for_the_debugger(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The order that deadlocks is printed, and is a script of `fbdev step`."""
    file.write_text(DEADLOCK)
    assert main(["explore", "net.py", "--save", "order.txt"]) == 4
    out, err = capsys.readouterr()
    assert "talk: bug: deadlocked: a circle of waits" in out
    assert "waits to send 2 by said: no room" in out
    assert err == "fbdev step FILE --script order.txt makes these steps\n"
    assert main(["step", "net.py", "--script", "order.txt"]) == 4


def test_what_is_not_gone_through_is_no_proof(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A budget that is spent ends with a code of its own."""
    file.write_text(FAN_IN)
    assert main(["explore", "net.py", "--count", "4", "--executions", "3"]) == 6
    assert "holds" not in capsys.readouterr().out.splitlines()[0]


def test_outcomes_can_be_allowed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A net that may deadlock ends well when that is what is wanted; what is no outcome is refused."""
    file.write_text(DEADLOCK)
    assert main(["explore", "net.py", "--allow", "deadlocked"]) == 0
    assert "the net has one end:\n  deadlocked  without outputs" in capsys.readouterr().out
    assert main(["explore", "net.py", "--allow", "dead"]) == 2
    assert "dead is no outcome; they are finished, quiescent" in capsys.readouterr().err


def test_json_has_it_all(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document with verdict, ends and states."""
    file.write_text(FAN_IN)
    assert main(["explore", "net.py", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "holds"
    assert sorted(end["outputs.out"] for end in found["ends"]) == ["['a0', 'b0']", "['b0', 'a0']"]


def test_what_is_wrong_is_said_in_words(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file, a net that cannot run, an option that is none: the code of wrong usage, and no traceback."""
    assert main(["explore", "none.py"]) == 2
    file.write_text(DEADLOCK.replace("graph.connect(other.said, one.heard, capacity=1)", ""))
    assert main(["explore", "net.py"]) == 2
    file.write_text(FAN_IN)
    assert main(["explore", "net.py", "--audit", "-1"]) == 2
    assert "Traceback" not in capsys.readouterr().err
