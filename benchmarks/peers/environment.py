"""An environment for each peer: made when it is first wanted, and again when its lock or this Python has changed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from benchmarks.child import ROOT

ENVIRONMENTS = ROOT / ".venv-peers"
LOCKS = Path(__file__).parent


class PeerError(Exception):
    """A peer that cannot be installed on this Python; the message says why."""


def python_of(peer: str) -> Path:
    """Return the Python of a peer's environment, in which the versions of its lock are installed.

    Raises:
        PeerError: it cannot be installed.
    """
    folder = ENVIRONMENTS / peer
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    lock = LOCKS / f"{peer}.lock"
    stamp, wanted = folder / ".installed", f"{sys.version}\n{lock.read_text(encoding='utf-8')}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"installing {peer} into {folder.relative_to(ROOT)}", file=sys.stderr)
        _run(peer, [sys.executable, "-m", "venv", "--clear", folder])
        # Only wheels: to build one of these takes compilers, and longer than anybody waits for a benchmark.
        pip = [str(python), "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check", "--no-input", "install"]
        _run(peer, [*pip, "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", lock])
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _run(peer: str, command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()] or ["no reason was given"]
        errors = [line for line in said if line.startswith("ERROR:")] or said
        version = f"Python {sysconfig.get_python_version()}"
        raise PeerError(f"{peer} cannot be installed on {version}: {errors[-1].removeprefix('ERROR: ')}")
