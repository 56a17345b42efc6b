import dataclasses
import datetime
import json
import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from fbcore import BatchRuntime, Component, Graph, Out, Result, component
from fbcore.net.report import Outputs
from fbdev.run.document import document


@dataclasses.dataclass
class Point:
    x: int


class Model(BaseModel):
    when: datetime.date


class Opaque:
    def __repr__(self) -> str:
        return "<opaque>"


def document_of(result: Result) -> dict[str, Any]:
    """Return the document of a result, with all its outputs."""
    return dict(json.loads(document(result, result.outputs)))


def of_values(*values: Any) -> dict[str, Any]:
    """Return the document of a net that sends these values to its output `out`."""

    class Source(Component):
        out: Out[Any]

        async def run(self) -> None:
            for value in values:
                await self.out.send(value)

    graph = Graph("values")
    graph.add(Source).out >> graph.outputs.out
    return document_of(BatchRuntime(graph).run())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        (True, True),
        (2**80, 2**80),
        (1.5, 1.5),
        (math.nan, None),
        (math.inf, None),
        ("é\n", "é\n"),
        ("\ud800", "\ud800"),
        (b"\xff", "_w=="),
        ((1, 2), [1, 2]),
        ({1: "a"}, {"1": "a"}),
        (Point(1), {"x": 1}),
        ([Point(1)], [{"x": 1}]),
        (Model(when=datetime.date(2013, 1, 31)), {"when": "2013-01-31"}),
        (Path("a/b"), "a/b"),
        (Opaque(), "<opaque>"),
        ({"a": Opaque()}, {"a": "<opaque>"}),
    ],
)
def test_every_value_can_be_written(value: Any, written: Any) -> None:
    """What JSON has no form for is written as something near to it, and at last as its repr."""
    assert of_values(value)["outputs"] == {"out": [written]}


def test_a_value_that_holds_itself_can_be_written() -> None:
    """A circle is written as its repr."""
    circle: list[Any] = []
    circle.append(circle)
    assert of_values(circle)["outputs"] == {"out": ["[[...]]"]}


def test_the_document_says_how_the_net_ended() -> None:
    """The document holds outcome, time, and the counts of every node and edge."""
    found = of_values(1, 2)
    seconds = found.pop("seconds")
    assert 0 <= seconds < 10
    assert found == {
        "graph": "values",
        "outcome": "finished",
        "reason": "",
        "outputs": {"out": [1, 2]},
        "errors": [],
        "unread": {},
        "held": {},
        "unsent": {},
        "discarded": {},
        "dropped": {},
        "expired": {},
        "dead_letters": {},
        "fed": {},
        "retries": {},
        "restarts": {},
        "released": {},
        "forgotten": {},
        "abandoned": {},
        "outliving": [],
        "knot": [],
        "waits": {},
        "nodes": {"source": {"component": "source", "state": "ended", "in": 0, "out": 2}},
        "edges": {"source.out->outputs.out": {"packets": 2, "fill": 0, "capacity": None}},
    }


def test_the_document_says_what_failed() -> None:
    """Errors, and the packets that did not come out, are in the document with their addresses."""

    @component
    def divide(value: int) -> float:
        return 1 / value

    graph = Graph("failing")
    graph.inputs.value >> graph.add(divide).value
    graph["divide"].out >> graph.outputs.out
    found = document_of(BatchRuntime(graph).run(inputs={"value": 0}, raises=False))
    assert found["outcome"] == "failed"
    assert found["held"] == {"divide.value": 0}
    (error,) = found["errors"]
    assert error["address"] == "divide"
    assert error["what"].startswith("ZeroDivisionError: ")
    assert error["held"] == {"value": 0}
    assert error["traceback"].startswith("Traceback")


def test_the_document_is_one_line() -> None:
    """Documents can be gathered in one file, a line each."""

    @component
    def two_lines() -> str:
        return "a\nb"

    graph = Graph("lines")
    graph.add(two_lines).out >> graph.outputs.out
    result = BatchRuntime(graph).run()
    assert "\n" not in document(result, result.outputs)


def test_outputs_that_went_elsewhere_are_left_out() -> None:
    """An output that is in a file already is not in the document too."""

    @component
    def one() -> int:
        return 1

    graph = Graph("two")
    node = graph.add(one)
    node.out >> graph.outputs.a
    node.out >> graph.outputs.b
    result = BatchRuntime(graph).run()
    assert json.loads(document(result, Outputs({"b": result.outputs.b})))["outputs"] == {"b": [1]}
