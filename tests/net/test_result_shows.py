"""A result shows itself: as text, as a short `repr`, in a notebook, and on a terminal."""

import asyncio
import io
import subprocess
import sys
from typing import Any

import pytest
from rich.console import Console

from fbcore import BatchRuntime, Component, Each, Graph, In, Out, Result, component
from fbcore.net.result_sheet import sheet_of


@component
def parse(text: str) -> int:
    return int(text)


@component
def half(number: int) -> int:
    return number // 2


def halving() -> Graph:
    graph = Graph("halving")
    read, halve = graph.add(parse), graph.add(half)
    graph.inputs.text >> read.text
    graph.connect(read.out, halve.number, capacity=2)
    read.out >> graph.outputs.whole
    halve.out >> graph.outputs.halved
    return graph


def halved(*texts: str) -> Result:
    return BatchRuntime(halving()).run(inputs={"text": Each(texts)}, raises=False)


def left_early() -> Result:
    async def main() -> Result:
        async with BatchRuntime(halving()).stream(inputs={"text": Each("123456789")}) as results:
            await anext(results)
        return results.result

    return asyncio.run(main())


def tables(result: Result) -> dict[str, list[tuple[str, ...]]]:
    return {table.title: list(table.rows) for table in sheet_of(result).tables}


def on_terminal(result: Result, width: int = 100) -> str:
    file = io.StringIO()
    Console(file=file, width=width).print(result)
    return file.getvalue()


def test_the_text_of_a_result_is_its_summary():
    """`print(result)` says how it ended and where packets went."""
    result = halved("1", "x")
    assert str(result) == result.summary()
    assert f"{result}".startswith("halving: failed after ")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (lambda: halved("1", "3"), "<Result of halving: finished; whole 2, halved 2>"),
        (halved, "<Result of halving: finished; whole 0, halved 0>"),
        (lambda: halved("8", "x", "9"), "<Result of halving: failed; whole 1, halved 0, 3 left behind, 1 failed>"),
    ],
)
def test_a_repr_is_short_and_says_what_is_wrong(result, text):
    """Outcome, packets of each output, what was left behind, what failed: and no values, however many there are."""
    assert repr(result()) == text


def test_the_repr_of_a_stream_counts_what_was_read():
    """The values are with whoever read them."""
    assert repr(left_early()).startswith("<Result of halving: stopped; whole 1 read, halved 0 read, ")


def test_a_good_result_shows_outputs_and_nodes():
    """Counts, the first values, and what every node received and sent."""
    result = halved("1", "3", "5", "7")
    sheet = sheet_of(result)
    assert (sheet.name, sheet.verdict, sheet.tone, sheet.reason) == ("halving", "finished", "good", "")
    assert tables(result) == {
        "outputs": [("whole", "4", "1, 3, 5, …"), ("halved", "4", "0, 1, 2, …")],
        "3 nodes": [
            ("parse", "parse", "ended", "4", "4"),
            ("half", "half", "ended", "4", "4"),
            ("inputs.text", "input", "ended", "0", "4"),
        ],
    }


def test_a_failed_result_shows_errors_and_what_was_left_behind():
    """Each error with its hint, and its traceback where there is room for it."""
    result = halved("8", "x", "9")
    shown = tables(result)
    assert list(shown) == ["errors", "outputs", "left behind", "3 nodes"]
    (node, what), (_, hint) = shown["errors"]
    assert (node, what.partition(" (")[0]) == ("parse", "ValueError: invalid literal for int() with base 10: 'x'")
    assert hint.startswith("hint: mend the component, or connect `parse.error`")
    assert shown["left behind"] == [
        ("unread", "inputs.text->parse.text", "1 of 64", "'9'"),
        ("unread", "parse.out->half.number", "1 of 2", "8"),
        ("held", "parse.text", "1", "'x'"),
    ]
    assert "Traceback (most recent call last)" in result._repr_html_()
    assert sheet_of(result).tone == "bad"


