import asyncio
import logging
import sys
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest

from fbcore import BatchRuntime, Each, Graph, NetError, PyFile, Result, SteppedLoop
from fbcore.loop import Seeded
from tests.components.py_files import DOUBLE, failure, feeds, graph_of, refusal, run, write

COPY = """
    # /// fbcore
    # [inputs]
    # value = "object"
    # [outputs]
    # out = "object"
    # ///
    """


def copying(path: Path, text: str) -> Path:
    """Write a file that has an input `value` and an output `out`."""
    write(path, COPY)
    with path.open("a", encoding="utf-8") as file:
        file.write(dedent(text))
    return path


def outputs_of(path: Path, *values: object, **configs: object) -> list[object]:
    """Return what a file sends by `out` when it is sent these values."""
    return run(PyFile(path), {"value": values}, **configs).outputs.out


# -- what is in scope ---------------------------------------------------------------------------------------


def test_ports_and_self_are_in_scope(tmp_path: Path) -> None:
    """Every port is there by its name and as an attribute of `self`, which can all that a component can."""
    text = """
        # /// fbcore
        # [inputs]
        # left = "int"
        # right = "int"
        # [configs]
        # factor = {type = "int", default = 10}
        # [outputs]
        # sums = "int"
        # ///
        async for a, b in self.zip(left, self.right):
            await sums.send(factor.value * a + b)
        assert self.net.name == "alone" and sums is self.sums
        """
    file = PyFile(write(tmp_path / "a.py", text))
    assert run(file, {"left": [1, 2], "right": [3, 4]}, factor="100").outputs.sums == [103, 204]


def test_what_python_gives_a_module_is_in_scope(tmp_path: Path) -> None:
    """`__file__` is the file, `__name__` is not `__main__`, and `__doc__` is the docstring."""
    path = copying(tmp_path / "a.py", "await out.send((__file__, __name__ == '__main__', __spec__.name == __name__))\n")
    assert outputs_of(path) == [(str(path), False, True)]


def test_functions_of_the_file_see_its_names(tmp_path: Path) -> None:
    """The body is that of a module: functions, classes and comprehensions see and change its names."""
    text = """
        count = 0

        async def pass_on(each):
            global count
            count += 1
            await out.send((each, count))

        [await pass_on(each) async for each in value]
        await out.send([count for _ in range(1)])
        """
    assert outputs_of(copying(tmp_path / "a.py", text), "x", "y") == [("x", 1), ("y", 2), [2]]


def test_a_body_may_receive_as_it_likes(tmp_path: Path) -> None:
    """EndOfStream that leaves the body is a normal end, and so is a task of the node."""
    text = """
        async def send_twice():
            first = await value.receive()
            await out.send(first)
            await out.send(first)

        self.tasks.create_task(send_twice())
        """
    assert outputs_of(copying(tmp_path / "a.py", text), 1) == [1, 1]
    assert outputs_of(copying(tmp_path / "b.py", "while True:\n    await out.send(await value.receive())\n"), 1) == [1]


def test_dataclasses_with_late_annotations_work(tmp_path: Path) -> None:
    """What looks for the module of a class by its name finds it, while the body runs and no longer."""
    text = """
        from __future__ import annotations
        # /// fbcore
        # [outputs]
        # out = "object"
        # ///
        import sys
        from dataclasses import dataclass, field

        @dataclass
        class Point:
            x: int = field(default=1)

        await out.send((Point(), vars(sys.modules[__name__])["Point"] is Point))
        """
    ((point, is_found),) = run(PyFile(write(tmp_path / "a.py", text))).outputs.out
    assert (point.x, type(point).__annotations__, is_found) == (1, {"x": "int"}, True)
    assert type(point).__module__ not in sys.modules


# -- imports ------------------------------------------------------------------------------------------------


def test_relative_imports_work_in_a_package(tmp_path: Path) -> None:
    """A file in a package imports from its own folder, from the one above, and by the package's full name."""
    package = tmp_path / "a_package_of_steps"
    write(package / "__init__.py", "NAME = 'top'\n")
    write(package / "beside.py", "NAME = 'beside'\n")
    write(package / "deep/__init__.py", "")
    write(package / "deep/near.py", "from ..beside import NAME\n")
    text = """
        from . import near
        from .. import NAME as top
        from ..beside import NAME as beside
        import a_package_of_steps.beside as absolute
        await out.send([near.NAME, top, beside, absolute.NAME, __package__])
        """
    path = copying(package / "deep/step.py", text)
    before = list(sys.path)
    assert outputs_of(path) == [["beside", "top", "beside", "beside", "a_package_of_steps.deep"]]
    assert sys.path == before


