"""Lines of a log know where in a net they come from."""

import asyncio
import datetime
import json
import logging
import math
import pickle
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Each,
    Failure,
    FSMRuntime,
    Graph,
    In,
    JsonLines,
    Log,
    LogContext,
    NetSettings,
    NodeSettings,
    Restart,
    SettingsError,
    Timeout,
    WithContext,
    component,
    log_context,
)
from tests.clock import Clock

library = logging.getLogger("some.library")


class Lines(logging.Handler):
    """Keeps each record as the data of its line of JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[dict[str, Any]] = []
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        text = self.format(record)
        assert len(text.splitlines()) == 1
        self.lines.append(json.loads(text))

    def where(self, message: str) -> list[Any]:
        """Return net, node, packet and firing of each line with this message."""
        names = ("net", "node", "packet", "firing")
        return [tuple(line.get(name) for name in names) for line in self.lines if line["message"] == message]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines if "event" in line]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All that is logged while a test runs."""
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def fed(target: Any, port: str = "number") -> Graph:
    """A net of one component behind the input `number`."""
    graph = Graph("fed")
    graph.inputs.number >> getattr(graph.add(target, "it"), port)
    return graph


# -- where a line comes from --------------------------------------------------------------------------------


def test_lines_of_a_class_know_their_packet(run, lines):
    """`self.log`, and anybody's plain logging, in the node's own task: net, address and packet."""

    class Logs(Component):
        number: In[int]

        def __init__(self) -> None:
            self.log.info("made")

        async def run(self) -> None:
            async for number in self.number:
                self.log.info("own %d", number)
                library.info("plain %d", number)
            self.log.info("over")

    run(fed(Logs), inputs={"number": Each([5, 6])})
    for kind in ("own", "plain"):
        assert lines.where(f"{kind} 5") == [("fed", "it", "inputs.number#0", None)]
        assert lines.where(f"{kind} 6") == [("fed", "it", "inputs.number#1", None)]
    assert lines.where("made") == lines.where("over") == [("fed", "it", None, None)]
    assert {record.name for record in lines.records if record.getMessage() == "own 5"} == {"fbcore.net.fed.it"}


@pytest.mark.parametrize("kind", ["plain", "asynchronous", "streaming"])
def test_lines_of_a_function_know_their_firing(run, lines, kind):
    """In batches and one by one: each firing has its number, from 1, and the identity of its packet."""

    @component
    def plain(number: int) -> int:
        library.info("at %d", number)
        return number

    @component
    async def asynchronous(number: int) -> int:
        await asyncio.sleep(0)
        library.info("at %d", number)
        return number

    @component
    def streaming(number: int) -> Iterator[int]:
        library.info("at %d", number)
        yield number

    graph = fed({"plain": plain, "asynchronous": asynchronous, "streaming": streaming}[kind])
    graph["it"].out >> graph.outputs.out
    run(graph, inputs={"number": Each(range(200))})
    for number in (0, 1, 63, 64, 199):
        assert lines.where(f"at {number}") == [("fed", "it", f"inputs.number#{number}", number + 1)]


def test_a_firing_of_several_packets_names_each(run, lines):
    """A function with two inputs has two packets; one that fires on any has the one that came."""

    @component
    def both(left: int, right: int) -> None:
        library.info("both")

    @component(fires="any")
    def any_one(left: Any, right: Any) -> None:
        library.info("any")

    graph = Graph("pairs")
    for node in (graph.add(both), graph.add(any_one)):
        graph.inputs.left >> node.left
        graph.inputs.right >> node.right
    run(graph, inputs={"left": Each([1]), "right": Each([2])})
    ((*_, packets, firing),) = lines.where("both")
    assert packets == "inputs.left->both.left#0, inputs.right->both.right#0"
    assert firing == 1
    assert sorted(lines.where("any")) == [
        ("pairs", "any_one", "inputs.left->any_one.left#0", lines.where("any")[0][3]),
        ("pairs", "any_one", "inputs.right->any_one.right#0", lines.where("any")[1][3]),
    ] or [firing for *_, firing in lines.where("any")] == [1, 2]


