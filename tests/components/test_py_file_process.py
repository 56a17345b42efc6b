import asyncio
import logging
import os
import select
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import uvloop

from fbcore import (
    BatchRuntime,
    Component,
    ConfigError,
    Each,
    ExtraError,
    Graph,
    In,
    InputError,
    LoopError,
    NetError,
    Out,
    ProcessError,
    PyFile,
    SteppedLoop,
)
from fbcore.components import json_lines, process
from tests.components.alone import put_until_it_stands_still
from tests.components.py_files import failure, feeds, graph_of, run, write

pytestmark = pytest.mark.slow

Script = Callable[..., Any]

ONE_EACH = ("[inputs]", 'value = "object"', "[outputs]", 'out = "object"')


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Make a component of a script with these lines in its block."""

    def make(text: str, *block: str, name: str = "work.py", first: str = "") -> Any:
        lines = "".join(f"# {line}\n" for line in block or ONE_EACH)
        head = f"# /// fbcore\n{lines}# ///\nimport json, os, sys\n"
        return PyFile(write(tmp_path / name, first + head + dedent(text)), process=True)

    return make


def is_gone(pid: int) -> bool:
    """Wait until a process has ended; False when it lives on for long."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 20)[0])
    finally:
        os.close(watched)


# -- lines --------------------------------------------------------------------------------------------------


def test_packets_are_lines_of_json(script: Script) -> None:
    """One input, one output: a JSON value a line, in order, whatever JSON can carry; tuples become lists."""
    values = [None, True, 1, 2.5, "ü\n\u2028", [1, [2]], {"a": {"b": None}}, "x" * 1_000_000]
    echo = script("for line in sys.stdin: sys.stdout.write(line)\n")
    assert run(echo, {"value": [*values, (1, 2)]}).outputs.out == [*values, [1, 2]]


def test_the_end_of_the_input_is_the_end_of_standard_input(script: Script) -> None:
    """A script may read all before it writes, and lines that are blank, or not ended, do no harm."""
    count = script("print(len(sys.stdin.readlines()), end='\\n\\n \\n')\nprint('\"end\"', end='')\n")
    assert run(count, {"value": range(10_000)}).outputs.out == [10_000, "end"]


def test_several_ports_are_named_on_every_line(script: Script) -> None:
    """Several inputs, several outputs: every line is an object of port and value."""
    swap = script(
        """
        for line in sys.stdin:
            packet = json.loads(line)
            port = {"left": "right_out", "right": "left_out"}[packet["port"]]
            print(json.dumps({"port": port, "value": packet["value"]}))
        """,
        *("[inputs]", 'left = "int"', 'right = "str"', "[outputs]", 'left_out = "str"', 'right_out = "int"'),
    )
    outputs = run(swap, {"left": [1, 2], "right": ["a"]}).outputs
    assert (outputs.left_out, outputs.right_out) == (["a"], [1, 2])


def test_configs_are_arguments(script: Script) -> None:
    """Texts and paths are given as they are, all else as JSON; what is None is left out."""
    lines = (
        "[configs]",
        'text = "str"',
        'path = "pathlib.Path"',
        'max_rows = "int"',
        'names = {type = "list[str]", default = ["a b"]}',
        'is_fast = {type = "bool", default = true}',
        'none = "str | None"',
        "[outputs]",
        'arguments = "list[str]"',
    )
    arguments = script("print(json.dumps(sys.argv[1:]))\n", *lines)
    found = run(arguments, text="--x y", path="a/b", max_rows="5", none=None).outputs.arguments
    assert found == [["--text=--x y", "--path=a/b", "--max-rows=5", '--names=["a b"]', "--is-fast=true"]]


def test_a_config_that_is_nothing_for_a_process_is_refused(script: Script) -> None:
    """A config that JSON cannot carry is told with its address."""
    error = failure(script("", "[configs]", 'a = "set[int]"'), a={1})
    assert isinstance(error.cause, ConfigError)
    assert "it.a: JSON cannot carry {1}" in error.what


def test_values_that_come_back_are_made_what_the_port_says(script: Script) -> None:
    """What comes from a process comes from outside: it is converted to the type of the port."""
    dates = script("print('\"2013-01-31\"')\n", "[outputs]", 'day = "datetime.date"')
    assert [str(day) for day in run(dates).outputs.day] == ["2013-01-31"]
    assert run(dates).outputs.day[0].year == 2013


def test_a_script_is_a_script(script: Script, tmp_path: Path) -> None:
    """It is `__main__`, imports its neighbours by their plain names, and its current folder is ours."""
    write(tmp_path / "neighbour_of_a_script.py", "NAME = 'near'\n")
    text = "import neighbour_of_a_script as near\nprint(json.dumps([__name__, near.NAME, os.getcwd()]))\n"
    assert run(script(text, "[outputs]", 'out = "list[str]"')).outputs.out == [["__main__", "near", str(Path.cwd())]]


