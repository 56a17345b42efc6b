"""The states that a net came to while it was stepped, and the choices between them."""

from __future__ import annotations

import pytest

from fbcore import Component, Each, FSMRuntime, Graph, In, Out, StepError, component


@component
def double(number: int) -> int:
    return 2 * number


@component
def breaks(number: int) -> int:
    raise ValueError(number)


TWO = Each([1, 2])


def noting(graph=double, given=TWO):
    """Start a net whose states are noted."""
    return FSMRuntime(graph, visited=True).start(inputs={"number": given})


def ways(fsm):
    """Return the transitions without counts."""
    return [way[:3] for way in fsm.visited.transitions()]


def test_every_step_leads_to_a_state():
    """States are numbered in order of discovery, and the choices lead from one to the next."""
    with noting() as fsm:
        assert (fsm.visited.here.number, fsm.visited.is_new, len(fsm.visited)) == (0, True, 1)
        fsm.step("double")
        fsm.step("inputs.number")
        assert ways(fsm) == [(0, "double", 1), (1, "inputs.number", 2)]
        assert [state.times for state in fsm.visited] == [1, 1, 1]
        assert fsm.visited[1].data["nodes"]["double"]["turns"] == 1


def test_steps_taken_back_stay():
    """What was seen stays seen, and what is made again is not counted twice."""
    with noting() as fsm:
        fsm.step("double")
        fsm.step("inputs.number")
        fsm.undo()
        assert (fsm.visited.here.number, fsm.visited.is_new) == (1, False)
        assert [state.times for state in fsm.visited] == [1, 1, 1]
        fsm.step("inputs.number")
        assert not fsm.visited.is_new
        assert fsm.visited.transitions()[-1] == (1, "inputs.number", 2, 2)


def test_other_choices_and_other_starts_add_to_it():
    """A session is all that was done with one runtime."""
    with noting() as fsm:
        fsm.step("double")
        fsm.start(inputs={"number": Each([1, 2])})
        fsm.step("inputs.number")
        assert len(fsm.visited) == 3
        fsm.step("double")
        assert ways(fsm) == [(0, "double", 1), (0, "inputs.number", 2), (2, "double", 3)]
        assert repr(fsm.visited) == "<4 states and 3 transitions of double, now in 3>"


def test_a_timer_that_is_named_anew_leads_to_the_state_that_was_seen():
    """Names of timers are counted, states are not."""
    graph = Graph("round")

    @component
    async def nap(number: int) -> int:
        import asyncio

        await asyncio.sleep(1)
        return number

    graph.initial(1) >> graph.add(nap).number
    graph["nap"].out >> graph["nap"].number
    with FSMRuntime(graph, visited=True).start() as fsm:
        for _ in range(60):
            fsm.step()
        assert len(fsm.visited) < 12
        names = {way.choice for way in fsm.visited.transitions()}
        assert {"timer 1 of nap", "timer 2 of nap"} <= names


def test_ends_have_outcomes():
    """An end is a state like any other, and says how the net ended."""
    with noting(breaks, 1) as fsm:
        fsm.run()
        (end,) = fsm.visited.ends()
        assert (end.outcome, end is fsm.visited.here) == ("failed", True)
        assert str(end) == f"<state {end.number}: 1 times, failed>"


def test_what_was_noted_does_not_change_any_more():
    """The data of a state is what it was, though the net goes on."""
    with noting() as fsm:
        first = repr(fsm.visited[0].data)
        fsm.run()
        assert repr(fsm.visited[0].data) == first


def test_states_are_not_noted_unless_asked_for():
    """It costs time at every step, and who wants it is told how to ask."""
    with FSMRuntime(double).start(inputs={"number": 1}) as fsm:
        with pytest.raises(StepError, match="were not noted") as caught:
            fsm.visited  # noqa: B018 - it raises
        assert "FSMRuntime(graph, visited=True)" in caught.value.hint


# -- drawing -----------------------------------------------------------------------------------------------


def test_what_was_visited_is_drawn():
    """States have their numbers, edges the choices, the present one is marked, and ends show their outcomes."""
    with noting(double, 1) as fsm:
        fsm.run()
        last = fsm.visited.here.number
        mermaid = fsm.visited.to_mermaid()
        assert f'state "{last}<br>finished" as s{last}' in mermaid
        assert "s0 --> s1 : double" in mermaid
        assert f"class s{last} active" in mermaid
        fsm.undo()
        mermaid = fsm.visited.to_mermaid()
        assert f"class s{last} good" in mermaid
        assert '"0" -> "1" [label=" double \\n"]' in fsm.visited.to_dot()
        assert fsm.visited.to_svg().startswith("<svg")
        assert set(fsm.visited._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}
        assert "image/svg+xml" in fsm._repr_mimebundle_()


def test_bad_and_stopped_ends_look_otherwise():
    """A failure is red, a stop is grey."""
    with noting(breaks, 1) as fsm:
        fsm.run()
        bad = fsm.visited.here.number
        fsm.replay([])
        fsm.stop()
        fsm.run()
        stopped = fsm.visited.here.number
        looks = {state.id: state.look for state in fsm.visited.chart().states}
        assert (looks[str(bad)], looks[str(stopped)], looks["0"]) == ("bad", "stopped", "state")


def test_choices_between_the_same_states_share_an_arrow():
    """Two names lead from one state to another on one line."""

    class Two(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            """Take nothing."""

    with noting(Two, 1) as fsm:
        fsm.run()
        chart = fsm.visited.chart()
        assert len({(way.source, way.target) for way in chart.transitions}) == len(chart.transitions)


def test_a_large_drawing_is_capped():
    """The states nearest to the present one are drawn, and a note says how many are not."""
    with noting(double, Each(range(30))) as fsm:
        fsm.run()
        fsm.undo(20)
        chart = fsm.visited.chart(most=9)
        here = fsm.visited.here.number
        assert [int(state.id) for state in chart.states] == list(range(here - 4, here + 5))
        assert chart.note == f"{len(fsm.visited) - 9:,} more states are not drawn"
        assert chart.note in fsm.visited.to_mermaid(most=9)
        assert "more states are not drawn" in fsm.visited.to_dot(most=9)
        assert len(fsm.visited.chart().states) == 60