def test_firings_at_once_have_their_own_packets(lines):
    """Each of several firings of one node logs about its own packet, before and after a wait."""

    @component
    async def slow(number: int) -> None:
        library.info("begin %d", number)
        await asyncio.sleep(0.01 * (3 - number))
        library.info("end %d", number)

    settings = NetSettings(nodes={"it": NodeSettings(concurrency=3)})
    BatchRuntime(fed(slow), settings=settings).run(inputs={"number": Each(range(3))})
    for number in range(3):
        for kind in ("begin", "end"):
            assert lines.where(f"{kind} {number}") == [("fed", "it", f"inputs.number#{number}", number + 1)]


@pytest.mark.parametrize("kind", ["class", "function"])
def test_work_in_a_thread_logs_as_here(lines, kind):
    """A node that is placed in a thread has the same context: packet, and firing of a function."""

    class Logs(Component):
        number: In[int]

        async def run(self) -> None:
            async for number in self.number:
                self.log.info("own %d", number)
                library.info("plain %d", number)

    @component
    def logs(number: int) -> None:
        library.info("plain %d", number)

    settings = NetSettings(nodes={"it": NodeSettings(place="thread")})
    graph = fed(Logs if kind == "class" else logs)
    BatchRuntime(graph, settings=settings).run(inputs={"number": Each(range(100))})
    for number in (0, 1, 50, 99):
        here = ("fed", "it", f"inputs.number#{number}", number + 1 if kind == "function" else None)
        assert lines.where(f"plain {number}") == [here]
        assert lines.where(f"own {number}") == ([here] if kind == "class" else [])


def test_a_call_that_is_left_behind_logs_about_its_own_packet(lines):
    """A function that outlives its time-out is not taken for the firing that came after it."""
    go, told, clock = threading.Event(), threading.Event(), Clock()

    @component
    def slow(number: int) -> None:
        if number == 0:
            clock.running.call_soon_threadsafe(clock.pass_by, 50)
            go.wait(100)
            library.info("late")
            told.set()
        else:
            go.set()
            told.wait(100)
            library.info("in time")

    settings = NetSettings(nodes={"it": NodeSettings(timeout=Timeout(hard=40))})
    graph = fed(slow)
    graph["it"].error >> graph.outputs.failed
    with asyncio.Runner(loop_factory=clock.loop) as runner:
        runner.run(BatchRuntime(graph, settings=settings).arun(inputs={"number": Each(range(2))}))
    assert lines.where("late") == [("fed", "it", "inputs.number#0", 1)]
    assert lines.where("in time") == [("fed", "it", "inputs.number#1", 2)]


def test_a_line_in_a_composite_has_the_whole_address(run, lines):
    """An address leads through the composites that a node lies in."""

    @component
    def leaf(number: int) -> None:
        library.info("here")

    class Inner(CompositeComponent):
        number: In[int]

        def build(self, graph: Graph) -> None:
            graph.inputs.number >> graph.add(leaf).number

    run(fed(Inner), inputs={"number": 1})
    assert lines.where("here") == [("fed", "it.leaf", "inputs.number#0", 1)]


def test_child_tasks_and_threads_know_where_they_belong(stock, lines):
    """Tasks inherit the context, and so do threads of asyncio and anyio; a plain thread is given it."""

    class Begins(Component):
        number: In[int]

        async def run(self) -> None:
            await self.number.receive()
            self.tasks.create_task(self.child())
            await asyncio.to_thread(library.info, "thread of asyncio")
            await anyio.to_thread.run_sync(library.info, "thread of anyio")
            threads = [
                threading.Thread(target=library.info, args=("lost",)),
                threading.Thread(target=self.log.context.run, args=(library.info, "given")),
                threading.Thread(target=self.log.info, args=("own",)),
                threading.Thread(target=self.entered, args=(self.log.context,)),
            ]
            for thread in threads:
                thread.start()
                thread.join()

        async def child(self) -> None:
            library.info("child")

        def entered(self, context: LogContext) -> None:
            with context:
                library.info("entered")
            library.info("left")

    stock(fed(Begins), inputs={"number": 1})
    here = [("fed", "it", "inputs.number#0", None)]
    for message in ("child", "thread of asyncio", "thread of anyio", "given", "own", "entered"):
        assert lines.where(message) == here, message
    assert lines.where("lost") == lines.where("left") == [(None,) * 4]