def test_neighbours_are_imported_without_a_package(tmp_path: Path) -> None:
    """A file beside no `__init__.py` imports its neighbours relatively, and by their plain names as scripts do."""
    for side in ("left", "right"):
        write(tmp_path / side / "neighbour_of_a_body.py", f"SIDE = '{side}'\n")
        text = """
            from .neighbour_of_a_body import SIDE as near
            async for _ in value:
                from neighbour_of_a_body import SIDE
                await out.send((SIDE, near))
            """
        assert outputs_of(copying(tmp_path / side / "step.py", text), 1, 2) == [(side, side)] * 2
    assert not {str(tmp_path / side) for side in ("left", "right")} & set(sys.path)


def test_a_package_that_is_hidden_is_told(tmp_path: Path) -> None:
    """When another package of the name is loaded, relative imports would go astray."""
    write(tmp_path / "json/__init__.py", "")
    error = failure(PyFile(copying(tmp_path / "json/step.py", "await out.send(1)\n")), {"value": []})
    assert "its package json is hidden by another" in error.what


# -- errors -------------------------------------------------------------------------------------------------


def test_an_error_is_told_with_its_line(tmp_path: Path) -> None:
    """What leaves the body becomes the error of the node, with the file's line, its source and what was held."""
    text = """
        def halve(number):
            return 10 / number

        async for number in value:
            await out.send(halve(number))
        """
    path = copying(tmp_path / "a.py", text)
    error = failure(PyFile(path), {"value": [1, 0]})
    assert error.what == "ZeroDivisionError: division by zero (a.py:9)"
    assert error.held == {"value": 0}
    frames = [line.strip() for line in error.traceback.splitlines() if not set(line) <= set(" ~^")]
    assert frames == [
        "Traceback (most recent call last):",
        f'File "{path}", line 12, in <module>',
        "await out.send(halve(number))",
        f'File "{path}", line 9, in halve',
        "return 10 / number",
        "ZeroDivisionError: division by zero",
    ]


@pytest.mark.parametrize("text", ["import no_such_thing", "from .no_such_thing import x"])
def test_an_import_that_fails_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    """The line is the file's, not one of the machinery that imports."""
    error = failure(PyFile(copying(tmp_path / "a.py", f"work = 1\n{text}\n")), {"value": []})
    assert error.what.startswith("ModuleNotFoundError: No module named ")
    assert error.what.endswith("(a.py:8)")


def test_an_error_in_a_neighbour_is_told_with_its_line(tmp_path: Path) -> None:
    """So is what a neighbour raises, while it is imported or later."""
    write(tmp_path / "raising_neighbour_of_a_body.py", "x = 1\nraise ValueError('no')\n")
    error = failure(PyFile(copying(tmp_path / "a.py", "work = 1\nimport raising_neighbour_of_a_body\n")), {"value": []})
    assert error.what == "ValueError: no (raising_neighbour_of_a_body.py:2)"


def test_an_error_can_be_taken_by_the_port_error(tmp_path: Path) -> None:
    """A connected `error` takes the failure, as for every component."""
    graph = graph_of(PyFile(copying(tmp_path / "a.py", "raise ValueError(await value.receive())\n")))
    graph["it"].error >> graph.outputs.errors
    result = BatchRuntime(graph).run(inputs={"value": Each(["x"])})
    assert [failure.value for failure in result.outputs.errors] == ["x"]


# -- several at once ----------------------------------------------------------------------------------------

COUNTING = """
    numbers = globals().setdefault("numbers", [])
    async for each in value:
        numbers.append(each)
        await out.send(list(numbers))
    """


def test_two_nodes_of_a_file_share_no_names(tmp_path: Path) -> None:
    """Every node runs the body with names of its own, though they take turns, and so does every run of a net."""
    file = PyFile(copying(tmp_path / "a.py", COUNTING))
    graph = Graph("two")
    for side in ("left", "right"):
        node = graph.add(file, side)
        graph.inputs[f"to_{side}"] >> node.value
        node.out >> graph.outputs[f"from_{side}"]
    for _ in range(2):
        result = BatchRuntime(graph).run(inputs=feeds({"to_left": [1, 2], "to_right": [3, 4]}))
        assert result.outputs.from_left == [[1], [1, 2]]
        assert result.outputs.from_right == [[3], [3, 4]]


def test_two_nets_at_once(tmp_path: Path) -> None:
    """Nets that run side by side on one loop, of one graph, have nothing to do with each other."""
    graph = graph_of(PyFile(copying(tmp_path / "a.py", COUNTING)))

    async def both() -> list[Result]:
        runs = (BatchRuntime(graph).arun(inputs={"value": Each([n, n])}) for n in (1, 2))
        return list(await asyncio.gather(*runs))

    assert [result.outputs.out for result in asyncio.run(both())] == [[[n], [n, n]] for n in (1, 2)]


