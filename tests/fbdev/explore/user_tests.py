"""A user's tests, run by pytest in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.habits.tree import ROOT

HEAD = """
import asyncio
import logging
import warnings
import pytest
from fbdev.explore import Lock, NetScene, Scene, Shared, explore


def steps(count=1):
    for number in range(count):
        yield number


def losing():
    count = Shared(0, "count")

    def add():
        seen = count.value
        print("read", seen)
        yield "read"
        count.value = seen + 1

    return Scene({"a": add(), "b": add()}, shared=count)


def is_two(count):
    return count.value == 2
"""


def run_tests(folder: Path, text: str, *options: str, head: str = HEAD) -> str:
    """Write tests to a file, run them, and return what pytest prints; with warnings as errors."""
    (folder / "test_it.py").write_text(f"{head}\n\n{textwrap.dedent(text)}", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *options]
    if not any(option.startswith("test_it.py") for option in options):
        command.append("test_it.py")
    # This tree's plugin, wherever another is installed; and summaries that are not cut.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    environment.pop("CI", None)
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    return done.stdout + done.stderr


def count_of(text: str) -> str:
    """Return the last line of what pytest prints: how many passed and failed."""
    return text.strip().splitlines()[-1].rpartition(" in ")[0]
