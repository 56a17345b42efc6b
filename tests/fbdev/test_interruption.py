import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.fbdev import nets
from tests.fbdev.terminal import Terminal

pytestmark = pytest.mark.slow

HANGING = (
    """
import os
import subprocess
import sys

child = subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
with open("gate", "w") as gate:
    gate.write(f"{os.getpid()} {child.pid}")
import time
while True:
    time.sleep(0.01)  # Again and again: a signal that comes as a wait begins is seen when that is over.
"""
    + nets.FINISHED
)

COMMANDS = ["run", "check", "draw"]


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    """A folder with a net whose import starts a process, says so through a gate, and then hangs."""
    (tmp_path / "net.py").write_text(HANGING)
    os.mkfifo(tmp_path / "gate")
    return tmp_path


def has_hung(folder: Path) -> list[int]:
    """Wait until the import hangs, and return the processes that it takes part in."""
    return [int(word) for word in (folder / "gate").read_text().split()]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_any_command(hanging: Path, command: str, kind: signal.Signals) -> None:
    """An import that hangs is ended by Ctrl-C and by SIGTERM, in one word, with the code of what is stopped."""
    with subprocess.Popen(nets.command(command, "net.py"), cwd=hanging, stdout=-1, stderr=-1, text=True) as process:
        pids = has_hung(hanging)
        process.send_signal(kind)
        out, err = process.communicate(timeout=200)
        if command != "check":
            os.kill(pids[1], signal.SIGKILL)
    assert (process.returncode, out, err) == (5, "", "interrupted\n")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_check_leaves_nothing_behind(hanging: Path, kind: signal.Signals) -> None:
    """A check that is interrupted ends the process that imports, and what that has started."""
    with subprocess.Popen(nets.command("check", "net.py"), cwd=hanging, stdout=-1, stderr=-1) as process:
        pids = has_hung(hanging)
        process.send_signal(kind)
        process.communicate(timeout=200)
    assert [nets.has_ended(pid) for pid in pids] == [True, True]


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_ends_any_command_on_a_terminal(hanging: Path, command: str) -> None:
    """A person who presses Ctrl-C, and impatiently once more, gets the prompt back and sees no traceback."""
    with Terminal(command, "net.py", cwd=hanging) as terminal:
        has_hung(hanging)
        terminal.press("\x03\x03")
        screen = terminal.read_to_end()
        assert terminal.process.returncode in (5, -signal.SIGINT)
    assert "Traceback" not in terminal.seen
    assert [line for line in screen if line.strip("^C")] in (["interrupted"], [])


def test_a_check_that_takes_long_says_so(hanging: Path) -> None:
    """On a terminal a person learns what is waited for."""
    with Terminal("check", "net.py", cwd=hanging) as terminal:
        has_hung(hanging)
        terminal.read_until(lambda screen: "importing net.py; Ctrl-C ends it" in screen)
        terminal.press("\x03")
        terminal.read_to_end()


@pytest.mark.parametrize("words", [["run", "--help"], ["check"], ["draw"], ["draw", "--format", "svg"]])
def test_a_closed_pipe_is_no_error(tmp_path: Path, words: list[str]) -> None:
    """When nobody reads what any command prints, it ends without a word."""
    (tmp_path / "net.py").write_text(nets.INVALID)
    line = [*nets.command(words[0], "net.py", *words[1:])]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        found = subprocess.run(line, cwd=tmp_path, check=False, stdout=closed, stderr=-1, text=True)
    assert (found.returncode, found.stderr) == (5, "")


@pytest.mark.parametrize("words", [["run", "net.py", "--help"], ["check", "net.py"], ["draw", "net.py"], ["--help"]])
def test_no_color_means_none(tmp_path: Path, words: list[str]) -> None:
    """With NO_COLOR a terminal gets no colours from any command."""
    (tmp_path / "net.py").write_text(nets.INVALID)
    with Terminal(*words, cwd=tmp_path, NO_COLOR="1") as terminal:
        terminal.read_to_end()
    assert not any(f"\x1b[{code}m" in terminal.seen for code in (31, 32, 33, 34, 35, 36, "1;31", "1;32", "1;36"))


@pytest.mark.parametrize("words", [["run", "net.py", "--help"], ["check", "net.py"], ["run", "net.py"], ["--help"]])
def test_a_narrow_terminal_is_not_overrun(tmp_path: Path, words: list[str]) -> None:
    """On 40 columns no line of any command for people is longer than that."""
    (tmp_path / "net.py").write_text(nets.FINISHED)
    with Terminal(*words, cwd=tmp_path, columns=40) as terminal:
        screen = terminal.read_to_end()
    if words == ["run", "net.py"]:
        screen = [line for line in screen if not line.startswith("finished: ")]
    assert max(map(len, screen)) <= 40
