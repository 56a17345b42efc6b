import os
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

NET = """
raise SystemExit("nobody runs this to complete a word")

from fbcore import Graph

graph = Graph("net")
great = Graph("great")
graph.inputs.row >> clean.row
graph.inputs.right >> clean.right
graph.configs.sort_by >> clean.sort_by
graph.configs.json >> clean.json
clean.out >> graph.outputs.rows
great.inputs.line >> clean.line
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a net, some data, and our program under its name."""
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "rows.jsonl").write_text("")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "more.jsonl").write_text("")
    program = tmp_path / "bin" / "fbdev"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fbdev "$@"\n')
    program.chmod(0o755)
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which `fbdev` is our program."""
    return {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


@cache
def script_for_bash() -> str:
    """Return what our program gives a bash to read, in whatever folder."""
    env = {**os.environ, "_FBDEV_COMPLETE": "source_bash"}
    line = [sys.executable, "-m", "fbdev"]
    return subprocess.run(line, env=env, check=True, capture_output=True, text=True).stdout


def bash(folder: Path, *words: str) -> list[str]:
    """Let a bash that has our completion complete the last of its words, which it has broken already."""
    line = " ".join(map(shlex.quote, ["fbdev", *words]))
    script = f"""
        {script_for_bash()}
        COMP_WORDS=({line})
        COMP_CWORD={len(words)}
        $(complete -p fbdev | sed 's/.*-F \\([^ ]*\\).*/\\1/') fbdev
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    found = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stderr == ""
    return found.stdout.split()


def asked(folder: Path, shell: str, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Ask our program as another shell would, whose script we cannot run."""
    env = {**environment(folder), "_FBDEV_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line, **more}
    return subprocess.run(["fbdev"], cwd=folder, env=env, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["ch"], ["check"]),
        (["draw", "net.py", "--form"], ["--format"]),
        (["draw", "net.py", "--format", "s"], ["svg"]),
        (["run", "--li"], ["--live"]),
        (["run", "net.py", "--so"], ["--sort-by"]),
        (["run", "net.py", "--config"], ["--config-json"]),
        (["run", "net.py", ":", "great", "--so"], []),
        (["run", "net"], []),
    ],
)
def test_bash_completes_commands_and_options(folder: Path, words: list[str], found: list[str]) -> None:
    """Commands, options and those of the net are offered; files are left to bash, which is told so by silence."""
    assert bash(folder, *words) == found


@pytest.mark.parametrize("command", ["run", "check", "draw"])
def test_bash_completes_graphs_in_a_file(folder: Path, command: str) -> None:
    """After `FILE:` the graphs of the file are offered, though bash breaks the word at the colon."""
    assert bash(folder, command, "net.py", ":") == ["graph", "great"]
    assert bash(folder, command, "net.py", ":", "gre") == ["great"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--input", "r"], ["row=-", "row=@", "right=-", "right=@"]),
        (["--input", "row", "="], ["-", "@"]),
        (["--input", "row", "=@", "ro"], ["@rows.jsonl"]),
        (["--input", "row", "=@", "da"], ["@data/more.jsonl"]),
        (["--input", "row", "=@", "nowhere/"], []),
        (["--output", ""], ["rows=-", "rows=@"]),
        (["--time-limit", ""], []),
    ],
)
def test_bash_completes_inputs_and_outputs(folder: Path, words: list[str], found: list[str]) -> None:
    """After --input and --output the names of the net are offered, and after the @ files."""
    assert bash(folder, "run", "net.py", *words) == found


def test_other_shells_are_answered_in_their_words(folder: Path) -> None:
    """Zsh and fish get whole words, with what they are for; where they are to look for files they are told."""
    assert asked(folder, "zsh", "fbdev run net.py:gre").stdout == "_arguments '*: :((\"net.py\\\\:great\"))'\n"
    assert asked(folder, "zsh", "fbdev run ne").stdout == "_files\n"
    fish = asked(folder, "fish", "fbdev run net.py --so", _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert fish.stdout == "--sort-by\tConfig of net.py.\n"
    assert asked(folder, "fish", "fbdev run ne", _TYPER_COMPLETE_FISH_ACTION="is-args").returncode == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_shown(folder: Path, shell: str) -> None:
    """--show-completion prints what a shell is to read, here for one that is named."""
    env = {**environment(folder), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    found = subprocess.run(
        ["fbdev", "--show-completion", shell], cwd=folder, env=env, check=True, capture_output=True, text=True
    )
    assert "_FBDEV_COMPLETE=complete_" + shell in found.stdout


def test_completion_can_be_installed(folder: Path) -> None:
    """--install-completion writes the script into the user's home, where the shell reads it."""
    env = {**environment(folder), "HOME": str(folder), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    found = subprocess.run(
        ["fbdev", "--install-completion", "bash"], cwd=folder, env=env, check=False, capture_output=True, text=True
    )
    assert found.returncode == 0
    assert "completion" in (folder / ".bashrc").read_text()
