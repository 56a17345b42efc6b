"""Commands of a terminal as components, each a real process: what goes in and comes out, and how it ends."""

import asyncio
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from subprocess import PIPE
from textwrap import dedent
from typing import Any

import pytest
import uvloop

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    Graph,
    In,
    InputError,
    LoopError,
    NetError,
    NodeError,
    Out,
    Outcome,
    ProcessError,
    Result,
    SteppedLoop,
    TerminalTemplate,
    component,
)
from fbcore.components import process
from fbcore.model.graph import spec_of
from tests.components.alone import put_until_it_stands_still
from tests.components.py_files import feeds, write
from tests.habits.tree import ROOT

pytestmark = pytest.mark.slow

Script = Callable[..., list[str]]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Write a program, and return the command that runs it; braces in it stay as they are."""

    def make(text: str, *words: str) -> list[str]:
        path = write(tmp_path / "program.py", f"import os, signal, sys\n{dedent(text)}")
        return [sys.executable, str(path), *words]

    return make


def graph_of(command: Any, **configs: Any) -> Graph:
    """Return a graph of one node, `it`, all of whose inputs, outputs and messages are on the border."""
    graph = Graph("alone")
    node: Any = graph.add(command, "it", **configs)
    for name, port in spec_of(command).ports.items():
        if port.kind.goes_out:
            getattr(node, name) >> graph.outputs[name]
        elif port.kind == "input":
            graph.inputs[name] >> getattr(node, name)
    return graph


def run(command: Any, inputs: dict[str, Iterable[Any]] | None = None, **configs: Any) -> Result:
    """Run a command in a net of its own, which must end well."""
    return BatchRuntime(graph_of(command, **configs)).run(inputs=feeds(inputs or {}))


def failure(command: Any, inputs: dict[str, Iterable[Any]] | None = None, **configs: Any) -> NodeError:
    """Run a command that is to fail, and return the error of its node."""
    with pytest.raises(NetError) as caught:
        run(command, inputs, **configs)
    (error,) = caught.value.result.errors
    return error


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


told: list[Any] = []


class Stop(Component):
    """Stop the net at the first packet, and keep it."""

    value: In[Any]

    async def run(self) -> None:
        told.append(await self.value.receive())
        self.net.stop("seen enough")


class Take(Component):
    value: In[Any]
    taken: Out[Any]

    async def run(self) -> None:
        await self.taken.send(await self.value.receive())


def stopped_at_once(command: Any) -> Any:
    """Run a command whose first packet stops the net, and return that packet."""
    told.clear()
    graph = Graph("stopped")
    graph.add(command, "it").stdout >> graph.add(Stop).value
    result = BatchRuntime(graph).run(raises=False)
    assert result.outcome == "stopped"
    return told[0]


# -- streams ------------------------------------------------------------------------------------------------


def test_lines_go_in_and_come_out() -> None:
    """A line for every packet, whatever is in it, and the last one even if nothing ends it."""
    lines = ["one", "", "ü 'quoted'", "; rm -rf /", "x" * 1_000_000]
    assert run(TerminalTemplate("cat"), {"stdin": lines}).outputs.stdout == lines
    assert run(TerminalTemplate("sort -r"), {"stdin": ["a", "c", "b"]}).outputs.stdout == ["c", "b", "a"]


def test_half_a_line_at_the_end_is_a_line(script: Script) -> None:
    """What a program has written when it ends is not lost for want of a line end."""
    half = TerminalTemplate(script("sys.stdout.write('whole\\nhal'); sys.stdout.flush(); sys.stdout.write('f')"))
    assert run(half).outputs.stdout == ["whole", "half"]


def test_bytes_go_in_and_come_out() -> None:
    """In pieces of any size, and none of them is changed."""
    sent = [bytes(range(256)) * 10, b"\xff", b"x" * 300_000]
    result = run(TerminalTemplate("cat", stdin="bytes", stdout="bytes"), {"stdin": sent})
    assert b"".join(result.outputs.stdout) == b"".join(sent)


def test_nothing_goes_in_where_nothing_is_connected() -> None:
    """A command that reads finds the end at once, and does not read what its parent would have."""
    graph = Graph("nothing")
    graph.add(TerminalTemplate("wc -l"), "wc").stdout >> graph.outputs.count
    assert BatchRuntime(graph).run().outputs.count == ["0"]


def test_a_packet_that_is_several_lines_is_refused() -> None:
    """It would be as many lines, and nobody could tell which belong together."""
    error = failure(TerminalTemplate("cat"), {"stdin": ["a\nb"]})
    assert isinstance(error.cause, InputError)
    assert "'a\\nb' is more than one line" in error.what
    assert 'stdin="bytes"' in error.hint


def test_output_that_is_no_text_is_told_with_its_line() -> None:
    """The hint says how to take it as it is."""
    error = failure(TerminalTemplate(["printf", "one\\n\\377two\\n"]))
    assert "line 2 of its output is no UTF-8" in error.what
    assert 'stdout="bytes"' in error.hint


def test_standard_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With the node's address, whatever bytes it is made of."""
    run(TerminalTemplate("printf 'one\\n\\377two\\n' >&2", shell=True, name="complain"))
    assert [record.getMessage() for record in caplog.records] == ["it: one", "it: \ufffdtwo"]