def test_what_outlives_a_packet_logs_about_the_one_it_was_given(stock, lines):
    """A context is of one moment: a job in a pool logs about its own packet, though the node has the next by then."""

    class Hands(Component):
        number: In[int]

        async def run(self) -> None:
            loop, go = asyncio.get_running_loop(), threading.Event()
            with ThreadPoolExecutor(2) as pool:
                jobs = []
                async for number in self.number:
                    log = self.log.context.log("pool")
                    jobs.append(loop.run_in_executor(pool, self.job, log, go, number))
                go.set()
                await asyncio.gather(*jobs)

        def job(self, log: Log, go: threading.Event, number: int) -> None:
            go.wait(100)
            log.info("job %d", number)

    stock(fed(Hands), inputs={"number": Each([1, 2])})
    assert lines.where("job 1") == [("fed", "it", "inputs.number#0", None)]
    assert lines.where("job 2") == [("fed", "it", "inputs.number#1", None)]
    assert {record.name for record in lines.records if record.getMessage().startswith("job")} == {"pool"}


def test_nets_at_the_same_time_never_meet(lines):
    """Two nets in one loop, and one that a node of another runs: each line has its own net, and the way to it."""

    @component
    async def leaf(number: int) -> int:
        await asyncio.sleep(0)
        library.info("leaf")
        return number

    class Outer(Component):
        number: In[int]

        async def run(self) -> None:
            number = await self.number.receive()
            with self.log.context:
                await BatchRuntime(leaf).arun(inputs={"number": number})
            library.info("outer")

    async def main() -> None:
        await asyncio.gather(*(BatchRuntime(fed(Outer)).arun(inputs={"number": n}) for n in range(2)))

    asyncio.run(main())
    assert lines.where("leaf") == [("leaf", "leaf", "inputs.number#0", 1)] * 2
    assert [line["within"] for line in lines.lines if line["message"] == "leaf"] == ["fed/it"] * 2
    assert lines.where("outer") == [("fed", "it", "inputs.number#0", None)] * 2
    record = next(record for record in lines.records if record.getMessage() == "leaf")
    assert record.fbcore.path == "fed/it/leaf/leaf"


def test_outside_a_net_there_is_no_context(lines):
    """Code that no node runs has none, and its records say nothing."""
    library.info("outside")
    assert log_context() is None
    assert lines.where("outside") == [(None,) * 4]


def test_a_component_alone_has_no_log():
    """Outside a net the error says what is missing, as of all that a net gives."""
    from fbcore import PortError

    class Logs(Component):
        async def run(self) -> None: ...

    with pytest.raises(PortError, match="does not run in a net"):
        Logs().log  # noqa: B018 - asking is the point


def test_a_record_survives_a_trip(lines):
    """Records go through queues to other processes: a context is pickled as what it says."""
    context = next(iter(run_and_keep()))
    again = pickle.loads(pickle.dumps(context))
    assert (again.fields(), again.path) == (context.fields(), context.path)
    assert repr(again) == "<log context fed/it, inputs.number#0, firing 1>"


def run_and_keep() -> list[LogContext]:
    kept: list[LogContext] = []

    @component
    def keep(number: int) -> None:
        found = log_context()
        assert found is not None
        kept.append(found)

    BatchRuntime(fed(keep)).run(inputs={"number": 1})
    return kept


def test_a_line_names_the_line_that_logged_it(stock, lines):
    """Not the adapter's own: who looks for it finds the component."""

    class Logs(Component):
        async def run(self) -> None:
            self.log.info("by name")
            self.log.log(logging.INFO, "by level")
            try:
                1 / 0  # noqa: B018 - failing is the point
            except ZeroDivisionError:
                self.log.exception("failing")

    graph = Graph("logs")
    graph.add(Logs)
    stock(graph)
    for message in ("by name", "by level", "failing"):
        (line,) = [line for line in lines.lines if line["message"] == message]
        assert line["at"].startswith("test_log.py:"), message
    assert line["exception"].endswith("ZeroDivisionError: division by zero\n")


