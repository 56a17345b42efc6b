"""Tracebacks as text: of causes, of groups, and of nets that components run."""

import asyncio
import pickle

import pytest

from fbcore import BatchRuntime, Component, Each, Graph, In, NetError, NetSettings, NodeSettings, component
from fbcore.trace_text import trace_text


def failed(target, **inputs):
    """Run a component alone that fails, and return its error."""
    return BatchRuntime(target).run(inputs=inputs, raises=False).errors[0]


def frames(text: str) -> list[str]:
    return [line.split('"')[1] for line in text.splitlines() if line.lstrip(" |").startswith('File "')]


def test_causes_are_shown():
    """What an error came of stands before it, in the user's lines alone."""

    @component
    def parse(text: str) -> None:
        try:
            int(text)
        except ValueError as error:
            raise LookupError("no number") from error

    text = failed(parse, text="two").traceback
    assert "ValueError: invalid literal" in text
    assert "The above exception was the direct cause" in text
    assert text.endswith("LookupError: no number\n")
    assert set(frames(text)) == {__file__}


def test_groups_are_kept():
    """Each error of a group is there, without the lines that run nets; the group itself is the cause."""

    class Both(Component):
        async def run(self) -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.fails(ValueError("left")))
                tasks.create_task(self.fails(KeyError("right")))

        async def fails(self, error: Exception) -> None:
            await asyncio.sleep(0)
            raise error

    error = failed(Both)
    assert error.what == "ExceptionGroup: unhandled errors in a TaskGroup: ValueError: left; KeyError: 'right'"
    assert isinstance(error.cause, ExceptionGroup)
    assert [type(each) for each in error.cause.exceptions] == [ValueError, KeyError]
    for said in ("ValueError: left", "KeyError: 'right'", "+-+---------------- 1 ----------------"):
        assert said in error.traceback
    assert "fbcore" not in "".join(frames(error.traceback))


@component
def parse(text: str) -> int:
    return int(text)


@component
async def orders(text: str) -> None:
    graph = Graph("parsing")
    graph.inputs.text >> graph.add(parse).text
    graph["parse"].out >> graph.outputs.numbers
    await BatchRuntime(graph).arun(inputs={"text": Each([text])})


class Shop(Component):
    """Runs a net whose node runs a net."""

    text: In[str]

    async def run(self) -> None:
        await BatchRuntime(orders).arun(inputs={"text": await self.text.receive()})


def test_a_net_inside_a_node_shows_the_way():
    """The error names the nodes from the outer net to the innermost, and the traceback has each of them."""
    error = failed(Shop, text="two")
    assert error.address == "shop"
    assert error.what.startswith("NetError: orders/orders/parsing/parse: ValueError: invalid literal")
    text = error.traceback
    assert text.count("\nat orders/orders:\n") == text.count("\nat orders/orders/parsing/parse:\n") == 1
    assert text.rstrip().endswith("ValueError: invalid literal for int() with base 10: 'two'")
    assert set(frames(text)) == {__file__}


def test_it_survives_a_trip():
    """Pickled, as to another process, the error has its whole traceback as text, though no causes any more."""
    error = pickle.loads(pickle.dumps(failed(Shop, text="two")))
    assert error.cause is None
    assert "at orders/orders/parsing/parse:" in error.traceback
    carried = NetError("failed", "far", "", BatchRuntime(parse).run(inputs={"text": "1"}))
    carried.errors = ExceptionGroup("errors", [error])
    assert "\nat far/shop:\nTraceback" in trace_text(carried)


def test_an_error_that_leads_to_itself_ends():
    """A circle of causes is no endless text."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert trace_text(first).count("ValueError: first") == 1


@pytest.mark.parametrize("raises", [True, False])
def test_what_was_never_raised_has_no_heading(raises):
    """An error without frames is its last line alone."""
    error = ValueError("bare")
    if raises:
        try:
            raise error
        except ValueError:
            pass
    assert trace_text(error).startswith("Traceback") is raises


def test_the_loop_of_a_net_inside_is_no_business_of_the_user():
    """A function that runs a net of its own, and so a loop, shows the user's lines; those of a user's loop are kept."""

    @component
    def fails() -> None:
        raise ValueError("inside")

    @component
    def outer() -> None:
        BatchRuntime(fails).run()

    @component
    async def waits() -> None:
        await asyncio.wait_for(refuses(), 10)

    async def refuses() -> None:
        raise ValueError("at last")

    settings = NetSettings(nodes={"outer": NodeSettings(place="thread")})
    (error,) = BatchRuntime(outer, settings=settings).run(raises=False).errors
    assert set(frames(error.traceback)) == {__file__}
    assert len(frames(error.traceback)) == 2
    (error,) = BatchRuntime(waits).run(raises=False).errors
    assert any("asyncio" in file for file in frames(error.traceback))