# -- standard error, and what is no packet ------------------------------------------------------------------


def test_standard_error_is_logged(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """What a script tells people goes to the log with the node's address, whatever bytes it is made of."""
    complain = script("sys.stderr.buffer.write(b'one\\n\\xff two\\n')\n")
    run(complain, {"value": []})
    assert [(record.name, record.levelno, record.getMessage()) for record in caplog.records] == [
        ("fbcore.script", logging.WARNING, "it: one"),
        ("fbcore.script", logging.WARNING, "it: \ufffd two"),
    ]


def test_a_script_without_outputs_prints_to_the_log(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """Where there is no port, standard output is for people too."""
    run(script("print('hello')\n", "[inputs]", 'value = "int"'), {"value": []})
    assert [record.getMessage() for record in caplog.records] == ["it: hello"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("print(1)\nprint('two')\n", "line 2 of its output is no JSON: b'two'"),
        ("print('NaN')\n", "NaN is no number in JSON"),
        (
            "sys.stdout.buffer.write(b'\"\\xff\"\\n')\n",
            "line 1 of its output is no JSON: b'\"\\xff\"': byte 0xff is no UTF-8",
        ),
        ("print('[' * 100_000)\n", "line 1 of its output is no JSON"),
    ],
)
def test_output_that_is_no_json_is_told_with_its_line(script: Script, text: str, what: str) -> None:
    """A line that is no JSON fails the node, though the process goes on, and the hint says what to do."""
    error = failure(script(f"{text}sys.stdout.flush()\nsys.stdin.read()\nsys.stdin.read()\n"), {"value": []})
    assert isinstance(error.cause, InputError)
    assert what in error.what
    assert "standard error" in error.hint


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1", "line 1 of its output does not say a port and a value: 1"),
        ('{"port": "a"}', "line 1 of its output does not say a port and a value"),
        ('{"port": "c", "value": 1}', "line 1 of its output is for no port: 'c'"),
        ('{"port": ["a"], "value": 1}', "line 1 of its output is for no port: ['a']"),
        ('{"port": "a", "value": "x"}', "line 1 of its output: 'x' is no int"),
    ],
)
def test_output_that_is_for_no_port_is_told_with_its_line(script: Script, line: str, what: str) -> None:
    """With several outputs a line must name one of them, and a value must be of the port's type."""
    error = failure(script(f"print('{line}')\n", "[outputs]", 'a = "int"', 'b = "int"'))
    assert isinstance(error.cause, InputError)
    assert what in error.what