# -- levels -------------------------------------------------------------------------------------------------


class Says(Component):
    """Logs on every level."""

    number: In[int]

    async def run(self) -> None:
        async for _ in self.number:
            for level in ("debug", "info", "warning", "error"):
                getattr(self.log, level)(level)
                getattr(library, level)("plain %s", level)


def said(lines: Lines, node: str) -> list[str]:
    return [line["message"] for line in lines.lines if line.get("node") == node and "event" not in line]


def two(settings: NetSettings) -> None:
    graph = Graph("levels")
    for id in ("left", "right"):
        graph.inputs.number >> graph.add(Says, id).number
    BatchRuntime(graph, settings=settings).run(inputs={"number": 1})


@pytest.mark.parametrize("level", ["ERROR", "error", 40])
def test_a_node_says_less(lines, level):
    """A higher level silences the node alone: its own log, and, by our filter, whatever is logged in it."""
    lines.addFilter(WithContext())
    two(NetSettings(nodes={"left": NodeSettings(log_level=level)}))
    assert said(lines, "left") == ["error", "plain error"]
    assert len(said(lines, "right")) == 8


def test_a_node_says_more(lines):
    """A lower level counts before those of loggers; the filter's own level is for everyone else."""
    lines.addFilter(WithContext("ERROR"))
    logging.getLogger().setLevel(logging.WARNING)
    two(NetSettings(nodes={"left": NodeSettings(log_level="DEBUG")}))
    assert said(lines, "left") == ["debug", "info", "warning", "plain warning", "error", "plain error"]
    assert said(lines, "right") == ["error", "plain error"]


def test_a_level_of_the_whole_net_is_also_that_of_what_it_tells(lines):
    """Who wants errors alone hears nothing of begin and end; a net may tell more than loggers let pass."""
    two(NetSettings(log_level="ERROR"))
    assert lines.events() == []
    logging.getLogger().setLevel(logging.ERROR)
    two(NetSettings(log_level="INFO"))
    assert lines.events() == ["begins", "ended"]


def test_all_of_us_can_be_silenced(lines):
    """Who shuts the logger `fbcore`, as the explorer does, shuts nodes with levels of their own too."""
    ours = logging.getLogger("fbcore")
    ours.setLevel(logging.CRITICAL)
    try:
        two(NetSettings(log_level="DEBUG"))
    finally:
        ours.setLevel(logging.NOTSET)
    assert {record.name for record in lines.records} == {"some.library"}


@pytest.mark.parametrize("level", ["LOUD", -1, True, 1.5, ""])
def test_a_level_that_is_none_is_refused(level):
    """The error says which there are."""
    with pytest.raises(SettingsError) as caught:
        NodeSettings(log_level=level)
    assert caught.value.address == "log_level"
    assert "CRITICAL, ERROR, WARNING, INFO, DEBUG" in caught.value.hint


def test_levels_in_a_file(tmp_path, lines):
    """In TOML, with patterns; a level that is none has its line."""
    file = tmp_path / "net.toml"
    file.write_text('log_level = "ERROR"\n[nodes."ri*"]\nlog_level = "WARNING"\n')
    two(NetSettings.load(file))
    assert said(lines, "left")[-2:] == ["error", "plain error"]
    assert "warning" not in said(lines, "left")
    assert "warning" in said(lines, "right")
    file.write_text('[nodes.left]\nlog_level = "LOUD"\n')
    with pytest.raises(SettingsError, match="'LOUD' is no level of a log"):
        NetSettings.load(file)


# -- what a net tells of itself -----------------------------------------------------------------------------


def test_a_net_tells_that_it_begins_and_how_it_ends(run, lines):
    """Two lines, with outcome and seconds as data."""
    run(fed(Says), inputs={"number": Each([])})
    assert lines.events() == ["begins", "ended"]
    begins, ended = lines.lines
    assert (begins["net"], begins["level"], begins["message"]) == ("fed", "INFO", "begins, with 1 node")
    assert (ended["extra"]["outcome"], ended["level"]) == ("finished", "INFO")


