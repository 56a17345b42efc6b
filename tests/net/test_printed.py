"""What nodes print becomes lines of the log where settings ask for it, and nowhere else."""

import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    FSMRuntime,
    Graph,
    In,
    JsonLines,
    NetSettings,
    NodeSettings,
    Signal,
    component,
)
from fbcore.net import printed as printed_in
from fbcore.net.printed import Printed

LOGGED = NetSettings(nodes={"logged": NodeSettings(stdout="log")})


class Keeps(logging.Handler):
    """Keeps what is logged of what was printed: the address, the packet, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.printed: list[tuple[str, str, str]] = []
        self.files: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "event", "") == "stdout":
            context: Any = getattr(record, "fbcore", None)
            self.printed.append((context.path, context.packet, record.getMessage()))
            self.files.add(record.filename)

    @property
    def texts(self) -> list[str]:
        return [text for *_, text in self.printed]


@pytest.fixture
def log() -> Iterator[Keeps]:
    """The log while a test runs; and afterwards nobody stands for `sys.stdout`."""
    keeps, ours = Keeps(), logging.getLogger("fbcore")
    ours.addHandler(keeps)
    ours.setLevel(logging.INFO)
    before = sys.stdout
    yield keeps
    ours.removeHandler(keeps)
    ours.setLevel(logging.NOTSET)
    assert sys.stdout is before


def printing(work: Any, *ids: str) -> Graph:
    """A net of nodes that print, each behind the input `number`."""

    class Prints(Component):
        number: In[int]

        async def run(self) -> None:
            async for number in self.number:
                found = work(number)
                if asyncio.iscoroutine(found):
                    await found

    graph = Graph("press")
    for id in ids or ("logged",):
        graph.inputs.number >> graph.add(Prints, id).number
    return graph


def run(graph: Graph, settings: NetSettings = LOGGED, **options: Any) -> None:
    BatchRuntime(graph, settings=settings).run(inputs={"number": Each([1, 2])}, **options)


def test_what_one_node_prints_is_logged_and_what_another_prints_is_not(log, capsys):
    """By the node's own context: net, address and packet; the stream of all others is left alone."""
    run(printing(lambda number: print("at", number), "logged", "loud"))
    assert log.printed == [
        ("press/logged", "inputs.number->logged.number#0", "at 1"),
        ("press/logged", "inputs.number->logged.number#1", "at 2"),
    ]
    assert log.files == {"test_printed.py"}
    assert capsys.readouterr().out == "at 1\nat 2\n"


def test_a_function_in_batches_prints_into_the_log(log, capsys):
    """Each firing with its own packet."""

    @component
    def logged(number: int) -> int:
        print("at", number)
        return number

    graph = Graph("press")
    graph.inputs.number >> graph.add(logged).number
    graph["logged"].out >> graph.outputs.out
    run(graph)
    assert [packet for _, packet, _ in log.printed] == ["inputs.number#0", "inputs.number#1"]
    assert capsys.readouterr().out == ""


def test_a_node_that_asks_for_nothing_prints_as_ever(log, capsys):
    """Without the setting nobody stands for the stream, not even while the net runs."""
    seen = []
    run(printing(lambda number: seen.append(sys.stdout)), NetSettings())
    assert not any(isinstance(each, Printed) for each in seen)
    assert capsys.readouterr().out == log.texts.__repr__()[2:]


@pytest.mark.parametrize(
    ("write", "lines"),
    [
        (lambda number: print("a", end=""), ["aa"]),
        (lambda number: print("a\nb", "c\n"), ["a", "b c", "", "a", "b c", ""]),
        (lambda number: print("a", end="\r\n"), ["a", "a"]),
        (lambda number: sys.stdout.writelines(["a", "b\n"]), ["ab", "ab"]),
        (lambda number: sys.stdout.write(""), []),
        (lambda number: print("ü"), ["ü"] * 2),
        (lambda number: print("x" * 25_000), ["x" * 10_000, "x" * 10_000, "x" * 5_000] * 2),
        (lambda number: print(flush=True, end="half"), ["halfhalf"]),
    ],
)
def test_lines_are_whole(log, capsys, write, lines):
    """Pieces are gathered until the line ends, or the net does; a line that is too long comes in parts."""
    run(printing(write))
    assert log.texts == lines
    assert capsys.readouterr().out == ""


