"""The first hour of a stranger: what the page of the first net says is what happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.examples import Block, blocks
from tests.habits.tree import ROOT

PAGE = ROOT / "docs" / "first-net.md"
INSTALLING, *STEPS = blocks(PAGE.read_text(encoding="utf-8"))
TITLE = re.compile(r"<title>(.*?)</title>")


def shell(commands: str, folder: Path) -> str:
    """Run commands as in a shell where the environment is activated, and return all that they print."""
    bin = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": bin, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "80"}
    # Where this is set, pytest prints what a reader of the page does not see.
    environment.pop("CI", None)
    command = ["sh", "-c", f"exec 2>&1\n{commands}"]
    return subprocess.run(command, check=False, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True).stdout


def try_out(step: Block, folder: Path) -> str:
    """Do what one block of the page says, and tell what goes another way than it says."""
    if step.save(folder):
        return ""
    return step.differs(shell(step.source, folder))


@pytest.mark.slow
def test_the_page_is_true(tmp_path: Path) -> None:
    """Whoever follows the page sees what it shows, and draws the picture that is on it."""
    assert [wrong for step in STEPS if (wrong := try_out(step, tmp_path))] == []
    drawn, shown = (tmp_path / "weather.svg", PAGE.with_suffix(".svg"))
    assert TITLE.findall(drawn.read_text(encoding="utf-8")) == TITLE.findall(shown.read_text(encoding="utf-8"))


def test_the_page_begins_with_an_installation() -> None:
    """The only commands that are not run here install the project, as every other test needs it."""
    assert INSTALLING.source.startswith("make install\n")
    subprocess.run(["make", "--dry-run", "install"], check=True, cwd=ROOT, capture_output=True)