def test_a_failure_is_told_once_with_its_traceback(run, lines):
    """At the node's address, with the packet that it failed on; the end of the net is no second failure."""

    @component
    def fails(number: int) -> None:
        raise ValueError(f"no {number}")

    run(fed(fails), inputs={"number": Each([1, 2])})
    (failed,) = [line for line in lines.lines if line.get("event") == "failed"]
    assert (failed["node"], failed["packet"], failed["firing"]) == ("it", "inputs.number#0", 1)
    assert failed["level"] == "ERROR"
    assert failed["message"].startswith("ValueError: no 1 (test_log.py:")
    assert failed["exception"].endswith("ValueError: no 1\n")
    assert "fbcore/net" not in failed["exception"]
    assert [line["level"] for line in lines.lines if line.get("event") == "ended"] == ["INFO"]


def test_a_failure_that_is_taken_is_told_quietly(run, lines):
    """What goes to `error` is somebody's business: DEBUG."""

    @component
    def fails(number: int) -> None:
        raise ValueError(f"no {number}")

    class Takes(Component):
        failure: In[Failure]

        async def run(self) -> None:
            async for _ in self.failure:
                pass

    graph = fed(fails)
    graph["it"].error >> graph.add(Takes).failure
    run(graph, inputs={"number": Each([1, 2])})
    assert [(line["node"], line["level"]) for line in lines.lines if line.get("event") == "passes on"] == [
        ("it", "DEBUG")
    ] * 2
    assert "failed" not in lines.events()


def test_a_stop_is_told_with_its_reason(run, lines):
    """Who stops the net says why, and the log has it; many who do so at once are one stop."""

    class Stops(Component):
        number: In[int]

        async def run(self) -> None:
            self.net.stop("seen enough")
            self.net.stop("really")

    run(fed(Stops), inputs={"number": Each([1])})
    assert lines.events() == ["begins", "stops", "ended"]
    assert lines.lines[1]["message"] == "is stopped at once: seen enough"
    assert lines.lines[1]["extra"] == {"reason": "seen enough"}


def test_a_net_that_drains_tells_of_it(lines):
    """A stop from outside is told when it is asked for, not when it is over."""

    class Idles(Component):
        async def run(self) -> None:
            asyncio.get_running_loop().call_soon(runtime.stop, "enough")
            await asyncio.sleep(10)

    runtime = BatchRuntime(Idles)
    asyncio.run(runtime.arun())
    assert [line["message"] for line in lines.lines[:2]] == [
        "begins, with 1 node",
        "is asked to stop, and drains: enough",
    ]


def test_a_net_that_is_stuck_is_an_error(run, lines):
    """Nobody failed, and still it is no good end."""

    @component
    def both(left: int, right: int) -> None: ...

    graph = Graph("half")
    graph.inputs.left >> graph.add(both).left
    graph.inputs.right >> graph["both"].right
    run(graph, inputs={"left": Each([1, 2]), "right": 1})
    ended = lines.lines[-1]
    assert (ended["event"], ended["level"], ended["extra"]["outcome"]) == ("ended", "ERROR", "starved")


def test_policies_tell_what_they_do(stepped, lines):
    """A restart is a warning, with its error; packets that are dropped are told of at the end, by port."""
    lives = iter(["storm", "fair"])

    class Flies(Component):
        number: In[int]
        stateless = True

        async def run(self) -> None:
            async for _ in self.number:
                if next(lives, "fair") == "storm":
                    raise ConnectionError("down")

    settings = NetSettings(nodes={"it": NodeSettings(restart=Restart(held="drop"))})
    with asyncio.Runner() as runner:
        runner.run(BatchRuntime(fed(Flies), settings=settings).arun(inputs={"number": Each([1, 2])}))
    assert lines.events() == ["begins", "restarted", "dropped", "ended"]
    restarted, dropped = lines.lines[1:3]
    assert (restarted["level"], restarted["node"]) == ("WARNING", "it")
    assert "after ConnectionError: down" in restarted["message"]
    assert (dropped["message"], dropped["extra"]) == ("1 packet dropped: it.number", {"count": 1})


