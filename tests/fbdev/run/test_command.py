import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fbdev.cli import main
from tests.fbdev import nets

CHATTY = """
import sys
from fbcore import Graph, component

print("loading")

@component
def talk() -> str:
    print("running")
    print("complaining", file=sys.stderr)
    return "data"

graph = Graph("chatty")
graph.add(talk).out >> graph.outputs.out
"""

LAZY = """
from fbcore import Graph, component

@component
def lazy() -> str:
    from needed_late import NAME
    return NAME

graph = Graph("lazy")
graph.add(lazy).out >> graph.outputs.out
"""

SLOW_TURN = """
import asyncio
import time
from fbcore import Component, Graph

class Block(Component):
    async def run(self) -> None:
        for _ in range(2):
            time.sleep(0.15)
            await asyncio.sleep(0.03)

graph = Graph("slow_turn")
graph.add(Block)
"""

MANY = """
from collections.abc import Iterator
from fbcore import Graph, component

@component
def many() -> Iterator[int]:
    yield from range(100_000)

@component
def show(value: int) -> None:
    print("value", value)

graph = Graph("values")
graph.add(many).out >> graph.outputs.out

prints = Graph("prints")
prints.add(many).out >> prints.add(show).value
"""


def write(folder: Path, source: str) -> str:
    """Write a net into a folder and return its path."""
    (folder / "net.py").write_text(source)
    return str(folder / "net.py")


# -- what goes where --------------------------------------------------------------------------------------


def test_outputs_go_to_standard_output_and_the_summary_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a pipe there is nothing but data: the summary is on standard error, and no table is painted."""
    assert main(["run", write(tmp_path, nets.FINISHED)]) == 0
    out, err = capsys.readouterr()
    assert out == "0\n2\n4\n"
    assert err.startswith("finished: finished after ")
    assert err.count("\n") == 1


def test_what_components_print_goes_where_they_print_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints of a component stay where they belong when a person reads the output."""
    assert main(["run", write(tmp_path, CHATTY)]) == 0
    out, err = capsys.readouterr()
    assert out == "loading\nrunning\ndata\n"
    assert err.startswith("complaining\n")