def test_standard_error_may_be_a_port(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """Then it is not logged; and it is still shown by the error of a command that fails."""
    text = "print('out'); print('err', file=sys.stderr); sys.exit(int(sys.argv[1]))"
    both = TerminalTemplate(script(text, "{code:int}"), stderr="lines", ok=(0,))
    outputs = run(both, code=0).outputs
    assert (outputs.stdout, outputs.stderr, caplog.records) == (["out"], ["err"], [])
    assert failure(both, code=3).cause.stderr == "err"  # type: ignore[union-attr]
    raw = TerminalTemplate(script(text, "0"), stderr="bytes")
    assert b"".join(run(raw).outputs.stderr) == b"err\n"


def test_a_flood_of_complaints_holds_nothing_up(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """Megabytes on standard error, a line without an end among them, and the output comes all the same."""
    text = "sys.stderr.write('x' * 3_000_000); sys.stderr.flush(); print('done')"
    assert run(TerminalTemplate(script(text))).outputs.stdout == ["done"]
    assert sum(len(record.getMessage()) for record in caplog.records) > 3_000_000
    assert max(len(record.getMessage()) for record in caplog.records) < 200_000


def test_a_command_may_have_no_output(caplog: pytest.LogCaptureFixture) -> None:
    """What it writes then goes nowhere."""
    quiet = TerminalTemplate("echo hello", stdout=None)
    assert list(spec_of(quiet).ports) == ["stdin", "exit_code"]
    assert run(quiet).outputs.exit_code == [0]


# -- arguments ----------------------------------------------------------------------------------------------

NASTY = [
    "a b",
    "'",
    '"',
    'it\'s "so"',
    "; rm -rf x",
    "$(id)",
    "`id`",
    "$HOME",
    "*",
    "a\nb",
    "\\",
    "",
    "ü\t",
    "{x}",
    "%s",
]


@pytest.mark.parametrize("shell", [False, True])
@pytest.mark.parametrize("word", ["{text}", "'{text}'", '"{text}"', "a{text}="])
def test_a_value_is_a_part_of_one_argument(word: str, *, shell: bool) -> None:
    """Quotes, line ends and what a shell would do something with arrive as they are, with a shell and without."""
    echo = TerminalTemplate(f"printf '%s\\0' {word}", inputs=["text"], stdout="bytes", shell=shell)
    told = b"".join(run(echo, {"text": NASTY}).outputs.stdout).decode()
    expected = [f"a{text}=" if "=" in word else text for text in NASTY]
    assert told.split("\0")[:-1] == expected


def test_nothing_but_the_command_is_run(tmp_path: Path) -> None:
    """What looks like a further command touches nothing, however often it is tried."""
    victim = write(tmp_path / "victim", "alive")
    attempts = [f"{quote}; rm {victim};{quote}" for quote in ("", "'", '"', "\n", "$(", "`", "\\'")]
    for command in ("echo {text}", "echo '{text}'", 'echo "{text}"', "echo \"a 'b' {text}\"", "echo # it's {text}"):
        for shell in (False, True):
            if "#" in command and not shell:
                continue
            run(TerminalTemplate(command, inputs="text", shell=shell), {"text": attempts})
    assert victim.read_text() == "alive"


def test_placeholders_have_types_and_defaults() -> None:
    """They are configs like others: read as what they are, required unless they have a default."""
    command = TerminalTemplate("head {*flags} -n {lines:int=2} {file:Path}")
    ports = spec_of(command).ports
    assert {name: (port.type, port.required) for name, port in ports.items() if port.kind == "config"} == {
        "flags": (list[str], False),
        "lines": (int, False),
        "file": (Path, True),
    }
    assert run(command, file=__file__).outputs.stdout == Path(__file__).read_text().splitlines()[:2]
    assert run(command, file=Path(__file__), lines="1").outputs.stdout == Path(__file__).read_text().splitlines()[:1]
    assert run(command, file=__file__, flags=["-c", "3"], lines=1).outputs.exit_code == [0]


def test_words_may_be_given_as_a_list() -> None:
    """Then nothing is split, and a list of values becomes as many words."""
    words = TerminalTemplate(["printf", "{{%s}}", "{*words}"])
    assert run(words, words=["a b", "'c'"]).outputs.stdout == ["{a b}{'c'}"]


@pytest.mark.parametrize("value", ["-rf", "--help"])
def test_a_value_is_never_an_option(value: str) -> None:
    """What begins with a dash is refused where the command would take it for an option, and only there."""
    for command in ("ls {text}", "ls '{text}' | cat"):
        error = failure(TerminalTemplate(command, inputs="text", shell="|" in command), {"text": [value]})
        assert f"{value!r} begins with -, and ls would take it for an option" in error.what
        assert error.held == {"text": value}
        assert "write `--` somewhere before it" in error.hint
    assert run(TerminalTemplate("printf -- %s {text}", inputs="text"), {"text": [value]}).outputs.stdout == [value]
    assert run(TerminalTemplate("echo x{text}"), text=value).outputs.stdout == [f"x{value}"]
    assert run(TerminalTemplate("echo a {*flags}"), flags=[value]).outputs.stdout == [f"a {value}"]


def test_numbers_may_be_negative_and_files_begin_with_a_dash(tmp_path: Path) -> None:
    """A number is no option that anybody fears, and a file is named by its folder then."""
    write(tmp_path / "-n", "dashed\n")
    assert run(TerminalTemplate("echo a {number:int}"), number=-3).outputs.stdout == ["a -3"]
    assert run(TerminalTemplate("cat {file:Path}", cwd=tmp_path), file="-n").outputs.stdout == ["dashed"]


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_a_value_that_no_argument_can_be_is_refused(value: str) -> None:
    """No bare traceback of Python's for it."""
    error = failure(TerminalTemplate("echo {text}", inputs="text"), {"text": [value]})
    assert isinstance(error.cause, InputError)
    assert "standard input" in error.hint


def test_a_command_has_a_folder_and_an_environment(tmp_path: Path) -> None:
    """What is not said is as it is here."""
    where = TerminalTemplate("pwd; echo $COLOUR", shell=True, cwd=tmp_path, env={"COLOUR": "blue"})
    assert run(where).outputs.stdout == [str(tmp_path), "blue"]


def test_a_shell_is_asked_for() -> None:
    """Without it, what a shell would do something with is an argument."""
    assert run(TerminalTemplate("echo a | cat")).outputs.stdout == ["a | cat"]
    assert run(TerminalTemplate("echo a | tr a b", shell=True)).outputs.stdout == ["b"]


# -- one for each packet ------------------------------------------------------------------------------------


def test_a_placeholder_that_is_an_input_means_a_process_for_each_packet() -> None:
    """In order, one after the other; configs fill the rest."""
    echo = TerminalTemplate("echo {greeting} {name}", inputs="name")
    result = run(echo, {"name": ["Ann", "Bo"]}, greeting="hello")
    assert (result.outputs.stdout, result.outputs.exit_code) == (["hello Ann", "hello Bo"], [0, 0])


def test_a_packet_of_stdin_is_all_that_goes_into_one() -> None:
    """Where its form is said; then there are as many processes as packets of both."""
    find = TerminalTemplate("grep -c -e{pattern}", inputs=["pattern"], stdin="bytes", ok=(0, 1))
    texts = {"pattern": ["a", "b", "c"], "stdin": [b"a\na\n", b"a\n", b"c\nx\n"]}
    assert run(find, texts).outputs.stdout == ["2", "0", "1"]


def test_a_process_that_fails_goes_to_error_and_the_next_is_run() -> None:
    """As a function does: with the packets that it was for."""
    graph = Graph("failing")
    node = graph.add(TerminalTemplate("test {number:int} -gt 1", inputs="number"), "it")
    graph.inputs.number >> node.number
    node.error >> graph.outputs.failed
    node.exit_code >> graph.outputs.codes
    result = BatchRuntime(graph).run(inputs={"number": Each([1, 2, 0])})
    assert result.outputs.codes == [1, 0, 1]
    assert [each.value for each in result.outputs.failed] == [1, 0]
    first = result.outputs.failed[0].error
    assert isinstance(first.cause, ProcessError)
    assert (first.address, first.held) == ("it", {"number": 1})


def test_a_list_that_flows_becomes_words() -> None:
    """Any number of arguments for each packet."""
    result = run(TerminalTemplate("printf %s, {*words}", inputs="words"), {"words": [["a", "b"], [], ["c d"]]})
    assert result.outputs.stdout == ["a,b,", ",", "c d,"]


# -- how it ends --------------------------------------------------------------------------------------------


def test_an_exit_code_fails_the_node_and_is_a_message(script: Script) -> None:
    """The error shows the last lines of standard error; the message has the code."""
    graph = Graph("failing")
    node: Any = graph.add(TerminalTemplate(script("print('why', file=sys.stderr); sys.exit(3)")), "it")
    node.exit_code >> graph.outputs.code
    with pytest.raises(NetError) as caught:
        BatchRuntime(graph).run()
    result = caught.value.result
    assert result.outputs.code == [3]
    assert isinstance(result.errors[0].cause, ProcessError)
    assert result.errors[0].what.endswith("ended with exit code 3:\nwhy")
    assert "ok=(0, 1)" in result.errors[0].hint


@pytest.mark.parametrize("ok", [(0, 1), None])
def test_other_exit_codes_may_be_good(ok: Any) -> None:
    """`grep` says by 1 that it found nothing."""
    result = run(TerminalTemplate("grep nothing", ok=ok), {"stdin": ["a"]})
    assert (result.outputs.stdout, result.outputs.exit_code) == ([], [1])


def test_an_exit_code_executes_another_node() -> None:
    """A message is a signal to whoever wants no more than that."""

    @component
    def done() -> str:
        return "done"

    graph = Graph("after")
    last = graph.add(done)
    graph.add(TerminalTemplate("true")).exit_code >> last.execute
    last.out >> graph.outputs.said
    assert BatchRuntime(graph).run().outputs.said == ["done"]


@pytest.mark.parametrize(("options", "code"), [({}, 127), ({"cwd": "/nowhere"}, 127)])
def test_a_command_that_is_not_there_is_told(options: dict[str, Any], code: int) -> None:
    """Or its folder."""
    error = failure(TerminalTemplate("no-such-command -x" if not options else "ls", **options))
    assert isinstance(error.cause, ProcessError)
    assert error.cause.code == code
    what = "there is no folder '/nowhere'" if options else "there is no command no-such-command"
    assert what in error.what


def test_a_file_that_is_no_command_is_told(tmp_path: Path) -> None:
    """The system says why."""
    plain = write(tmp_path / "plain", "text")
    error = failure(TerminalTemplate([str(plain)]))
    assert "cannot be started: Permission denied" in error.what
    assert error.cause.code == 126  # type: ignore[union-attr]


def test_a_signal_fails_the_node(script: Script) -> None:
    """A process that a signal ends is told with the signal's name."""
    assert "was ended by SIGKILL" in failure(TerminalTemplate(script("os.kill(os.getpid(), signal.SIGKILL)"))).what


def test_a_command_that_closes_its_input_early_ends_its_source() -> None:
    """What it did not want is unread, and no failure."""
    result = run(TerminalTemplate("head -n 1"), {"stdin": (str(number) for number in range(1_000_000))})
    assert (result.outcome, result.outputs.stdout) == (Outcome.FINISHED, ["0"])


def test_a_command_that_closes_its_input_and_lives_on(script: Script) -> None:
    """Nobody writes into a pipe that nobody reads, and what it still says comes."""
    deaf = script("os.close(0); [print(number) for number in range(10_000)]")
    assert len(run(TerminalTemplate(deaf), {"stdin": ["x"] * 100_000}).outputs.stdout) == 10_000


def test_a_command_ends_when_nobody_takes_any_more() -> None:
    """One that would write for ever ends with its consumer."""
    graph = Graph("first")
    graph.add(TerminalTemplate("yes"), "it").stdout >> graph.add(Take).value
    graph["take"].taken >> graph.outputs.taken
    result = BatchRuntime(graph).run(time_limit=60)
    assert (result.outcome, result.outputs.taken) == (Outcome.FINISHED, ["y"])


def test_a_net_that_stops_ends_its_command(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told to, and may tidy up."""
    monkeypatch.setattr(process, "PATIENCE", 60)
    waiting = script(
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        print(os.getpid(), flush=True)
        signal.sigwait([signal.SIGTERM])
        open(sys.argv[0] + ".tidied", "w").close()
        """
    )
    assert is_gone(int(stopped_at_once(TerminalTemplate(waiting))))
    assert Path(f"{waiting[1]}.tidied").exists()


def test_a_command_that_does_not_listen_is_killed(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that it has started."""
    monkeypatch.setattr(process, "PATIENCE", 0.05)
    stubborn = script(
        """
        import subprocess
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        print(os.getpid(), child.pid, flush=True)
        while True: signal.pause()
        """
    )
    pids = stopped_at_once(TerminalTemplate(stubborn)).split()
    assert [is_gone(int(pid)) for pid in pids] == [True, True]


@pytest.mark.parametrize("turns", range(8))
def test_a_net_may_stop_while_a_command_is_started(turns: int) -> None:
    """At whatever moment: asyncio itself waits for ever when it is cancelled while it opens a process."""

    class StopSoon(Component):
        async def run(self) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            self.net.stop("soon")

    graph = Graph("soon")
    graph.add(TerminalTemplate("sleep 60"))
    graph.add(StopSoon)
    result = BatchRuntime(graph).run(raises=False)
    assert result.outcome == Outcome.STOPPED
    assert result.seconds < 50


def test_a_command_ends_though_the_program_is_killed(script: Script, tmp_path: Path) -> None:
    """A net that dies without a chance to act takes its processes with it."""
    waiting = script("print(os.getpid(), flush=True); signal.pause()")
    net = f"""
        from fbcore import BatchRuntime, TerminalTemplate, component
        import os, signal

        @component
        def die(pid: str) -> None:
            print(pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

        from fbcore import Graph
        graph = Graph("dying")
        graph.add(TerminalTemplate({waiting!r}), "it").stdout >> graph.add(die).pid
        BatchRuntime(graph).run()
        """
    file = write(tmp_path / "net.py", net)
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, check=False, timeout=200, env=here
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert is_gone(int(done.stdout))


@pytest.mark.parametrize("new_loop", ["asyncio.new_event_loop", "uvloop.new_event_loop"])
def test_a_command_ends_when_its_loop_is_closed(new_loop: str, script: Script, tmp_path: Path) -> None:
    """A loop that is closed before its net has ended never goes on, though asyncio keeps what waits for a process."""
    waiting = script("print(os.getpid(), flush=True); signal.pause()")
    net = f"""
        from fbcore import BatchRuntime, TerminalTemplate
        import asyncio, sys, uvloop

        results = BatchRuntime(TerminalTemplate({waiting!r})).stream()

        async def begin():
            await results.__aenter__()
            return (await anext(results))[1]

        loop = {new_loop}()
        pid = loop.run_until_complete(begin())
        loop.close()
        print(pid, flush=True)
        sys.stdin.read()
        """
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, str(write(tmp_path / "net.py", net))]
    with subprocess.Popen(arguments, env=here, text=True, stdin=PIPE, stdout=PIPE, stderr=PIPE) as program:
        assert program.stdout is not None
        assert is_gone(int(program.stdout.readline()))
        assert program.poll() is None
        _, complaints = program.communicate(timeout=60)
    assert "was left alone, and is killed" in complaints


def test_a_command_runs_where_there_is_no_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends it when the program is killed is not needed for its work."""
    monkeypatch.setattr(process, "_LEASH_COMMAND", ("/nowhere/sh",))
    assert run(TerminalTemplate("echo hello")).outputs.stdout == ["hello"]


def test_a_process_that_is_left_alone_is_told_of(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever drops one without ending it is warned, on the log too, and it is killed."""

    async def drop() -> int:
        from anyio import open_process

        opened = await open_process(["sleep", "1000"], start_new_session=True)
        child = process.Child(opened, "`sleep 1000` at it")
        pid = opened.pid
        with pytest.warns(ResourceWarning, match=rf"the process {pid} of `sleep 1000` at it was left alone"):
            del child
        await opened.aclose()
        return pid

    pid = asyncio.run(drop())
    assert is_gone(pid)
    assert caplog.messages == [f"the process {pid} of `sleep 1000` at it was left alone, and is killed"]


# -- flow ---------------------------------------------------------------------------------------------------


def test_back_pressure_holds(script: Script) -> None:
    """A command that does not read holds up who feeds it: no more than the pipes hold is on its way."""
    graph = Graph("deaf")
    graph.inputs.text >> graph.add(TerminalTemplate(script("signal.pause()")), "it").stdin
    texts = Each("x" * 1000 for _ in range(100_000))
    assert put_until_it_stands_still(graph, "inputs.text->it.stdin", {"text": texts}) < 1000


def test_who_does_not_take_holds_up_the_command(script: Script, tmp_path: Path) -> None:
    """A command that writes more than anybody takes waits, too."""
    counting = script(
        """
        with open(sys.argv[0] + ".count", "w") as file:
            for number in range(1_000_000):
                os.write(1, b"x" * 1000 + b"\\n")
                file.seek(0); file.write(str(number)); file.flush()
        """
    )

    class Slow(Component):
        value: In[str]

        async def run(self) -> None:
            await self.value.receive()
            counts = [""]
            while not counts[-1] or counts[-1] != counts[-2]:
                await asyncio.sleep(0.2)
                counts.append(Path(f"{counting[1]}.count").read_text())
            self.net.stop()

    graph = Graph("slow")
    graph.add(TerminalTemplate(counting), "it").stdout >> graph.add(Slow).value
    assert BatchRuntime(graph).run(time_limit=100).outcome == Outcome.STOPPED
    assert int(Path(f"{counting[1]}.count").read_text()) < 2000


def test_a_command_that_works_keeps_its_net_alive() -> None:
    """A net in a circle is not called blocked while a process lives."""
    graph = Graph("loop")
    node: Any = graph.add(TerminalTemplate("cat; sleep 0.1; echo last", shell=True), "it")
    graph.inputs.text >> node.stdin
    node.stdout >> graph.outputs.out
    result = BatchRuntime(graph).run(inputs={"text": "first"})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, ["first", "last"])


def test_each_signal_runs_it_and_a_loop_runs_it_again() -> None:
    """Options are those of all components."""

    class Twice(Component):
        tick: Out[int]

        async def run(self) -> None:
            await self.tick.send(1)
            await self.tick.send(2)

    graph = Graph("twice")
    node: Any = graph.add(TerminalTemplate("echo hello", execute_after_start=True), "it")
    graph.add(Twice).tick >> node.execute
    node.stdout >> graph.outputs.said
    assert BatchRuntime(graph).run().outputs.said == ["hello"] * 3
    graph = Graph("again")
    graph.add(TerminalTemplate("echo hello", loop=True), "it").stdout >> graph.add(Take).value
    graph["take"].taken >> graph.outputs.said
    assert BatchRuntime(graph).run().outputs.said == ["hello"]


def test_a_command_on_another_loop() -> None:
    """A loop that is not asyncio's own runs commands too; a stepped one has no world outside, and says so."""
    graph = Graph("upper")
    node: Any = graph.add(TerminalTemplate("tr a-z A-Z"), "it")
    graph.inputs.text >> node.stdin
    node.stdout >> graph.outputs.out
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(BatchRuntime(graph).arun(inputs={"text": Each(["a", "b"])}))
    assert result.outputs.out == ["A", "B"]
    with asyncio.Runner(loop_factory=SteppedLoop) as runner, pytest.raises(NetError) as caught:
        runner.run(BatchRuntime(graph).arun(inputs={"text": Each(["a"])}))
    assert isinstance(caught.value.result.errors[0].cause, LoopError)


def test_nothing_is_logged_of_what_goes_well(caplog: pytest.LogCaptureFixture) -> None:
    """Of a command that complains of nothing there is but the net's own begin and end."""
    with caplog.at_level(logging.DEBUG, logger="fbcore"):
        run(TerminalTemplate("cat"), {"stdin": ["a"]})
    assert [getattr(record, "event", None) for record in caplog.records] == ["begins", "ended"]
