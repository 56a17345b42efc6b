from itertools import count
from pathlib import Path

import pytest

from fbcore import Each, SnapshotError, StepError
from fbcore.driver import Seeded
from fbdev.step.condition import condition
from fbdev.step.session import Session
from tests.fbdev import nets
from tests.fbdev.step.conftest import MakeSession

PRINTING = """
from fbcore import Component, Graph, Out

class Talk(Component):
    said: Out[int]

    async def run(self) -> None:
        print("one")
        await self.said.send(1)
        print("two")
        await self.said.send(2)
        print("half", end="")

graph = Graph("printing")
graph.add(Talk).said >> graph.outputs.said
"""

FAILING = """
from fbcore import Component, Graph, In, component

@component
def divide(value: int) -> float:
    "Divide one by it."
    return 1 / value

class Keep(Component):
    value: In[float]

    async def run(self) -> None:
        kept = [value async for value in self.value]

graph = Graph("failing")
graph.inputs.value >> graph.add(divide).value
graph["divide"].out >> graph.add(Keep).value
"""

SLEEPING = """
import asyncio
from fbcore import Component, Graph, Out

class Clock(Component):
    tick: Out[int]

    async def run(self) -> None:
        for number in range(5):
            await asyncio.sleep(1)
            await self.tick.send(number)

graph = Graph("sleeping")
graph.add(Clock).tick >> graph.outputs.ticks
"""


def test_a_run_stops_where_nothing_but_a_bad_end_can_happen(make_session: MakeSession) -> None:
    """At a deadlock a run stops, and says through which edges; the next one ends the net."""
    session = make_session(nets.DEADLOCKED)
    said = session.run()
    assert said.startswith("deadlocked: a circle of waits through the full edge a.said->b.heard")
    assert session.fsm.result is None
    assert session.stuck() is not None
    assert session.run() == "the net has ended: deadlocked"


def test_a_run_stops_where_a_node_fails(make_session: MakeSession) -> None:
    """At a failure a run stops while the other nodes still hold what they hold."""
    session = make_session(FAILING, {"value": Each([1, 0])})
    assert session.run().startswith("failed: divide: ZeroDivisionError")
    assert session.fsm.result is None
    assert session.run() == "the net has ended: failed"


def test_a_good_end_is_run_through(make_session: MakeSession) -> None:
    """A loop that has run dry does not stop a run: that is how it ends."""
    session = make_session(nets.QUIESCENT, {"start": 8})
    assert session.run() == "the net has ended: quiescent"


def test_a_breakpoint_stops_a_run_and_can_be_cleared(make_session: MakeSession) -> None:
    """A run stops after the step that meets a breakpoint, goes on from there, and passes one that was cleared."""
    session = make_session(nets.FINISHED)
    assert session.toggle_breakpoint("double.out")
    assert session.broken() == {"double.out"}
    assert session.run() == "breakpoint: double.out"
    assert [move.value for move in session.steps[-1].moves] == [0]
    assert session.run() == "breakpoint: double.out"
    assert [move.value for move in session.steps[-1].moves] == [2]
    assert not session.toggle_breakpoint("double.out")
    assert session.run() == "the net has ended: finished"


def test_a_breakpoint_on_a_time_stops_once(make_session: MakeSession) -> None:
    """A time that is over does not stop every later step."""
    session = make_session(SLEEPING)
    session.toggle_breakpoint("time 2.5")
    assert session.run() == "breakpoint: time 2.5"
    assert session.fsm.time == 3
    assert session.run() == "the net has ended: finished"


def test_a_run_goes_as_far_as_it_is_told(make_session: MakeSession) -> None:
    """A condition ends a run, and one that is never met is named at the end."""
    session = make_session(nets.FINISHED)
    assert session.run(condition("step 4", session.fsm)) == "reached step 4"
    assert len(session.steps) == 4
    assert session.run(condition("where value == 4", session.fsm)) == "reached where value == 4"
    ended = "the net has ended: finished; where value == 99 was not reached"
    assert session.run(condition("where value == 99", session.fsm)) == ended


def test_a_run_can_be_interrupted(make_session: MakeSession) -> None:
    """Who sets `interrupted` ends a run after the step that it is at."""
    session = make_session(nets.FINISHED)
    numbers = count()

    def interrupt(_: object) -> bool:
        if next(numbers) == 2:
            session.interrupted.set()
        return False

    session.fsm.break_at(interrupt)
    assert session.run() == "interrupted"
    assert len(session.steps) == 3


def test_steps_are_taken_back_and_made_again(make_session: MakeSession) -> None:
    """What was taken back is made again in its order, until another choice is made."""
    session = make_session(nets.FINISHED)
    session.run(condition("step 6", session.fsm))
    names = [step.name for step in session.steps]
    session.undo(4)
    assert [step.name for step in session.steps] == names[:2]
    session.redo()
    assert (len(session.steps), list(reversed(session.undone))) == (3, names[3:])
    session.go_to(6)
    assert [step.name for step in session.steps] == names
    with pytest.raises(StepError, match="no step was taken back"):
        session.redo()


