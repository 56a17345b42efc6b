"""Stopping a program while a node blocks in its thread: it ends, and says what it has left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NET = '''
"""A net of which one node blocks."""
import time

from fbcore import Graph, component


@component
def fetch(number: int) -> int:
    if number == 2:
        print("blocks", flush=True)
        time.sleep(600)
    return number


graph = Graph("fetching")
node = graph.add(fetch)
graph.inputs.number >> node.number
node.out >> graph.outputs.fetched
'''


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking")
def test_a_program_that_blocks_in_a_thread_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    """It drains in vain, and does not wait for the thread: that is named, and every packet told of."""
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "net.toml").write_text("place = { patience = 0.2 }\ngrace = 0.2\n")
    (tmp_path / "numbers.txt").write_text("1\n2\n3\n")
    command = "run net.py --settings net.toml --input number=@numbers.txt"
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": tmp_path}
    with subprocess.Popen([sys.executable, "-m", "fbdev", *command.split()], **given) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "blocks\n"
        # As Ctrl-C, which whoever runs the tests may have let be ignored.
        child.send_signal(signal.SIGTERM)
        told, _ = child.communicate(timeout=200)
    assert "notice: fetch: left behind, for its thread does not end, in fetch at" in told
    assert "not drained in 0.2 s" in told
    assert "held  fetch.number: 2" in told
    assert "unread  inputs.number->fetch.number: 1 packet: 3" in told
    assert "Traceback" not in told
    assert child.returncode == 5
