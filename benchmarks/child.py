"""Fresh interpreters: for what a process keeps, imports or takes as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def printed_by(arguments: Sequence[str | Path], folder: Path = ROOT, python: str | Path = sys.executable) -> str:
    """Run Python with these arguments in a folder, this tree first on its path, and return what it prints.

    Raises:
        RuntimeError: it failed; the message ends with what it printed to standard error.
    """
    # With bytecode, as a user has it, whatever this shell says.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPATH"] = str(ROOT)
    command = [str(part) for part in (python, *arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=settings, cwd=folder)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.strip()