def test_nothing_is_printed_where_nobody_keeps_a_log(monkeypatch, capsys):
    """What the result, or NetError, says anyway is not printed by Python's handler of last resort."""

    @component
    def fails(number: int) -> None:
        raise ValueError(f"no {number}")

    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    settings = NetSettings(nodes={"it": NodeSettings(restart=Restart(most=1, backoff=0))})
    BatchRuntime(fed(fails), settings=settings).run(inputs={"number": 1}, raises=False)
    assert capsys.readouterr() == ("", "")


def test_unused_logging_costs_nothing_per_hop():
    """A net whose nodes log nothing calls nothing of ours for a packet."""

    @component
    def same(number: int) -> int:
        return number

    graph = fed(same)
    graph["it"].out >> graph.outputs.out
    assert _calls(graph, 2000) == _calls(graph, 200)


OURS = ("model/log.py", "net/log.py", "net/printed.py", "net/unclosed.py", "logging/__init__.py")


def _calls(graph: Graph, packets: int) -> int:
    """Count the calls of functions of logs while so many packets pass."""
    count = 0

    def note(frame: Any, event: str, _: object) -> None:
        nonlocal count
        count += event == "call" and frame.f_code.co_filename.endswith(OURS)

    runtime = BatchRuntime(graph)
    sys.setprofile(note)
    try:
        runtime.run(inputs={"number": Each(range(packets))})
    finally:
        sys.setprofile(None)
    return count


def test_a_net_that_is_stepped_logs_as_any(lines):
    """Between two steps nobody has the context of a node."""
    with FSMRuntime(fed(Says)).start(inputs={"number": 1}) as fsm:
        fsm.run_until(port="it.number")
        library.info("between")
        fsm.run()
    assert lines.where("between") == [(None,) * 4]
    assert lines.where("plain info") == [("fed", "it", "inputs.number#0", None)]


# -- lines of JSON ------------------------------------------------------------------------------------------


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def circle() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"a": 1, "b": [None, True, "x"]}, {"a": 1, "b": [None, True, "x"]}),
        (
            {"at": datetime.date(2026, 1, 2), "file": Path("a/b"), "tags": {"x"}},
            {"at": "2026-01-02", "file": "a/b", "tags": ["x"]},
        ),
        ({"what": int}, {"what": "<class 'int'>"}),
        ({"none": math.nan, "one": 1}, {"none": "nan", "one": "1"}),
        ({"keys": {(1, 2): 3}}, {"keys": "{(1, 2): 3}"}),
        ({"circle": circle()}, {"circle": "[[...]]"}),
        ({"odd": Unshowable()}, {"odd": "<Unshowable that cannot be shown: RuntimeError>"}),
    ],
)
def test_whatever_is_given_with_a_line_is_json(lines, given, written):
    """What JSON has no form for is written as it is shown, and never costs the line."""
    library.info("given", extra=given)
    assert lines.lines[-1]["extra"] == written


@pytest.mark.parametrize("text", ["a\nb", "a\rb\x0b\x85\u2028\u2029c", "\ud800 alone", "ü 🙂", '"\\'])
def test_a_line_is_one_line(lines, text):
    """Whatever a message holds, it comes back from one line, in any reader and any encoding."""
    # Not logged: pytest would keep it as text of its own, which it cannot send from one of its processes to another.
    lines.handle(library.makeRecord(library.name, logging.INFO, __file__, 1, "%s", (text,), None))
    assert lines.lines[-1]["message"] == text
    lines.format(lines.records[-1]).encode()


def test_stacks_are_kept(lines):
    """Who asks for the stack gets it, and who logs an exception outside of one gets no traceback."""
    library.info("here", stack_info=True)
    library.exception("nothing")
    here, nothing = lines.lines[-2:]
    assert here["stack"].startswith("Stack (most recent call last):")
    assert "exception" not in nothing
