import subprocess
import sys
from pathlib import Path

import pytest

from fbdev.cli import main
from fbdev.complete.words import words_of_run
from fbdev.step.session import Session
from tests.fbdev import nets
from tests.fbdev.run.test_command import CHATTY, write
from tests.fbdev.terminal import Terminal

DEADLOCK = ["a", "b", "a", "b", "a", "b"]


def script(folder: Path, *choices: str) -> str:
    """Write a script and return its path."""
    (folder / "steps.txt").write_text("".join(f"{choice}\n" for choice in choices))
    return str(folder / "steps.txt")


# -- scripts -------------------------------------------------------------------------------------------


def test_a_script_prints_its_steps_and_where_they_lead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each step is a line; then stands the net, and what could happen next; it has not ended, which is no failure."""
    path = write(tmp_path, nets.DEADLOCKED)
    assert main(["step", path, "--script", script(tmp_path, "a", "b", "a")]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "   1  0 s  a",
        "   2  0 s  b",
        "   3  0 s  a: sent 1 to a.said->b.heard",
        "",
        "▸ a                running      sends 2",
        "▸   said → b.heard █████ 1/1    1",
        "  b                running      sends 1",
        "    said → a.heard ░░░░░ 0/1",
        "",
        "next:",
        "1 b     sends 1 by said",
        "2 a     waits to send 2 by said: no room",
    ]
    assert err == "deadlocked: left after 3 steps, and had not ended\n"


def test_a_script_into_a_deadlock_has_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing but a bad end can happen, the exit code is that of this end, and the circle is drawn."""
    assert main(["step", write(tmp_path, nets.DEADLOCKED), "--script", script(tmp_path, *DEADLOCK)]) == 4
    out, err = capsys.readouterr()
    assert "  a  waits for room on\n  │ a.said->b.heard (1 of 1)\n  ▼\n  b  waits for room on" in out
    assert err == "deadlocked: left after 6 steps, and had not ended\n"


def test_a_script_to_the_end_ends_as_a_run_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A net that has ended is summed up, its outputs are printed, and the exit code is that of `fbdev run`."""
    path = write(tmp_path, nets.FAILED)
    names = script(tmp_path, *recorded(path, value=0))
    assert main(["step", path, "--input", "value=0", "--script", names]) == 1
    err = capsys.readouterr().err
    assert err.startswith("failing: failed after 0.00 s")
    assert "hint: --debug shows the traceback" in err


def test_a_choice_that_no_longer_fits_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The choice is named by its number, with what could be chosen, and the net is shown as it was before it."""
    assert main(["step", write(tmp_path, nets.DEADLOCKED), "--script", script(tmp_path, "a", "c", "b")]) == 2
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "   1  0 s  a"
    assert "next:" in out
    assert err.startswith("error: deadlocked: choice 2 of 3 no longer fits: 'c' is not enabled\n  hint: enabled are: ")


def test_outputs_go_where_they_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --output what came out is written once the net has ended; with - nothing else is on standard output."""
    path = write(tmp_path, nets.FINISHED)
    names = recorded(path)
    where = tmp_path / "out.jsonl"
    arguments = ["step", path, "--script", script(tmp_path, *names), "--output"]
    assert main([*arguments, f"doubled=@{where}"]) == 0
    assert where.read_text() == "0\n2\n4\n"
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith(f"{len(names):>4}  0 s  double")
    assert err.startswith("finished: finished after 0.00 s")
    assert main([*arguments, "doubled=-"]) == 0
    assert capsys.readouterr().out == "0\n2\n4\n"


def recorded(path: str, **inputs: object) -> list[str]:
    """Return the choices of a run to the end."""
    from fbcore import FSMRuntime
    from fbcore.formats.python_file import load_graph

    with FSMRuntime(load_graph(path)).start(inputs=inputs) as fsm:
        fsm.run()
        return fsm.choices


def test_what_components_print_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a screen prints go where they are printed, between the steps."""
    path = write(tmp_path, CHATTY)
    assert main(["step", path, "--script", script(tmp_path, *recorded(path))]) == 0
    out, err = capsys.readouterr()
    assert "running\n" in out
    assert "complaining\n" in err