# -- as any other component ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_body_is_stepped(tmp_path: Path, seed: int) -> None:
    """A body runs on a stepped loop in any order of steps, in virtual time."""
    text = """
        import asyncio
        async for each in value:
            await asyncio.sleep(3600)
            await out.send(each)
        """
    graph = graph_of(PyFile(copying(tmp_path / "a.py", text)))
    with asyncio.Runner(loop_factory=lambda: SteppedLoop(Seeded(seed))) as runner:
        result = runner.run(BatchRuntime(graph).arun(inputs={"value": Each(range(20))}))
    assert result.outputs.out == list(range(20))
    assert result.seconds == 20 * 3600


def test_a_body_ends_when_nobody_takes_any_more(tmp_path: Path) -> None:
    """EndOfDemand that leaves the body is a normal end."""
    graph = Graph("net")
    source = write(
        tmp_path / "a.py",
        """
        # /// fbcore
        # [outputs]
        # number = "int"
        # ///
        from itertools import count
        for each in count():
            await number.send(each)
        """,
    )
    taker = copying(tmp_path / "b.py", "await out.send(await value.receive())\n")
    first, second = graph.add(PyFile(source)), graph.add(PyFile(taker))
    first.number >> second.value
    second.out >> graph.outputs.out
    assert BatchRuntime(graph).run(time_limit=100).outputs.out == [0]


def test_a_body_is_cancelled(tmp_path: Path) -> None:
    """A net that is stopped cancels what a body waits for, and the body can tidy up."""
    text = """
        import asyncio, logging
        try:
            await asyncio.Event().wait()
        finally:
            logging.getLogger("tidied").warning("up")
        """
    graph = graph_of(PyFile(copying(tmp_path / "a.py", text)))
    heard: list[logging.LogRecord] = []
    log = logging.getLogger("tidied")
    log.addFilter(lambda record: bool(heard.append(record)))
    with asyncio.Runner(loop_factory=SteppedLoop) as runner, pytest.raises(NetError, match="waits"):
        runner.run(BatchRuntime(graph).arun(inputs={"value": Each([])}, time_limit=1))
    assert len(heard) == 1


# -- bodies that are none -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", '"""Text."""\nimport sys\n', "async def work():\n    await value.receive()\n"])
def test_a_body_without_work_is_refused(tmp_path: Path, text: str) -> None:
    """A file that only imports and defines would do nothing, and is refused."""
    error = refusal(copying(tmp_path / "a.py", text))
    assert error.what == "its body does no work"
    assert "at the top level" in error.hint


def test_a_body_that_hides_its_work_in_main_is_refused(tmp_path: Path) -> None:
    """A block and a `main`: whoever wrote both learns how to have the one that does the work."""
    assert 'entry="main"' in refusal(copying(tmp_path / "a.py", "def main(value): ...\n")).hint


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("x = (\n", "'(' was never closed", ""),
        ("if 1:\n    return\n", "'return' outside function", "under an `if`"),
        ("yield 1\n", "'yield' outside function", "out.send"),
        ("def f():\n    await value\nx = 1\n", "'await' outside async function", "async def"),
    ],
)
def test_a_body_that_is_no_python_is_refused_with_its_line(tmp_path: Path, text: str, what: str, hint: str) -> None:
    """A syntax error is told when the graph is declared, with its line."""
    path = copying(tmp_path / "a.py", text)
    with pytest.raises(Exception, match="SyntaxError") as caught:
        PyFile(path)
    assert caught.value.what == f"SyntaxError: {what}"
    assert caught.value.address.startswith(f"{path}:{8 if 'if' in text or 'def' in text else 7}")
    assert hint in caught.value.hint


def test_doubling_at_any_capacity(tmp_path: Path) -> None:
    """The capacity of the edges around a body changes nothing."""
    file = PyFile(write(tmp_path / "double.py", DOUBLE))
    for capacity in (1, 2, 64, None):
        graph = Graph("chain")
        nodes = [graph.add(file, f"n{each}") for each in range(4)]
        graph.inputs.number >> nodes[0].number
        for left, right in pairwise(nodes):
            graph.connect(left.doubled, right.number, capacity=capacity)
        nodes[-1].doubled >> graph.outputs.numbers
        result = BatchRuntime(graph).run(inputs={"number": Each(range(200))})
        assert result.outputs.numbers == [16 * each for each in range(200)]
