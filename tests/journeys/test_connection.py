"""A state machine on recorded events: TCP connections, as a user runs and looks at the example."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fbcore import BatchRuntime, FSMRuntime, StepError
from fbcore.formats.machine_chart import machine_chart
from fbcore.source.module import import_file
from fbcore.source.read import Source
from fbdev.cli import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/connection/connection.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """Import the example."""
    return import_file(Source(EXAMPLE, "an example"))


def test_the_example_prints_what_is_expected() -> None:
    """Run as a program it tells the life of each recorded connection."""
    environment = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    run = subprocess.run([sys.executable, EXAMPLE], check=True, env=environment, capture_output=True, text=True)
    assert run.stdout == (EXAMPLE.parent / "expected/life.txt").read_text()


def test_every_way_of_the_machine_ends_outside(example: ModuleType) -> None:
    """Each recorded connection leaves by one output, whatever its life."""
    ends = {}
    for connection in example.connections(example.SEGMENTS):
        *_, (_, end) = example.states_of(connection)
        ends[connection.peer] = end
    assert list(ends.values()) == ["closed", "closed", "reset", "closed", "cut", "refused"]


def test_it_runs_as_any_net(example: ModuleType) -> None:
    """BatchRuntime runs the same machine, on the ordinary loop."""
    first, *_ = example.connections(example.SEGMENTS)
    (closed,) = BatchRuntime(example.graph).run(inputs={"recorded": first}).outputs.closed
    assert (closed.peer, closed.seconds) == (first.peer, 0.164346)


def test_time_that_the_machine_waits_is_virtual(example: ModuleType) -> None:
    """The minute in TIME_WAIT passes at once, and can be stepped to."""
    (second,) = [each for each in example.connections(example.SEGMENTS) if each.peer == 47712]
    with FSMRuntime(example.graph).start(inputs={"recorded": second}) as fsm:
        fsm.run_until(port="time_wait.connection", node="time_wait")
        assert (fsm.active, fsm.time, fsm.state()["timers"]) == ("time_wait", 0, {"timer 1 of time_wait": 60})
        fsm.run()
        assert (fsm.active, fsm.time) == (None, 60)


def test_a_second_connection_is_refused(example: ModuleType) -> None:
    """A state that sent the connection twice would be named."""

    class Twice(example.Listen):  # type: ignore[misc,name-defined]
        async def run(self) -> None:
            async for connection in self.connection:
                await self.syn.send(connection)
                await self.syn.send(connection)

    from fbcore import Graph

    graph = Graph("twice", token=True)
    node = graph.add(Twice)
    graph.inputs.recorded >> node.connection
    node.syn >> graph.outputs.out
    node.cut >> graph.outputs.end
    first, *_ = example.connections(example.SEGMENTS)
    with FSMRuntime(graph).start(inputs={"recorded": first}) as fsm, pytest.raises(StepError, match="second token"):
        fsm.run()


def test_it_is_drawn_as_a_state_diagram(example: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """`fbdev draw` shows states and transitions, as text and as a picture; `fbdev check` says that it is a machine."""
    assert main(["draw", str(EXAMPLE)]) == 0
    drawn = capsys.readouterr().out
    assert drawn == machine_chart(example.graph).to_mermaid()
    assert "s1 --> s2 : ack" in drawn
    assert main(["draw", str(EXAMPLE), "--format", "svg"]) == 0
    assert "fin_received" in capsys.readouterr().out
    assert main(["draw", str(EXAMPLE), "--types"]) == 0
    assert capsys.readouterr().out.startswith("flowchart")


@pytest.mark.slow
def test_check_says_that_it_is_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """The note has the number of states, and where the token comes from."""
    assert main(["check", str(EXAMPLE)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"is a state machine of 8 states; its\s+token\s+comes from inputs\.recorded", out)