# -- what is wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["net.py"], "this is no terminal that can be painted on; --script FILE replays choices without one"),
        (["nowhere.py"], "nowhere.py: there is no such file"),
        (["net.py", "--script", "nowhere"], "nowhere: cannot be read: No such file"),
        (["net.py", "--script", "steps", "--count", "many"], "--count: 'many' is no int"),
        (["net.py", "--script", "steps", "--input", "x=1"], "--input x: the graph has no such input"),
        (["net.py", "--script", "steps", "--seed", "x"], "Invalid value for '--seed'"),
        ([], "Missing argument"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Wrong files, configs, inputs and terminals are told as `fbdev run` tells them."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, nets.FINISHED)
    (tmp_path / "steps").write_text("")
    assert main(["step", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_missing_textual_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without textual the error says how to get it, and what works without."""
    monkeypatch.setattr("fbdev.step.command._is_screen", lambda: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["step", write(tmp_path, nets.FINISHED)]) == 2
    assert "pip install 'fbdev[step]'" in capsys.readouterr().err


def test_keys_and_lines_cannot_both_come_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a screen, standard input is for keys."""
    monkeypatch.setattr("fbdev.step.command._is_screen", lambda: True)
    assert main(["step", write(tmp_path, nets.FAILED), "--input", "value=-"]) == 2
    assert "read lines from a file" in capsys.readouterr().err


def test_a_script_reads_standard_input(tmp_path: Path) -> None:
    """Without a screen lines may come from a pipe."""
    path = write(tmp_path, nets.FAILED)
    command = [
        sys.executable,
        "-m",
        "fbdev",
        "step",
        path,
        "--input",
        "value=-",
        "--script",
        script(tmp_path, "inputs.value"),
    ]
    run = subprocess.run(command, check=False, capture_output=True, text=True, input="4\n2\n")
    assert (run.returncode, run.stderr) == (0, "failing: left after 1 step, and had not ended\n")
    assert "sends 4" in run.stdout


def test_no_config_is_called_like_an_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A config called `seed` or `script` has another option, and the shell offers that."""
    source = nets.FINISHED.replace("configs.count", "configs.seed")
    path = write(tmp_path, source)
    assert main(["step", path, "--help"]) == 0
    assert "--config-seed" in capsys.readouterr().out
    words = [word.value for word in words_of_run([path], "--", "step")]
    assert {"--config-seed", "--script", "--seed", "--input"} <= set(words)
    assert "--live" not in words
    (tmp_path / "steps").write_text("")
    assert f"{tmp_path}/steps" in [word.value for word in words_of_run([path, "--script"], f"{tmp_path}/s", "step")]


def test_a_seed_says_where_the_key_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --seed the steps of a session are in the order of that number."""
    found: list[list[str]] = []

    def run(session: Session, *_: object) -> None:
        session.start()
        session.run()
        found.append([step.name for step in session.steps])
        session.close()

    monkeypatch.setattr("fbdev.step.command._is_screen", lambda: True)
    monkeypatch.setattr("fbdev.step.command._show", run)
    for seed in (1, 2, 1):
        assert main(["step", write(tmp_path, nets.FINISHED), "--seed", str(seed)]) == 0
    assert found[0] == found[2] != found[1]


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --debug the end of a net that failed has its traceback."""
    path = write(tmp_path, nets.FAILED)
    arguments = ["step", path, "--input", "value=0", "--script", script(tmp_path, *recorded(path, value=0))]
    assert main(arguments) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert main([*arguments, "--debug"]) == 1
    assert "return 1 / value" in capsys.readouterr().err


def test_a_snapshot_has_its_own_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --restore a script goes on from a snapshot; inputs beside it are refused, and so is a file that is none."""
    from fbcore import Each, FSMRuntime
    from fbcore.formats.python_file import load_graph

    path = write(tmp_path, nets.FAILED)
    where = str(tmp_path / "net.snapshot")
    with FSMRuntime(load_graph(path)).start(inputs={"value": Each([4, 2])}) as fsm:
        fsm.run_until(port="divide.out")
        fsm.snapshot(where)
    arguments = ["step", path, "--restore", where, "--script", script(tmp_path)]
    assert main(arguments) == 0
    assert "1 out        0.25" in capsys.readouterr().out
    assert main([*arguments, "--input", "value=1"]) == 2
    assert "a snapshot has its own inputs" in capsys.readouterr().err
    assert main(["step", path, "--restore", path, "--script", script(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: ")


# -- a real terminal -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_somebody_drives_it_in_a_terminal(tmp_path: Path) -> None:
    """In a terminal one runs into a deadlock, goes back, writes a test, and quits; prints do not tear the screen."""
    write(tmp_path, nets.DEADLOCKED.replace("await self.heard", "print('never')\n        await self.heard"))
    with Terminal("step", "net.py", cwd=tmp_path, columns=100, rows=30) as terminal:
        terminal.read_until(lambda screen: shows(screen, "2 can happen"))
        terminal.press("r")
        terminal.read_until(lambda screen: shows(screen, "and so round"))
        terminal.press("u")
        terminal.read_until(lambda screen: shows(screen, "taken back"))
        terminal.press("y")
        terminal.press("w")
        terminal.read_until(lambda screen: shows(screen, "Write the session to"))
        terminal.press("\r")
        terminal.read_until(lambda screen: shows(screen, "pytest test_net_steps.py"))
        terminal.press("q")
        screen = terminal.read_to_end()
    assert terminal.process.returncode == 0
    assert shows(screen, "deadlocked: left after 6 steps, and had not ended")
    assert "never" not in terminal.seen
    assert "Traceback" not in terminal.seen
    assert (tmp_path / "test_net_steps.py").exists()


def shows(screen: list[str], text: str) -> bool:
    """Say whether a text is somewhere on a screen."""
    return any(text in line for line in screen)