def test_another_choice_forgets_what_was_taken_back(make_session: MakeSession) -> None:
    """After another choice than the first time there is nothing to make again."""
    session = make_session(nets.DEADLOCKED)
    session.step("a")
    session.step("b")
    session.undo(2)
    session.step("b")
    assert session.undone == []


def test_a_restart_can_be_made_again(make_session: MakeSession) -> None:
    """From the beginning, all that was made can be made again, what was taken back before included."""
    session = make_session(nets.DEADLOCKED)
    session.run()
    names = [step.name for step in session.steps]
    session.undo()
    session.start()
    assert session.steps == []
    session.go_to(len(names))
    assert [step.name for step in session.steps] == names


def test_more_steps_than_were_made_are_not_taken_back(make_session: MakeSession) -> None:
    """At the beginning there is nothing to take back, and nothing changes."""
    session = make_session(nets.FINISHED)
    session.step()
    with pytest.raises(StepError, match="2 steps cannot be taken back"):
        session.undo(2)
    assert (len(session.steps), session.undone) == (1, [])


def test_what_is_printed_is_kept_by_step(make_session: MakeSession, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines go with the step that printed them, once, and are forgotten with it; none reaches the terminal."""
    session = make_session(PRINTING)
    session.run()
    assert session.printed.lines == [(1, "one"), (2, "two"), (3, "half")]
    session.undo(2)
    assert session.printed.lines == [(1, "one")]
    session.redo()
    assert session.printed.lines == [(1, "one"), (2, "two")]
    session.close()
    assert capsys.readouterr() == ("", "")


def test_a_seed_gives_the_same_order_after_a_restart(make_session: MakeSession) -> None:
    """With a seed, a restart begins its order anew; another seed gives another order."""

    def names(seed: int) -> list[str]:
        session = make_session(nets.FINISHED, make_driver=lambda: Seeded(seed))
        session.run()
        first = [step.name for step in session.steps]
        session.start()
        session.run()
        assert [step.name for step in session.steps] == first
        return first

    assert len({tuple(names(seed)) for seed in range(5)}) > 1


def test_a_net_is_stopped_in_a_step(make_session: MakeSession) -> None:
    """Stopping is a step that can be taken back; a net that has ended cannot be stopped."""
    session = make_session(nets.FINISHED)
    session.step()
    session.stop()
    assert session.steps[-1].name == "stop"
    assert session.doings[-1] == "asks the net to stop"
    assert session.run() == "the net has ended: stopped"
    with pytest.raises(StepError, match="has ended"):
        session.stop()
    session.go_to(1)
    assert session.run() == "the net has ended: finished"


def test_one_goes_to_a_step_that_was_made(make_session: MakeSession) -> None:
    """`step 2` goes back when more steps were made, and forth again along those that were taken back."""
    session = make_session(nets.FINISHED)
    session.run()
    last = len(session.steps)
    assert session.go(condition("step 2", session.fsm)) == "step 2"
    assert len(session.undone) == last - 2
    assert session.go(condition(f"step {last}", session.fsm)) == f"step {last}"
    assert session.undone == []


def test_a_session_goes_on_from_a_snapshot(make_session: MakeSession, tmp_path: Path) -> None:
    """A snapshot is where another session begins, and restarts; what cannot be written down is said."""
    session = make_session(nets.FAILED, {"value": Each([4, 2])})
    session.run(condition("divide.out", session.fsm))
    assert session.snapshot(tmp_path / "net.snapshot") == f"snapshot written to {tmp_path / 'net.snapshot'}"
    other = Session(session.fsm.graph, snapshot=str(tmp_path / "net.snapshot"))
    other.start()
    assert other.fsm.state()["edges"] == session.fsm.state()["edges"]
    assert other.run() == "the net has ended: finished"
    other.start()
    assert other.fsm.result is None
    other.close()
    session = make_session(nets.QUIESCENT, {"start": 8})
    session.run(condition("halve.again where value == 2", session.fsm))
    with pytest.raises(SnapshotError, match="keeps what it has received in variables"):
        session.snapshot(tmp_path / "other.snapshot")


def test_a_recording_is_replayed_up_to_what_no_longer_fits(make_session: MakeSession) -> None:
    """A choice that is not enabled is named by its number, and the net stands before it."""
    session = make_session(nets.DEADLOCKED)
    with pytest.raises(StepError, match="choice 3 of 4 no longer fits: 'c' is not enabled") as caught:
        session.replay(["a", "b", "c", "a"])
    assert "enabled are: a, b" in caught.value.hint
    assert len(session.steps) == 2
