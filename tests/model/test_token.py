"""Graphs that are declared as state machines: what would double the token or lose it is found before they run."""

from __future__ import annotations

import pytest

from fbcore import Component, CompositeComponent, Config, Failure, Graph, GraphError, In, Missing, Out, component


@component
def state(token: int) -> int:
    return token


@component
def both(left: int, right: int) -> int:
    return left + right


@component(fires="any")
def either(left: int | Missing, right: int | Missing) -> int:
    return 0


@component
def made() -> int:
    return 1


@component
def last(token: int) -> None:
    """Take the token, and keep it."""


class Ways(Component):
    token: In[int]
    extra: In[int] = In(optional=True)
    strength: Config[int] = Config(default=1)
    one: Out[int]
    other: Out[int]

    async def run(self) -> None:
        """Nobody runs it here."""


def found(graph: Graph) -> list[tuple[str, str]]:
    """Return the errors in a graph: where, and what."""
    try:
        graph.validate()
    except GraphError as error:
        return [(problem.address, problem.what) for problem in error.problems if problem.is_error]
    return []


def machine() -> Graph:
    """Make a sound machine of two states."""
    graph = Graph("machine", token=True)
    ways, back = graph.add(Ways), graph.add(state)
    graph.inputs.begin >> ways.token
    ways.one >> back.token
    back.out >> ways.token
    ways.other >> graph.outputs.end
    return graph


def test_a_sound_machine_has_no_problem():
    """Several ways into a state, and a way back, are what a machine is made of."""
    assert machine().validate() == []
    assert machine().token
    assert not Graph("other").token


def test_a_fan_out_would_double_the_token():
    """An output that feeds two ports is refused, also at the border and at `error`."""
    graph = machine()
    graph["ways"].one >> graph.outputs.seen
    assert found(graph) == [("ways.one->outputs.seen", "a fan-out would double the token of a state machine")]
    graph = Graph("split", token=True)
    for name in ("one", "two"):
        graph.inputs.begin >> graph.add(state, name).token
        graph[name].out >> graph.outputs.end
    assert found(graph) == [("inputs.begin->two.token", "a fan-out would double the token of a state machine")]

    @component
    def mend(failure: Failure) -> int:
        return 0

    graph = machine()
    graph["state"].error >> graph.add(mend).failure
    graph["state"].error >> graph.outputs.failures
    graph["mend"].out >> graph.outputs.end
    assert found(graph) == [("state.error->outputs.failures", "a fan-out would double the token of a state machine")]


def test_a_function_that_waits_for_two_inputs_is_refused():
    """A second packet would never come; with fires="any" the function needs only one."""
    graph = machine()
    join = graph.add(both)
    graph["ways"].other >> join.left
    graph["state"].error >> join.right
    join.out >> graph.outputs.end
    addresses = dict(found(graph))
    assert addresses["both"] == "it waits for left and right at once, and there is one token only"
    graph = Graph("any", token=True)
    ways, node = graph.add(Ways), graph.add(either)
    graph.inputs.begin >> ways.token
    ways.one >> node.left
    ways.other >> node.right
    node.out >> graph.outputs.end
    assert found(graph) == []


def test_an_output_that_nobody_takes_would_lose_it():
    """What is a warning in other graphs is an error in a machine."""
    graph = Graph("open", token=True)
    graph.inputs.begin >> graph.add(Ways).token
    graph["ways"].one >> graph.outputs.end
    assert found(graph) == [("ways.other", "nothing is connected to this output: the token would be lost here")]


@pytest.mark.parametrize("second", ["input", "initial", "source"])
def test_the_token_comes_from_one_place(second):
    """Two places that a token can come from are one too many, whatever they are."""
    graph = machine()
    if second == "input":
        graph.inputs.other >> graph["ways"].extra
    elif second == "initial":
        graph.initial(3) >> graph["ways"].extra
    else:
        graph.add(made).out >> graph["ways"].extra
    ((address, what),) = found(graph)
    assert address == {"input": "inputs.other", "initial": "initial.0", "source": "made"}[second]
    assert what.startswith("the token can come from here, and from inputs.begin too (")


def test_a_token_must_come_from_somewhere():
    """A circle that nothing leads into has no token."""
    graph = Graph("circle", token=True)
    node, other = graph.add(state, "one"), graph.add(state, "two")
    node.out >> other.token
    other.out >> node.token
    assert found(graph) == [("circle", "there is no place that the token could come from")]


def test_messages_signals_and_configs_are_no_ways_for_a_token():
    """What is no data is a second packet, and what a config takes does not come back."""
    graph = machine()
    graph["ways"].started >> graph["state"].execute
    assert found(graph) == [
        (
            "ways.started->state.execute",
            "messages and signals are packets besides the token, and a state machine has one only",
        )
    ]
    graph = machine()
    graph.add(state, "third").out >> graph["ways"].strength
    graph["ways"].error >> graph["third"].token
    assert ("third.out->ways.strength", "a config would take the token, and not give it back") in found(graph)


def test_configs_and_initial_packets_for_configs_are_no_tokens():
    """A config may feed many nodes, and have an initial packet."""
    graph = machine()
    more = graph.add(Ways, "more")
    graph["state"].error >> more.token
    more.one >> graph.outputs.end
    more.other >> graph.outputs.end
    graph.configs.strength >> more.strength
    graph.initial(3) >> graph["ways"].strength
    assert [what for _, what in found(graph)] == ["Failure does not fit int"]


def test_all_problems_are_found_at_once():
    """Each has its place and its mend, like the problems of other graphs."""
    graph = machine()
    graph["ways"].one >> graph.outputs.seen
    graph.inputs.other >> graph["ways"].extra
    with pytest.raises(GraphError) as caught:
        graph.validate()
    assert len(caught.value.problems) == 2
    assert "test_token.py:" in str(caught.value)
    assert "give the state another output for this way" in str(caught.value)
    assert "a state machine has one token: let it come from one place" in str(caught.value)


def test_what_is_inside_a_composite_is_checked_too():
    """The token comes by in there as well; and a machine that is made a component stays one."""

    class Inside(CompositeComponent):
        token: In[int]
        one: Out[int]
        two: Out[int]

        def build(self, graph: Graph) -> None:
            node = graph.add(state)
            graph.inputs.token >> node.token
            node.out >> graph.outputs.one
            node.out >> graph.outputs.two

    graph = Graph("outside", token=True)
    node = graph.add(Inside)
    graph.inputs.begin >> node.token
    node.one >> graph.outputs.end
    node.two >> graph.outputs.end
    assert [address for address, _ in found(graph)] == ["inside.state.out->outputs.two"]
    graph = Graph("plain")
    node = graph.add(machine().as_component())
    graph.inputs.begin >> node.begin
    node.end >> graph.outputs.end
    assert found(graph) == []
    wrong = machine()
    wrong["ways"].one >> wrong.outputs.seen
    graph = Graph("plain")
    node = graph.add(wrong.as_component("wrong"))
    graph.inputs.begin >> node.begin
    node.end >> graph.outputs.end
    assert [address for address, _ in found(graph)] == ["wrong.ways.one->outputs.seen"]
