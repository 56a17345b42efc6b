"""Functions that policies ask: one that is a coroutine would be taken for an answer, and is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from fbcore import Concurrency, EdgeSettings, End, FlowError, Graph, component


async def later(_: Any) -> bool:
    return False


class Later:
    """An object that is called as a function is."""

    async def __call__(self, _: Any) -> bool:
        return False


@component
def double(number: int) -> int:
    return 2 * number


def connected(**policies: Any) -> Graph:
    graph = Graph("asking")
    graph.connect(graph.inputs.number, graph.add(double).number, **policies)
    return graph


@pytest.mark.parametrize("function", [later, Later(), "tests.orchestration.test_answers.later"])
@pytest.mark.parametrize(
    "make",
    [
        lambda function: End(healthy=function),
        lambda function: Concurrency(2, key=function),
        lambda function: EdgeSettings(priority=function),
        lambda function: EdgeSettings(bytes=5, size=function),
        lambda function: connected(priority=function),
    ],
)
def test_a_coroutine_is_no_answer(make: Callable[[Any], Any], function: Any) -> None:
    """A node whose check of health is async would be healthy for ever, and each packet have a key of its own."""
    with pytest.raises(FlowError) as caught:
        make(function)
    assert isinstance(function, str) or "not `async def`" in caught.value.hint


def test_what_answers_at_once_is_asked() -> None:
    """Functions, and objects that are called as such."""
    assert End(healthy=bool).healthy is bool
    assert Concurrency(2, key=abs).key is abs
