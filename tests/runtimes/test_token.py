"""A state machine is stepped: which state is active, what the token is, and what happens to a second one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    FSMRuntime,
    Graph,
    In,
    InputError,
    Out,
    Outcome,
    StepError,
    component,
)


class Ways(NamedTuple):
    opened: tuple[str, ...] | None = None
    locked: tuple[str, ...] | None = None
    gone: tuple[str, ...] | None = None


@component(unpack=True)
def closed(events: tuple[str, ...]) -> Ways:
    if not events:
        return Ways(gone=())
    return Ways(opened=events[1:]) if events[0] == "open" else Ways(locked=events[1:])


@component
def opened(events: tuple[str, ...]) -> tuple[str, ...]:
    return events[1:]


@component
def locked(events: tuple[str, ...]) -> tuple[str, ...]:
    return events[1:]


def door() -> Graph:
    """Make a machine: a door that is opened, closed, locked and unlocked."""
    graph = Graph("door", token=True)
    shut = graph.add(closed)
    graph.inputs.events >> shut.events
    shut.opened >> graph.add(opened).events
    shut.locked >> graph.add(locked).events
    graph["opened"].out >> shut.events
    graph["locked"].out >> shut.events
    shut.gone >> graph.outputs.rest
    return graph


EVENTS = ("open", "close", "lock", "unlock")


def around(state: Any, kind: Any = int) -> Graph:
    """Make a machine of one state between an input and an output."""
    graph = Graph("one", token=True)
    node = graph.add(state, "state")
    graph.inputs.token >> node.token
    node.out >> graph.outputs.end
    return graph


def states(fsm: FSMRuntime) -> list[str | None]:
    """Run a machine, and list the states that it goes through."""
    found = [fsm.active]
    found += [fsm.active for _ in fsm.steps()]
    return [state for state, before in zip(found[1:], found, strict=False) if state != before]


# -- where the token is ------------------------------------------------------------------------------------


def test_the_active_state_is_where_the_token_is():
    """The machine goes from state to state, and is in none before the token comes and when it has left."""
    with FSMRuntime(door()).start(inputs={"events": EVENTS}) as fsm:
        assert fsm.active is None
        assert fsm.token is None
        assert states(fsm) == ["closed", "opened", "closed", "locked", "closed", None]
        assert fsm.result.outputs.rest == [()]


def test_the_token_is_a_packet():
    """It lies on an edge, is held, or is about to be sent, and says where it was born."""
    with FSMRuntime(door()).start(inputs={"events": EVENTS}) as fsm:
        fsm.run_until(port="closed.events", node="inputs.events")
        assert (fsm.token.value, str(fsm.token.id)) == (EVENTS, "inputs.events#0")
        fsm.run_until(lambda fsm: "sends" in fsm.state()["nodes"]["closed"])
        assert (fsm.token.value, str(fsm.token.id)) == (EVENTS[1:], "closed.opened#0")
        fsm.run_until(port="closed.opened")
        assert (fsm.active, fsm.token.value) == ("opened", EVENTS[1:])
        fsm.undo()
        assert fsm.active == "closed"
        fsm.run()
        assert (fsm.token.value, str(fsm.token.id)) == ((), "closed.gone#0")


def test_a_token_that_lies_there_from_the_start():
    """An initial packet makes its state the first one."""
    graph = Graph("given", token=True)
    graph.initial(("open",)) >> graph.add(opened).events
    graph["opened"].out >> graph.outputs.rest
    with FSMRuntime(graph).start() as fsm:
        assert (fsm.active, fsm.token.value) == ("opened", ("open",))
        fsm.run()
        assert fsm.result.outputs.rest == [()]


def test_a_source_makes_the_token():
    """A node without inputs may send one packet."""

    @component
    def made() -> tuple[str, ...]:
        return ("a", "b")

    graph = Graph("made", token=True)
    graph.add(made).out >> graph.add(opened).events
    graph["opened"].out >> graph.outputs.rest
    with FSMRuntime(graph).start() as fsm:
        assert states(fsm) == ["opened", None]


def test_a_failure_goes_on_as_the_token():
    """A state that fails sends its failure by `error`; where nobody takes that the net fails, as any net."""

    @component
    def fails(token: int) -> int:
        raise ValueError("broken")

    graph = around(fails)
    graph["state"].error >> graph.outputs.broken
    with FSMRuntime(graph).start(inputs={"token": 1}) as fsm:
        assert fsm.run().outcome is Outcome.FINISHED
        assert fsm.token.value.value == 1
    with FSMRuntime(around(fails)).start(inputs={"token": 1}) as fsm:
        assert fsm.run().outcome is Outcome.FAILED


def test_a_snapshot_keeps_the_active_state(tmp_path: Path):
    """A machine that is restored is in the state that it was in."""
    with FSMRuntime(door()).start(inputs={"events": EVENTS}) as fsm:
        fsm.run_until(port="opened.out")
        fsm.snapshot(tmp_path / "door.json")
        active, token = fsm.active, fsm.token.value
    with FSMRuntime(door()).restore(tmp_path / "door.json") as fsm:
        assert (fsm.active, fsm.token.value) == (active, token)
        assert states(fsm)[-3:] == ["locked", "closed", None]


# -- what is refused ---------------------------------------------------------------------------------------


def test_several_packets_are_refused_at_the_start():
    """A machine is given one token; where it is known to be given more or none, it does not start."""
    for given in (Each([1, 2]), Each([])):
        with pytest.raises(InputError, match="a state machine is given one token, and this is"):
            FSMRuntime(door()).start(inputs={"events": given})
        with pytest.raises(InputError, match=r"inputs\.events"):
            BatchRuntime(door()).run(inputs={"events": given})
    assert BatchRuntime(door()).run(inputs={"events": Each([EVENTS])}).outputs.rest == [()]


class Twice(Component):
    token: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for token in self.token:
            await self.out.send(token)
            await self.out.send(token + 1)


@component
def yields(token: int) -> Iterator[int]:
    yield token
    yield token + 1


@pytest.mark.parametrize("state", [Twice, yields])
def test_a_second_token_is_an_error(state):
    """A state that sends twice is named, with the step, and nothing goes on until that is undone."""
    with FSMRuntime(around(state)).start(inputs={"token": 1}) as fsm:
        with pytest.raises(StepError) as caught:
            fsm.run()
        error = caught.value
        made = len(fsm.choices)
        assert str(error) == (
            f"state: step {made} sends a second token, 2 by out, and the first has left the graph\n"
            "  hint: a state takes the token once, and sends it on once. "
            "`undo()` takes the step back; no other can be made before that"
        )
        with pytest.raises(StepError) as again:
            fsm.step()
        assert again.value is error
        assert len(fsm.choices) == made
        with pytest.raises(StepError, match="second token"):
            fsm.replay(fsm.choices)
        fsm.undo()
        assert len(fsm.choices) == made - 1
        assert fsm.enabled()["state"].does == "sends 2 by out"


def test_an_iterator_of_two_items_is_found_when_the_second_comes():
    """How many items an iterator has is not known before."""
    two = Each(iter([EVENTS, EVENTS]))
    wrong = pytest.raises(StepError, match=r"inputs\.events: step .* sends a second token")
    with FSMRuntime(door()).start(inputs={"events": two}) as fsm, wrong:
        fsm.run()


def test_who_has_no_token_must_not_send():
    """A state that sends before the token came is named."""

    class Eager(Component):
        token: In[int]
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(0)
            await self.out.send(await self.token.receive())

    wrong = pytest.raises(StepError, match=r"state: step .* sends a second token, 0 by out, and it was not given one")
    with FSMRuntime(around(Eager)).start(inputs={"token": 1}) as fsm, wrong:
        fsm.run()


@component
def nothing(token: int) -> int | None:
    return None


class Ends(Component):
    token: In[int]
    out: Out[int]

    async def run(self) -> None:
        await self.token.receive()


@pytest.mark.parametrize(
    ("state", "how"),
    [(nothing, "wants the next packet without sending it on"), (Ends, "ended without sending it on")],
)
def test_a_lost_token_is_an_error(state, how):
    """A state that takes the token and sends nothing is named."""
    with FSMRuntime(around(state)).start(inputs={"token": 1}) as fsm:
        with pytest.raises(StepError, match=how) as caught:
            fsm.run()
        assert caught.value.address == "state"
        assert "loses the token: this state took it" in caught.value.what
        assert "send it by an output; one of the graph is the end" in caught.value.hint


def test_a_token_that_never_comes_is_an_error():
    """A net that ends without one is no machine that has run."""

    class Silent(Component):
        out: Out[int]

        async def run(self) -> None:
            """Send nothing."""

    graph = Graph("silent", token=True)
    graph.add(Silent).out >> graph.outputs.end
    with FSMRuntime(graph).start() as fsm, pytest.raises(StepError, match="ends the net, and no token ever came"):
        fsm.run()


def test_a_machine_that_is_stopped_is_just_stopped():
    """What is cancelled with the token in it is told by the result."""
    with FSMRuntime(door()).start(inputs={"events": EVENTS}) as fsm:
        fsm.run_until(port="opened.out")
        fsm.stop()
        assert fsm.run().outcome is Outcome.STOPPED


def test_other_graphs_have_no_active_state():
    """Who asks for it is told how to declare a machine."""
    with FSMRuntime(opened).start(inputs={"events": EVENTS}) as fsm:
        for ask in (lambda: fsm.active, lambda: fsm.token, fsm.diagram):
            with pytest.raises(StepError, match="this graph is no state machine") as caught:
                ask()
            assert caught.value.hint == 'declare it as one: Graph("opened", token=True)'
    with pytest.raises(StepError, match="no net was started"):
        FSMRuntime(door()).active  # noqa: B018 - it raises


# -- drawing -----------------------------------------------------------------------------------------------


def test_the_diagram_marks_the_active_state():
    """The same chart, with another state marked after every transition."""
    with FSMRuntime(door()).start(inputs={"events": EVENTS}) as fsm:
        assert fsm.diagram().active == ""
        fsm.run_until(port="closed.opened")
        assert fsm.diagram().active == "opened"
        assert "class s1 active" in fsm.diagram().to_mermaid()
        assert 'penwidth="2.5"' in fsm.diagram().to_dot()


def test_a_machine_shows_itself_in_a_notebook():
    """As the picture of its states, and in words."""
    with FSMRuntime(door()).start(inputs={"events": EVENTS}) as fsm:
        fsm.run_until(port="closed.opened")
        shown = fsm._repr_mimebundle_()
        assert shown["image/svg+xml"].startswith("<svg")
        assert shown["text/plain"] == f"<FSMRuntime of door: {len(fsm.choices)} steps made, in opened>"
    with FSMRuntime(opened).start(inputs={"events": EVENTS}) as fsm:
        assert fsm._repr_mimebundle_() == {"text/plain": "<FSMRuntime of opened: 0 steps made>"}


def test_a_composite_that_is_a_machine_is_one_alone():
    """A machine that was made a component is a machine when it is run by itself."""
    with FSMRuntime(door().as_component("house")).start(inputs={"events": EVENTS}) as fsm:
        assert states(fsm)[:2] == ["house.closed", "house.opened"]
