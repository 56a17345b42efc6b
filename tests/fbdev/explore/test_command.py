"""`fbdev explore`: which ends a net has, what it prints, and the code with which it ends."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from fbdev.cli import main
from fbdev.explore import whole

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

RACE = """
from collections.abc import Iterator
from fbcore import Component, Graph, In, Memory, Out, component

@component
def names(prefix: str = "a", count: int = 1) -> Iterator[str]:
    for number in range(count):
        yield f"{prefix}{number}"

class Again(Component):
    new: In[str]
    old: In[str]
    back: Out[str]
    out: Out[str]
    told: Memory[bool] = Memory(False)

    async def run(self) -> None:
        async for hit in self.select(self.new, self.old):
            if hit.of(self.old) == "b0":
                self.told.value = True
            elif self.told.value:
                await self.out.send(hit.value)
            else:
                await self.back.send(hit.value)

graph = Graph("race")
again = graph.add(Again)
graph.add(names, "a", prefix="a", count=2).out >> again.new
graph.add(names, "b", prefix="b").out >> again.old
graph.connect(again.back, again.new, capacity=1)
again.out >> graph.outputs.out
"""

PROCESSES = """
from types import SimpleNamespace
from fbcore import Graph, component
from fbdev.explore import Blocked, Lock, Scene

def opposite():
    first, second = Lock("first"), Lock("second")

    def take(one, other):
        yield from one.acquire()
        yield from other.acquire()
        other.release()
        one.release()

    return {"a": take(first, second), "b": take(second, first)}

def number():
    shared = SimpleNamespace(count=0)

    def add():
        shared.count += 1
        yield shared.count

    return Scene([add()], shared)

def process():
    yield "one step"

def other(count):
    return [process() for _ in range(count)]

def three():
    return 3

def fails():
    raise ValueError("no")

@component
def double(number: int) -> int:
    return 2 * number

class Something:
    pass