def test_firings_at_once_do_not_mix_their_lines(log, capsys):
    """Each has its own, though they take turns in the middle of it; what is left of one is logged when it is done."""

    @component
    async def logged(number: int) -> None:
        print("begin", number, end=", ")
        await asyncio.sleep(0)
        print("end", number, end="")

    settings = NetSettings(nodes={"logged": NodeSettings(stdout="log", concurrency=4)})
    graph = Graph("press")
    graph.inputs.number >> graph.add(logged).number
    run(graph, settings)
    assert sorted(log.printed) == [
        ("press/logged", "inputs.number#0", "begin 1, end 1"),
        ("press/logged", "inputs.number#1", "begin 2, end 2"),
    ]


def test_half_a_line_is_logged_when_its_node_ends(log, capsys):
    """Not when the whole net does, which may take days; and it comes from nowhere in our own code."""
    seen = []

    class Waits(Component):
        ended: Signal

        async def run(self) -> None:
            async for _ in self.ended:
                seen.extend(log.texts)

    graph = printing(lambda number: print("half a line", number, end=""))
    graph["logged"].stopped >> graph.add(Waits).ended
    run(graph)
    assert seen == log.texts == ["half a line 1half a line 2"]
    record = logging.makeLogRecord({"pathname": printed_in.__file__, "event": "stdout"})
    assert "at" not in json.loads(JsonLines().format(record))


def test_packets_whose_threads_print_half_lines_do_not_mix(log, capsys):
    """A thread of a pool that works on one packet after the other begins a new line for each."""

    async def prints(number: int) -> None:
        await asyncio.to_thread(print, number, end="")

    run(printing(prints))
    assert log.texts == ["1", "2"]


def test_lines_that_never_end_are_not_kept_for_ever(log, capsys, monkeypatch):
    """Of more than a hundred that were begun the oldest are logged as they are."""
    monkeypatch.setattr(printed_in, "_MOST", 3)

    class Logged(Component):
        number: In[int]

        async def run(self) -> None:
            async with asyncio.TaskGroup() as tasks:
                for number in range(5):
                    tasks.create_task(self.child(number))

        async def child(self, number: int) -> None:
            print(number, end="")
            await asyncio.sleep(0)
            seen.append(list(log.texts))

    seen: list[list[str]] = []
    graph = Graph("press")
    graph.inputs.number >> graph.add(Logged).number
    run(graph)
    assert seen[0] == ["0", "1"]
    assert log.texts == ["0", "1", "2", "3", "4"]


def test_a_task_that_prints_all_day_is_remembered_once(log, capsys):
    """Each line that is begun and ended leaves nothing behind with the task that prints it."""

    def prints(number: int) -> None:
        for _ in range(10):
            print("half", end=" ")
            print("whole")
        callbacks.append(len(asyncio.current_task()._callbacks))

    callbacks: list[int] = []
    run(printing(prints))
    assert callbacks[0] == callbacks[1]
    assert callbacks[0] < 10


def test_what_is_destroyed_while_a_line_is_written_may_print_too(log, capsys):
    """The garbage collector comes when it likes, in the middle of a print."""

    class Prints(str):
        def __radd__(self, other: str) -> str:
            print("in between")
            return other + str(self)

    def prints(number: int) -> None:
        print("half a line", end="")
        sys.stdout.write(Prints(", whole\n"))

    run(printing(prints))
    assert log.texts == ["in between", "half a line, whole"] * 2


def test_the_stream_is_what_it_was_to_all_others(log, capsys):
    """Attributes are those of the stream; to the node that is logged it is no terminal."""

    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    seen: dict[str, Any] = {}

    def look(number: int) -> None:
        seen["inside"] = sys.stdout.isatty(), sys.stdout.encoding

    with redirect_stdout(Terminal()) as terminal:
        runtime = BatchRuntime(printing(look), settings=LOGGED)

        def progress(snapshot: Any) -> None:
            seen["outside"] = sys.stdout.isatty(), sys.stdout.encoding
            print("progress", file=sys.stdout)

        async def main() -> None:
            asyncio.get_running_loop().call_soon(progress, None)
            await runtime.arun(inputs={"number": 1})

        asyncio.run(main())
    assert seen == {"inside": (False, "utf-8"), "outside": (True, "utf-8")}
    assert terminal.getvalue() == "progress\n"