def test_a_deadlock_shows_its_circle_and_the_waits():
    """The edge that is full stands there as full."""

    class Doubles(Component):
        number: In[int]
        again: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await self.again.send(number)
                await self.again.send(number)

    graph = Graph("ring")
    node = graph.add(Doubles)
    graph.inputs.number >> node.number
    graph.connect(node.again, node.number, capacity=2)
    shown = tables(BatchRuntime(graph).run(inputs={"number": 1}, raises=False))
    assert shown["circle of waits"] == [("doubles → doubles.again->doubles.number → doubles",)]
    assert shown["what nodes waited for"] == [("doubles", "room on doubles.again->doubles.number (2 of 2)")]
    assert ("unread", "doubles.again->doubles.number", "2 of 2", "1, 1") in shown["left behind"]


def test_a_stream_shows_what_was_read_and_why_it_stopped():
    """The reader left: that is neither good nor bad."""
    result = left_early()
    assert tables(result)["read as a stream"] == [("whole", "1"), ("halved", "0")]
    assert (sheet_of(result).tone, sheet_of(result).reason) == ("doubtful", "its reader left the stream")


def test_discarded_packets_are_counted():
    """They have no values any more."""
    graph = Graph("spare")
    graph.inputs.text >> graph.add(parse).text
    result = BatchRuntime(graph).run(inputs={"text": Each("12")})
    assert tables(result)["left behind"] == [("discarded", "parse.out", "2", "")]


def test_a_large_net_is_shown_in_few_lines():
    """Of many nodes the first are shown, folded; the others are counted."""
    graph = Graph("chain")
    end: Any = graph.inputs.number
    for index in range(60):
        node = graph.add(half, f"half_{index}")
        end >> node.number
        end = node.out
    end >> graph.outputs.halved
    result = BatchRuntime(graph).run(inputs={"number": 1})
    nodes = sheet_of(result).tables[-1]
    assert (nodes.title, len(nodes.rows), nodes.more, nodes.folded) == ("61 nodes", 20, 41, True)
    assert len(on_terminal(result).splitlines()) < 30
    assert "<details" in result._repr_html_()


def test_values_that_cannot_be_shown_do_no_harm():
    """A `repr` that raises, one of many lines, one that would steer the terminal, and one as long as a book."""

    class Evil:
        def __init__(self, text: str | None) -> None:
            self.text = text

        def __repr__(self) -> str:
            if self.text is None:
                raise ValueError("no repr")
            return self.text

    values = [Evil(None), Evil("two\nlines"), Evil("\x1b[31mred\x07")]
    graph = Graph("evil")
    graph.inputs.value >> graph.outputs.values
    graph.inputs.number >> graph.add(half).number
    result = BatchRuntime(graph).run(inputs={"value": Each(values), "number": 1})
    ((_, count, shown),) = tables(result)["outputs"]
    assert count == "3"
    assert "two lines" in shown
    assert not set("\x1b\x07\n") & set(shown)
    assert "\x1b" not in on_terminal(result)
    book = BatchRuntime(graph).run(inputs={"value": Each(["x" * 100_000]), "number": 1})
    assert len(book._repr_html_()) < 10_000


def test_it_is_printed_by_rich_as_a_table():
    """`rich.print(result)` finds it by its protocol."""
    lines = on_terminal(halved("8", "x", "9")).splitlines()
    assert lines[0].startswith("halving: failed after ")
    assert lines[1:3] == ["errors", "  node   error"]
    assert ["held", "parse.text", "1", "'x'"] in [line.split() for line in lines]


def test_showing_a_result_imports_nothing_but_when_it_is_shown():
    """`import fbcore` loads neither rich nor what draws results."""
    source = "import sys, fbcore; print(sorted(each for each in sys.modules if 'rich' in each or 'sheet' in each))"
    assert subprocess.run([sys.executable, "-c", source], check=True, capture_output=True, text=True).stdout == "[]\n"