def main():
    raise SystemExit(1)
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
    """A file for a net, in the folder in which the command runs, with time for a busy machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(whole, "_AFTER_A_BUG", 60.0)
    return tmp_path / "net.py"


def test_all_ends_of_a_net_are_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A net that always ends well, with outputs that depend on the order, says which."""
    file.write_text(FAN_IN)
    assert main(["explore", "net.py"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("fan_in: holds (given: ")
    assert "how can it end?         in 2 ways:\n   1  finished  out ['a0', 'b0']\n" in said
    assert "can it deadlock?        no, in no order\n" in said
    assert "does the order matter?  yes: in which order packets come out, and nothing else\n  after " in said
    assert "  leaves 1\n" in said
    assert "nobody wants" not in said


def test_a_deadlock_is_shown_and_saved_for_the_debugger(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The order that deadlocks is printed, and is a script of `fbdev step`."""
    file.write_text(DEADLOCK)
    assert main(["explore", "net.py", "--save", "order.txt"]) == 4
    out, err = capsys.readouterr()
    assert "talk: bug: deadlocked: a circle of waits" in out
    assert "waits to send 2 by said: no room" in out
    assert "  again: replay(NetScene(graph), 'x1" in out
    assert err == "fbdev step net.py --script order.txt makes these steps\n"
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
    said = capsys.readouterr().out
    assert "how can it end?         in one way:\n   1  deadlocked  without outputs\n" in said
    assert "can it deadlock?        yes, in every order\ndoes the order matter?  no: it ends the same" in said
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


def test_after_a_bug_the_other_ends_are_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A net that deadlocks in some orders: the shortest of them, what else it can come to, and what decides."""
    file.write_text(RACE)
    assert main(["explore", "net.py"]) == 4
    said = capsys.readouterr().out
    assert "  the smallest schedule: 11 steps, 3 switches\n" in said
    assert "how can it end?         in 3 ways:\n" in said
    assert "deadlocked  out []\n" in said
    assert "quiescent   out ['a0', 'a1']\n" in said
    assert "does the order matter?  yes: it decides whether the net is " in said
    assert "  after 1 step:\n" in said
    assert said.endswith("    b      sends 'b0' by out  leaves 1 and 2\n")


COUNTERS = """
from fbdev.explore import Scene, Shared, explore

def counting():
    count = Shared(0, "count")

    def add():
        seen = count.value
        yield "read"
        count.value = seen + 1

    return Scene({"a": add(), "b": add()}, shared=count)

@explore(at_end=lambda count: count.value == 2)
def test_counts():
    return counting()

@explore()
def test_with_a_fixture(tmp_path):
    return counting()
"""

FOREVER = """
from fbdev.explore import explore

@explore()
def test_turns():
    shared = []

    def turn():
        while not shared:
            yield "turns"

    return {"a": turn(), "b": turn()}
"""


def test_ends_that_read_alike_are_told_apart_by_what_is_shared(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lost update changes no process, but what they share; without a check nothing is wrong with it."""
    file.write_text(COUNTERS)
    assert main(["explore", "net.py:counting"]) == 0
    said = capsys.readouterr().out
    assert "   1  a finished; b finished; they share Shared(2, 'count')\n" in said
    assert "   2  a finished; b finished; they share Shared(1, 'count')\n" in said
    assert (
        "does the order matter?  yes: it decides how the processes end, or what they share then\n  after 1 st" in said
    )


def test_of_many_ends_the_first_are_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Seventy ends are counted, twenty shown, and nothing is claimed of the others."""
    file.write_text(FAN_IN)
    assert main(["explore", "net.py", "--count", "4"]) == 0
    said = capsys.readouterr().out
    assert "how can it end?         in 70 ways:\n" in said
    assert "\n  20  finished  out " in said
    assert "\n      and 50 more; --json has them all\n" in said
    assert said.endswith("does the order matter?  yes: it decides what comes out, or in which order\n")


def test_a_test_that_explores_is_explored_as_it_says(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A function under `@explore(...)` comes with its checks, and before other functions; fixtures are pytest's."""
    file.write_text(COUNTERS)
    assert main(["explore", "net.py"]) == 1
    assert capsys.readouterr().out.startswith("test_counts: bug: what must hold at the end does not")
    assert main(["explore", "net.py:test_with_a_fixture"]) == 2
    assert "hint: fixtures are made by pytest: pytest net.py::test_with_a_fixture" in capsys.readouterr().err


def test_what_never_ends_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Processes that can only go in circles have no end, in whatever order."""
    file.write_text(FOREVER)
    assert main(["explore", "net.py"]) == 1
    said = capsys.readouterr().out
    assert "livelock" in said
    assert "how can it end?         it never came to an end\n" in said
    assert said.endswith("does the order matter?  no\n")


def test_the_debugger_steps_the_net_of_a_scene(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is the command that makes the failing steps, with the graph and the configs of the scene."""
    own = RACE.replace(', prefix="a", count=2).out', ', prefix="a").out')
    own += "\ngraph.configs.count >> graph['a'].count\nother = Graph('other')\n"
    own += "from fbdev.explore import NetScene\nscene = NetScene(graph, configs={'count': 2})\n"
    file.write_text(own)
    assert main(["explore", "net.py", "--save", "my order.txt"]) == 4
    err = capsys.readouterr().err
    assert err == "fbdev step net.py:graph --count=2 --script 'my order.txt' makes these steps\n"
    assert main(shlex.split(err.removesuffix(" makes these steps\n"))[1:]) == 4


# -- what is explored --------------------------------------------------------------------------------------


def test_processes_of_a_function_are_explored(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A function that makes generators, by its name: how they can end, with the code of a deadlock or none."""
    file.write_text(PROCESSES)
    assert main(["explore", "net.py:opposite"]) == 4
    said = capsys.readouterr().out
    assert said.startswith("opposite: bug: deadlock: a waits for second, held by b; b waits for first, held by a")
    assert "   1  a finished; b finished\n   2  a acquire second; b acquire first\n" in said
    assert "can it deadlock?        yes, by the schedule above\n" in said
    assert main(["explore", "net.py:number"]) == 0
    assert "does the order matter?  no: it ends the same in every order" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "",
            "there are 4 functions in this file: opposite, number, three, fails\n  hint: name one of them: net.py:opp",
        ),
        (":nix", "there is no nix in this file\n  hint: there are opposite, number, three, fails"),
        (":process", "process is a process, and makes none\n  hint: explore a function that returns the processes"),
        (":other", "other needs arguments: count\n  hint: explore a function that gives them"),
        (":three", "a factory returns processes, and not 3"),
        (":fails", "ValueError: no"),
        (":double", "double is a component, and no net\n  hint: explore a net of it"),
        (":Something", "Something is a class\n  hint: name a Graph, a NetScene, or a function"),
    ],
)
def test_what_cannot_be_explored_is_said(file: Path, capsys: pytest.CaptureFixture[str], name: str, said: str) -> None:
    """Whatever else stands in a file is refused in words, with what to do instead."""
    file.write_text(PROCESSES)
    assert main(["explore", f"net.py{name}"]) in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_function_may_make_a_net(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A `NetScene` is explored as a net, with its exit codes; a bare graph is refused with what to return instead."""
    made = "\nfrom fbdev.explore import NetScene\ndef scene(): return NetScene(graph)\ndef bare(): return graph\n"
    file.write_text(DEADLOCK + made)
    assert main(["explore", "net.py:scene"]) == 4
    assert "can it deadlock?        yes, in every order\n" in capsys.readouterr().out
    assert main(["explore", "net.py:bare"]) == 2
    assert "hint: return NetScene(graph)\n" in capsys.readouterr().err


def test_a_file_of_nothing_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What could stand there is said."""
    file.write_text("x = 1\n")
    assert main(["explore", "net.py"]) == 2
    assert "there is nothing to explore in this file\n  hint: declare a Graph, or a function" in capsys.readouterr().err


def test_options_of_nets_are_refused_for_processes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Inputs and outcomes are nothing that processes have."""
    file.write_text(PROCESSES)
    for option in ("--input=x=1", "--allow=starved", "--save=order.txt"):
        assert main(["explore", "net.py:opposite", option]) == 2
        assert f"{option.split('=')[0]}: it is for nets, and opposite is none" in capsys.readouterr().err


def test_a_scene_in_a_file_is_explored_as_it_says(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A `NetScene` is there to be explored, and comes before graphs; options of the command change what it says."""
    file.write_text(FAN_IN + "\nfrom fbdev.explore import NetScene\nscene = NetScene(graph, configs={'count': 0})\n")
    assert main(["explore", "net.py"]) == 0
    assert "in one way:\n   1  finished  out []" in capsys.readouterr().out
    assert main(["explore", "net.py", "--count", "1"]) == 0
    assert "in 2 ways" in capsys.readouterr().out
    assert main(["explore", "net.py:graph"]) == 0
    assert "in 2 ways" in capsys.readouterr().out
    file.write_text(FAN_IN + "\nfrom fbdev.explore import NetScene\none = NetScene(graph)\nother = NetScene(graph)\n")
    assert main(["explore", "net.py"]) == 2
    assert "there are 2 nets in this file: one, other\n  hint: name one of them: net.py:one" in capsys.readouterr().err


def test_pictures_are_written_by_the_ending_of_the_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`-o` draws the states as a page, a picture, text or JSON, beside the report, and the exit code stays."""
    file.write_text(DEADLOCK)
    begins = {
        "graph.html": "<!doctype html>",
        "graph.svg": "<?xml",
        "graph.dot": "digraph states {",
        "graph.mmd": "flowchart TD",
        "graph.json": '{"verdict": "bug"',
        "graph.txt": "state 0\n",
    }
    for name, begin in begins.items():
        assert main(["explore", "net.py", "-o", name]) == 4
        assert Path(name).read_text().startswith(begin)
    assert "talk: bug: deadlocked" in capsys.readouterr().out
    page = Path("graph.html").read_text()
    assert "one" in json.loads(page.partition(' id="facts">')[2].partition("</script>")[0])["states"]["0"]["data"]


def test_a_picture_that_cannot_be_written_is_refused_at_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An ending that means nothing, a folder that is not there: wrong usage, before anything is explored."""
    file.write_text(FAN_IN)
    for name, said in (
        ("graph.bmp", "ends in .html, .htm, .svg"),
        ("graph", "name the file graph.html"),
        ("none/graph.html", "there is no folder none"),
    ):
        assert main(["explore", "net.py", "-o", name]) == 2
        out, err = capsys.readouterr()
        assert said in " ".join(err.split())
        assert out == ""


def test_what_has_no_picture_says_so_and_keeps_its_code(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without states there is nothing to draw: the verdict stands, its code too, and no file is begun."""
    file.write_text(FAN_IN)
    assert main(["explore", "net.py", "--count", "4", "--executions", "3", "-o", "graph.svg"]) == 6
    assert "tells no states apart" in capsys.readouterr().err
    assert not Path("graph.svg").exists()
    assert main(["explore", "net.py", "--count", "4", "--executions", "3", "-o", "graph.html"]) == 6
    assert "inconclusive" in Path("graph.html").read_text()


def test_an_exploration_is_kept_and_gone_on_with(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the budget leaves goes into a file; the command that goes on is printed, and comes to the verdict."""
    file.write_text(FAN_IN)
    keep = ["--keep", "later.json", "--json", "--executions", "3"]
    assert main(["explore", "net.py", "--count", "3", "--search", "states", *keep]) == 6
    out, err = capsys.readouterr()
    assert (json.loads(out)["verdict"], json.loads(out)["kept"]) == ("inconclusive", "later.json")
    assert err == "fbdev explore net.py --count 3 --executions 3 --continue later.json goes on\n"
    assert main(["explore", "net.py", "--continue", "later.json"]) == 2
    assert "another program: configs.count is missing" in capsys.readouterr().err
    assert main(["explore", "net.py", "--count", "3", "--continue", "later.json"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("fan_in: holds (given: ")
    assert "in 20 ways" in out
    assert err == ""


def test_a_search_can_be_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Samples are no proof, and end with the code of what is unproven; what is no search is refused."""
    file.write_text(FAN_IN)
    assert main(["explore", "net.py", "--search", "pct", "--samples", "12", "--seed", "7"]) == 6
    assert "fan_in: sampled: 12 schedules" in capsys.readouterr().out
    assert main(["explore", "net.py", "--search", "quick"]) == 2
    assert "there is no search quick; there are auto, states" in capsys.readouterr().err
    assert main(["explore", "net.py", "--memory", "0.01", "--search", "states"]) == 6
    assert "0.0 MB of memory are spent" in capsys.readouterr().out