def test_json_is_alone_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is one document; prints, even those at loading, are on standard error."""
    assert main(["run", write(tmp_path, CHATTY), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["outputs"] == {"out": ["data"]}
    assert err.startswith("loading\nrunning\ncomplaining\nchatty: finished after ")


def test_json_is_written_for_bad_ends_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A machine gets the document, and the exit code, however the net ended."""
    assert main(["run", write(tmp_path, nets.DEADLOCKED), "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["outcome"] == "deadlocked"


def test_quiet_prints_what_comes_out_and_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --quiet a good end needs no words."""
    assert main(["run", write(tmp_path, nets.FINISHED), "--quiet"]) == 0
    assert capsys.readouterr() == ("0\n2\n4\n", "")


def test_quiet_says_what_goes_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --quiet a bad end is said all the same."""
    assert main(["run", write(tmp_path, nets.DEADLOCKED), "--quiet"]) == 4
    assert "deadlocked: deadlocked after " in capsys.readouterr().err


def test_live_paints_where_no_terminal_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --live the table is painted on standard error, whatever that is."""
    assert main(["run", write(tmp_path, nets.ENDLESS), "--live", "--time-limit", "0.3"]) == 5
    out, err = capsys.readouterr()
    assert "endless" in err
    assert "ticks.out->show.value" in err
    assert out == "running\n0\n1\n2\n"


def test_debug_shows_the_traceback_of_a_component(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --debug a failed net shows where its component raised."""
    path = write(tmp_path, nets.FAILED)
    assert main(["run", path, "--input", "value=0"]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert main(["run", path, "--input", "value=0", "--debug"]) == 1
    assert "return 1 / value" in capsys.readouterr().err


@pytest.mark.slow
def test_a_slow_turn_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that blocks the loop is told on standard error, once, by the name of its node."""
    monkeypatch.setattr("fbcore.net.watchdog.SLOW_TURN", 0.05)
    assert main(["run", write(tmp_path, SLOW_TURN)]) == 0
    err = capsys.readouterr().err
    assert err.count("block: a turn blocked the loop for 0.") == 1
    assert err.startswith("notice: block: ")


SCRIPTED = """
from fbcore import Graph, PyFile
graph = Graph("scripted")
graph.add(PyFile("talk.py", process=True)).n >> graph.outputs.n
"""
TALK = """# /// fbcore
# [outputs]
# n = "int"
# ///
import sys
print(1)
print("careful", file=sys.stderr)
"""


@pytest.mark.parametrize("log", ["", "import logging\nlogging.basicConfig(format='%(message)s')\n"])
def test_what_scripts_complain_about_is_shown_once(tmp_path: Path, log: str) -> None:
    """What a script writes to standard error is seen, with the node's address, whether or not the file has a log."""
    (tmp_path / "talk.py").write_text(TALK)
    arguments = nets.command("run", write(tmp_path, log + SCRIPTED))
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    assert done.stdout == "1\n"
    assert done.stderr.splitlines().count("talk: careful") == done.stderr.count("careful") == 1


def test_neighbours_can_be_imported_while_the_net_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A component may import what lies beside its file only when it runs."""
    (tmp_path / "needed_late.py").write_text("NAME = 'late'\n")
    before = list(sys.path)
    assert main(["run", write(tmp_path, LAZY)]) == 0
    assert capsys.readouterr().out == "late\n"
    assert sys.path == before


def test_a_text_that_cannot_be_encoded_is_printed_nevertheless(tmp_path: Path) -> None:
    """A letter that the output's encoding lacks is written as its code."""
    source = nets.FINISHED.replace("-> int:\n    return 2 * value", "-> str:\n    return '\\ud800'")
    run = nets.run("run", write(tmp_path, source), "--count", "1")
    assert (run.returncode, run.stdout) == (0, "\\ud800\n")


# -- limits and signals -----------------------------------------------------------------------------------


def start(*arguments: str) -> "subprocess.Popen[str]":
    """Start our program with pipes for its output."""
    return subprocess.Popen(nets.command(*arguments), stdout=-1, stderr=-1, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_the_net(tmp_path: Path, kind: signal.Signals) -> None:
    """Ctrl-C or a SIGTERM stops the sources; what was on its way comes out, and the exit code says stopped."""
    with start("run", write(tmp_path, nets.ENDLESS)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(kind)
        out, err = process.communicate(timeout=200)
    assert (process.returncode, out) == (5, "0\n1\n2\n")
    assert err.startswith("endless: stopped after ")
    assert "Traceback" not in err


@pytest.mark.slow
def test_a_second_signal_cancels_the_net(tmp_path: Path) -> None:
    """A net that does not drain is cancelled by the second signal."""
    with start("run", write(tmp_path, nets.ENDLESS), "--stubborn") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "draining\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=200)
    assert (process.returncode, out) == (5, "0\n1\n2\n")
    assert "  waits  show: waits in Event.wait at " in err


@pytest.mark.slow
def test_the_grace_is_how_long_a_net_may_drain(tmp_path: Path) -> None:
    """After the grace a net that does not drain is cancelled without a second signal."""
    with start("run", write(tmp_path, nets.ENDLESS), "--stubborn", "--grace", "0.05") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=200)
    assert process.returncode == 5
    assert "not drained in 0.05 s" in err


def test_the_time_limit_cancels_the_net(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After the time limit the net is stopped; what came out is printed."""
    assert main(["run", write(tmp_path, nets.ENDLESS), "--time-limit", "0.05"]) == 5
    out, err = capsys.readouterr()
    assert out == "running\n0\n1\n2\n"
    assert "the time limit of 0.05 s is over" in err


# -- pipes ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("name", ["graph", "prints"])
def test_a_closed_pipe_is_no_error(tmp_path: Path, name: str, unbuffered: str) -> None:
    """When the reader has seen enough, as `head` has, the program falls silent and ends as stopped."""
    process = subprocess.Popen(
        nets.command("run", f"{write(tmp_path, MANY)}:{name}"),
        stdout=-1,
        stderr=-1,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.readline() in ("0\n", "value 0\n")
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (5, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_an_error(tmp_path: Path, unbuffered: str) -> None:
    """Output that cannot be written for another reason is one line."""
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            nets.command("run", write(tmp_path, nets.FINISHED), "--quiet"),
            check=False,
            stdout=full,
            stderr=-1,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert run.returncode == 1
    assert run.stderr.splitlines()[0] == "error: OSError: [Errno 28] No space left on device"