def test_a_line_without_an_end_is_refused(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Binary data does not fill the memory."""
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 1000)
    endless = script("while True: sys.stdout.write('1' * 1000)\n")
    assert "a line is longer than 1,000 bytes" in failure(endless, {"value": []}).what


@pytest.mark.parametrize("value", [{1, 2}, b"x", {1: 2}, [{None: 1}], float("nan"), object()])
def test_a_value_that_json_cannot_carry_is_refused(script: Script, value: object) -> None:
    """What JSON would refuse, or give back as something else, fails the node with the address of the port."""
    error = failure(script("sys.stdin.read()\n"), {"value": [value]})
    assert isinstance(error.cause, InputError)
    assert "it.value: JSON cannot carry" in error.what
    assert error.held == {"value": value}


# -- how it ends --------------------------------------------------------------------------------------------


def test_an_exit_code_fails_the_node(script: Script) -> None:
    """An exit code that is not 0 fails the node; the error shows the last lines of standard error."""
    error = failure(script("print('0\\n' * 5, file=sys.stderr)\nint('x')\n"), {"value": []})
    assert isinstance(error.cause, ProcessError)
    assert error.what.startswith("ProcessError: the process of work.py ended with exit code 1:\n")
    assert error.what.endswith("ValueError: invalid literal for int() with base 10: 'x'")
    assert (error.cause.code, error.cause.stderr.splitlines()[0]) == (1, "0")
    assert "said nothing" in failure(script("os._exit(3)\n"), {"value": []}).what


def test_a_signal_fails_the_node(script: Script) -> None:
    """A process that a signal ends is told with the signal's name."""
    error = failure(script("import signal\nsignal.raise_signal(signal.SIGKILL)\n"), {"value": []})
    assert isinstance(error.cause, ProcessError)
    assert "was ended by SIGKILL" in error.what
    assert error.cause.code == -9


def test_an_error_of_a_process_travels(script: Script) -> None:
    """The error keeps its fields when it is pickled."""
    import pickle

    cause = failure(script("os._exit(3)\n"), {"value": []}).cause
    again = pickle.loads(pickle.dumps(cause))
    assert (again.code, again.stderr, str(again)) == (3, "", str(cause))


def test_a_script_that_ends_early_leaves_the_rest_unread(script: Script) -> None:
    """A script may end with exit code 0 before its input does; its source then ends too."""
    first = script("print(sys.stdin.readline())\n")
    assert run(first, {"value": range(1_000_000)}).outputs.out == [0]


class Stop(Component):
    """Stop the net at the first packet, and keep it."""

    value: In[Any]

    async def run(self) -> None:
        told.append(await self.value.receive())
        self.net.stop("seen enough")


told: list[Any] = []


def stopped_at_once(file: Any) -> Any:
    """Run a script whose first packet stops the net, and return that packet."""
    told.clear()
    graph = Graph("stopped")
    graph.add(file, "it").out >> graph.add(Stop).value
    result = BatchRuntime(graph).run(raises=False)
    assert result.outcome == "stopped"
    return told[0]


OUT = ("[outputs]", 'out = "object"')


def test_a_net_that_stops_ends_its_process(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that waits for ever is told to end when its net is cancelled, and may tidy up."""
    monkeypatch.setattr(process, "PATIENCE", 60)
    waiting = script(
        """
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        print(os.getpid())
        signal.sigwait([signal.SIGTERM])
        open(sys.argv[0] + ".tidied", "w").close()
        """,
        *OUT,
    )
    assert is_gone(stopped_at_once(waiting))
    assert Path(f"{waiting._file}.tidied").exists()


def test_a_process_that_does_not_listen_is_killed(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ignores being told is killed after a while, and so is what it has started."""
    monkeypatch.setattr(process, "PATIENCE", 0.05)
    stubborn = script(
        """
        import signal, subprocess
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        print([os.getpid(), child.pid])
        while True: signal.pause()
        """,
        *OUT,
    )
    assert [is_gone(pid) for pid in stopped_at_once(stubborn)] == [True, True]


def test_what_a_process_leaves_behind_is_ended(script: Script) -> None:
    """A process that a script has started and left does not hold up the net, nor outlive it."""
    leaving = script(
        """
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        print(child.pid)
        """,
        *OUT,
    )
    (pid,) = run(leaving).outputs.out
    assert is_gone(pid)


def test_a_second_cancellation_kills_at_once(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot wait for a process to end does not leave it alive."""
    monkeypatch.setattr(process, "PATIENCE", 60)
    stubborn = script(
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(os.getpid())
        while True: signal.pause()
        """,
        *OUT,
    )
    graph = Graph("twice")
    graph.add(stubborn, "it").out >> graph.add(StopTwice).value
    told.clear()
    result = BatchRuntime(graph).run(raises=False)
    assert result.seconds < 50
    assert is_gone(told[0])


class StopTwice(Component):
    value: In[Any]

    async def run(self) -> None:
        told.append(await self.value.receive())
        self.net.stop()
        asyncio.get_running_loop().call_later(0.05, self.net.stop)


class Told(Component):
    value: In[Any]

    async def run(self) -> None:
        told.extend([value async for value in self.value])


# -- flow ---------------------------------------------------------------------------------------------------


class Take(Component):
    value: In[Any]
    taken: Out[Any]

    async def run(self) -> None:
        await self.taken.send(await self.value.receive())


def test_a_process_ends_when_nobody_takes_any_more(script: Script) -> None:
    """A process that would write for ever ends with its consumer."""
    graph = Graph("first")
    endless = script("import itertools\nfor n in itertools.count(): print(n)\n", *OUT)
    graph.add(endless, "it").out >> graph.add(Take).value
    graph["take"].taken >> graph.outputs.taken
    result = BatchRuntime(graph).run(time_limit=60)
    assert (result.outcome, result.outputs.taken) == ("finished", [0])


def test_an_output_that_nobody_takes_any_more_does_not_end_the_others(script: Script) -> None:
    """Of several outputs, each goes on as long as somebody takes from it."""
    graph = Graph("first")
    both = script(
        """
        for n in range(1000):
            print(json.dumps({"port": "a", "value": n}))
            print(json.dumps({"port": "b", "value": n}))
        """,
        *("[outputs]", 'a = "int"', 'b = "int"'),
    )
    graph.add(both, "it").a >> graph.add(Take).value
    graph["take"].taken >> graph.outputs.taken
    graph["it"].b >> graph.outputs.b
    result = BatchRuntime(graph).run()
    assert (result.outputs.taken, result.outputs.b) == ([0], list(range(1000)))


def test_back_pressure_holds(script: Script) -> None:
    """A process that does not read holds up who feeds it: no more than the pipes hold is on its way."""
    deaf = script("import signal\nsignal.pause()\n", "[inputs]", 'value = "str"')
    texts = Each("x" * 1000 for _ in range(100_000))
    assert put_until_it_stands_still(graph_of(deaf), "inputs.value->it.value", {"value": texts}) < 1000


def test_a_process_that_works_keeps_its_net_alive(script: Script) -> None:
    """A net is not called blocked while a process may still answer, though all that is seen of it is silence."""
    slow = script("import time\nfor line in sys.stdin:\n    time.sleep(0.3)\n    print(line)\n")
    graph = Graph("loop")
    node = graph.add(slow, "it")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    node.out >> graph.add(Told).value
    result = BatchRuntime(graph).run(inputs={"value": Each([1])})
    assert (result.outcome, result.outputs.out) == ("finished", [1])


def test_a_process_on_another_loop(script: Script) -> None:
    """A loop that is not asyncio's own runs processes too."""
    graph = graph_of(script("for line in sys.stdin: print(line)\n"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(BatchRuntime(graph).arun(inputs=feeds({"value": range(1000)})))
    assert result.outputs.out == list(range(1000))
    early = graph_of(script("pass\n", "[inputs]", 'value = "str"'))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(BatchRuntime(early).arun(inputs=feeds({"value": ["x" * 100_000] * 100})))


def test_two_nets_at_once(script: Script) -> None:
    """Every net has its own process."""
    graph = graph_of(script("pid = os.getpid()\nfor line in sys.stdin: print([pid, json.loads(line)])\n"))

    async def both() -> list[list[Any]]:
        runs = [BatchRuntime(graph).arun(inputs={"value": Each([n])}) for n in (1, 2)]
        return [result.outputs.out[0] for result in await asyncio.gather(*runs)]

    (first, one), (second, two) = asyncio.run(both())
    assert (one, two) == (1, 2)
    assert first != second


def test_a_stepped_loop_has_no_processes(script: Script) -> None:
    """On virtual time there is no world outside, and the error says so."""
    graph = graph_of(script("print(1)\n"))
    with asyncio.Runner(loop_factory=SteppedLoop) as runner, pytest.raises(NetError) as caught:
        runner.run(BatchRuntime(graph).arun(inputs=feeds({"value": [1]})))
    assert isinstance(caught.value.result.errors[0].cause, LoopError)


# -- uv -----------------------------------------------------------------------------------------------------

WITH = "# /// script\n# requires-python = '>=3.11'\n# dependencies = {}\n# ///\n\n"


def test_a_script_with_dependencies_is_run_by_uv(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names dependencies gets them from uv: it is called with the script and its arguments."""
    tools = tmp_path / "tools"
    uv = write(tools / "uv", f'#!/bin/sh\necho "$@" >&2\nshift 3\nexec "{sys.executable}" "$@"\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    lines = ("[outputs]", 'out = "object"', "[configs]", "n = {default = 5}")
    wanting = script("print(json.dumps(sys.argv[1:]))\nexit(3)\n", *lines, first=WITH.format("['rich']"))
    error = failure(wanting)
    assert isinstance(error.cause, ProcessError)
    assert error.cause.stderr == f"run --quiet --script {wanting._file} --n=5"


def test_dependencies_without_uv_are_told(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uv a script with dependencies does not run, and the error says what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    error = failure(script("print(1)\n", *OUT, first=WITH.format("['rich']")))
    assert isinstance(error.cause, ExtraError)
    assert "names its dependencies" in error.what
    assert "install uv" in error.hint
    assert run(script("print(1)\n", *OUT, first=WITH.format("[]"))).outputs.out == [1]


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not on the path")
def test_uv_brings_dependencies(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dependency that is not installed here is there for the script; no network is needed for a local one."""
    wheel = tmp_path / "moons_of_jupiter-1.0-py3-none-any.whl"
    info = "moons_of_jupiter-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("moons_of_jupiter.py", "NAMES = ['Io', 'Europa']\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: moons-of-jupiter\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_PYTHON", sys.executable)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    moons = script(
        "import moons_of_jupiter\nfor name in moons_of_jupiter.NAMES: print(json.dumps(name))\n",
        *OUT,
        first=WITH.format(f"['moons-of-jupiter @ {wheel.as_uri()}']"),
    )
    assert run(moons).outputs.out == ["Io", "Europa"]


def test_a_script_for_another_python_is_not_judged(script: Script) -> None:
    """A script that says which Python it needs may use words that this one does not know."""
    first = "# /// script\n# requires-python = '>=3.99'\n# ///\n\n"
    assert "SyntaxError" in failure(script("print(1) whatever\n", *OUT, first=first)).what
