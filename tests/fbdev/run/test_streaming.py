import signal
import subprocess
from pathlib import Path

import pytest

from tests.fbdev import nets
from tests.fbdev.terminal import Terminal

pytestmark = pytest.mark.slow


@pytest.fixture
def endless(tmp_path: Path) -> str:
    """A net that sends three numbers and then goes on for ever."""
    (tmp_path / "net.py").write_text(nets.ENDLESS)
    return str(tmp_path / "net.py")


def start(*arguments: str) -> "subprocess.Popen[str]":
    """Start our program with pipes for its output."""
    return subprocess.Popen(nets.command("run", *arguments), stdout=-1, stderr=-1, text=True)


def lines(process: "subprocess.Popen[str]", count: int) -> list[str]:
    """Read lines from a process that goes on."""
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


def test_lines_are_written_as_packets_come_out(endless: str) -> None:
    """Whoever reads the other end of a pipe sees each packet while the net still runs; Ctrl-C then drains it."""
    with start(endless, "--output", "seen=-") as process:
        assert lines(process, 3) == ["0\n", "1\n", "2\n"]
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=200)
    assert (process.returncode, out) == (5, "")
    assert err.splitlines()[0] == "running"
    assert err.splitlines()[1].startswith("endless: stopped after ")
    assert "asked to stop by a signal" in err


def test_a_file_is_written_as_packets_come_out(endless: str, tmp_path: Path) -> None:
    """A file can be read while the net runs."""
    with start(endless, "--output", "seen=@/dev/stdout", "--output", "seen=-") as process:
        assert process.wait(timeout=200) == 2
    with start(endless, "--output", "seen=@/dev/stdout") as process:
        assert sorted(lines(process, 4)) == ["0\n", "1\n", "2\n", "running\n"]
        process.terminate()


def test_a_second_signal_cancels_the_net(endless: str) -> None:
    """A net that does not drain while its outputs are written is cancelled by the second signal."""
    with start(endless, "--stubborn", "--output", "seen=-") as process:
        assert lines(process, 3) == ["0\n", "1\n", "2\n"]
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert [process.stderr.readline() for _ in range(2)] == ["running\n", "draining\n"]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=200)
    assert process.returncode == 5
    assert "  waits  show: waits in Event.wait at " in err
    assert "Traceback" not in err


def test_a_closed_pipe_ends_a_net_that_goes_on(tmp_path: Path) -> None:
    """When nobody reads the lines any more the net ends, with sources that would have gone on for ever."""
    endless = "itertools.count()"
    source = nets.FINISHED.replace("range(count)", endless).replace("\n@component", "\nimport itertools\n@component", 1)
    (tmp_path / "net.py").write_text(source)
    with start(str(tmp_path / "net.py"), "--output", "doubled=-") as process:
        assert lines(process, 2) == ["0\n", "2\n"]
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (5, "")


def test_lines_go_above_the_table(endless: str, tmp_path: Path) -> None:
    """On a terminal lines and table share the screen: the lines stand above, whole."""
    with Terminal("run", endless, "--output", "seen=-", "--live", cwd=tmp_path) as terminal:
        terminal.read_until(lambda screen: any(line.startswith("ticks.out->show.value") for line in screen))
        terminal.process.send_signal(signal.SIGINT)
        screen = terminal.read_to_end()
    above = [line for line in screen[: screen.index(next(x for x in screen if x.startswith("node ")))] if line]
    assert sorted(above) == ["0", "1", "2", "running"]


def test_what_no_outlet_takes_is_printed_at_the_end(tmp_path: Path) -> None:
    """Outputs that go nowhere else are kept, and printed when the net has ended."""
    source = nets.FINISHED + 'graph["numbers"].out >> graph.outputs.plain\n'
    (tmp_path / "net.py").write_text(source)
    found = nets.run("run", "net.py", "--output", "doubled=@doubled.jsonl", cwd=tmp_path)
    assert (found.returncode, found.stdout) == (0, "0\n1\n2\n")
    assert (tmp_path / "doubled.jsonl").read_text() == "0\n2\n4\n"