def test_tasks_and_threads_print_where_they_belong(log, capsys):
    """What has the context of the node is logged; a plain thread has none, unless it is given one."""

    class Begins(Component):
        number: In[int]

        async def run(self) -> None:
            await self.number.receive()
            self.tasks.create_task(self.child())
            await asyncio.to_thread(print, "thread of asyncio")
            for target in (print, self.log.context.run):
                args = ("plain",) if target is print else (print, "given")
                thread = threading.Thread(target=target, args=args)
                thread.start()
                thread.join()

        async def child(self) -> None:
            print("child")

    graph = Graph("press")
    graph.inputs.number >> graph.add(Begins, "logged").number
    run(graph)
    assert sorted(log.texts) == ["child", "given", "thread of asyncio"]
    assert capsys.readouterr().out == "plain\n"


def test_nets_inside_and_beside_each_other(log, capsys):
    """Two nets at once that both ask, and one that a node runs, which does not ask: each as its own settings say."""

    @component
    async def inner(number: int) -> None:
        print("inner")

    async def nests(number: int) -> None:
        print("outer")
        await BatchRuntime(inner).arun(inputs={"number": number})

    async def main() -> None:
        runs = [BatchRuntime(printing(nests), settings=LOGGED).arun(inputs={"number": 1}) for _ in range(2)]
        await asyncio.gather(*runs)

    asyncio.run(main())
    assert log.texts == ["outer", "outer"]
    assert capsys.readouterr().out == "inner\ninner\n"


def test_who_puts_another_stream_there_is_not_disturbed(log, capsys):
    """A redirection inside a node counts, and one around a second net is found again; all is as before at the end."""
    into = io.StringIO()

    def redirects(number: int) -> None:
        with redirect_stdout(into):
            print("redirected")
        print("logged again")

    run(printing(redirects))
    assert (into.getvalue(), log.texts) == ("redirected\n" * 2, ["logged again"] * 2)

    async def main() -> None:
        first = BatchRuntime(printing(lambda number: asyncio.sleep(0.02)), settings=LOGGED)
        running = asyncio.ensure_future(first.arun(inputs={"number": 1}))
        await asyncio.sleep(0)
        with redirect_stdout(io.StringIO()) as stream:
            await asyncio.sleep(0)
            await BatchRuntime(printing(print), settings=LOGGED).arun(inputs={"number": 1})
            print("between")
        assert stream.getvalue() == "between\n"
        await running

    asyncio.run(main())


def test_a_handler_that_writes_to_the_stream_is_no_circle(log, capsys):
    """Lines that a log writes to `sys.stdout` are no lines to be logged."""

    class Writes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            sys.stdout.write(f"log: {record.getMessage()}\n")

    handler, library = Writes(), logging.getLogger("fbcore.net.press.logged")
    library.addHandler(handler)

    def prints(number: int) -> None:
        print("printed", number)
        library.warning("logged %d", number)

    try:
        run(printing(prints))
    finally:
        library.removeHandler(handler)
    assert log.texts == ["printed 1", "printed 2"]
    assert capsys.readouterr().out == "log: printed 1\nlog: logged 1\nlog: printed 2\nlog: logged 2\n"


def test_a_net_that_fails_gives_the_stream_back(log, capsys):
    """However a net ends; what was begun of a line is logged."""

    def fails(number: int) -> None:
        print("half a", end="")
        raise ValueError

    run(printing(fails), raises=False)
    assert log.texts == ["half a"]


def test_a_net_that_is_stepped_prints_into_the_log(log, capsys):
    """Between two steps everybody else prints as ever."""
    with FSMRuntime(printing(print), settings=LOGGED).start(inputs={"number": Each([1, 2])}) as fsm:
        fsm.run_until(port="logged.number")
        print("between")
        fsm.run()
    assert log.texts == ["1", "2"]
    assert capsys.readouterr().out == "between\n"
