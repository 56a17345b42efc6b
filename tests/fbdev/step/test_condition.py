import pytest

from fbcore import Each, StepError
from fbdev.step.condition import condition
from tests.fbdev import nets
from tests.fbdev.step.conftest import MakeSession

MIXED = """
from typing import Any
from fbcore import Graph, component

@component
def same(value: Any) -> Any:
    return value

graph = Graph("mixed")
graph.inputs.value >> graph.add(same).value
graph["same"].out >> graph.outputs.out
"""


def stops_at(make_session: MakeSession, text: str) -> tuple[str, list[object]]:
    """Run a net of a few numbers to a condition, and return the step and what moved in it."""
    session = make_session(nets.FINISHED, count=5)
    session.run(condition(text, session.fsm))
    step = session.steps[-1]
    return step.name, [move.value for move in step.moves]


@pytest.mark.parametrize(
    ("text", "name", "moved"),
    [
        ("double", "double", []),
        ("node numbers", "numbers", []),
        ("double.out", "double", [0]),
        ("port double.out where value > 3", "double", [4]),
        ("edge numbers.out->double.value where value == 2", "numbers", [2]),
        ("numbers.out->double.value where node == 'double' and value == 1", "double", [1]),
        ("value == 6", "double", [6]),
        ("where edge.startswith('double') and value", "double", [2]),
    ],
)
def test_a_condition_is_met_where_it_says(make_session: MakeSession, text: str, name: str, moved: list[int]) -> None:
    """Addresses are found by themselves, and expressions see the value and where it moved."""
    assert stops_at(make_session, text) == (name, moved)


def test_a_condition_on_values_of_another_kind_is_not_met(make_session: MakeSession) -> None:
    """An expression that raises for one packet is asked about the next."""
    session = make_session(MIXED, {"value": Each(["text", None, 5])})
    assert session.run(condition("same.out where value > 3", session.fsm)) == "reached same.out where value > 3"
    assert [move.value for move in session.steps[-1].moves] == [5]


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("doubel", "'doubel' names no node, port or edge", "write one of: NODE, "),
        ("double.of", "'double.of' names no node, port or edge", "there are: double, double.value"),
        ("node doubel", "there is no node 'doubel'", "the nodes are: numbers, double"),
        ("port", "'port' wants something after it", "NODE.PORT"),
        ("time soon", "'soon' is no number", "write time 2.5"),
        ("step 1.5", "'1.5' is no number", "write step 40"),
        ("", "no condition was written", "where value > 3"),
        ("where value >", "'value >' is no expression", "an expression of Python"),
    ],
)
def test_a_wrong_condition_says_how_it_is_written(make_session: MakeSession, text: str, what: str, hint: str) -> None:
    """What cannot be read, or is not there, is refused with what could be written."""
    session = make_session(nets.FINISHED)
    with pytest.raises(StepError) as caught:
        condition(text, session.fsm)
    assert what in str(caught.value)
    assert hint in caught.value.hint
