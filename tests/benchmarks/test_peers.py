"""Other packages that do the same chain: locked, installed apart, and reported when they cannot be."""

import re
import sys
from pathlib import Path

import pytest

from benchmarks.case import QUICK
from benchmarks.peers import compare, environment

HASH = "0" * 64


@pytest.mark.parametrize("peer", compare.PEERS, ids=lambda peer: peer.title)
def test_what_is_measured_is_what_is_locked(peer: compare.Peer) -> None:
    """The version in a peer's name is the one that its lock installs, and there is a program that drives it."""
    lock = (environment.LOCKS / f"{peer.name}.lock").read_text(encoding="utf-8")
    assert re.search(rf"^{peer.name}=={re.escape(peer.version)} ", lock, re.MULTILINE)
    program = (environment.LOCKS / f"chain_{peer.name}.py").read_text(encoding="utf-8")
    assert "NODES = 10\n" in program


def test_the_older_fbdev_has_a_target() -> None:
    """We aim to be 150 times as fast as the older fbdev; the others are for comparison."""
    assert {peer.name: peer.at_least for peer in compare.PEERS if peer.at_least} == {"fbdev": 150}


@pytest.mark.slow
def test_a_peer_that_cannot_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a case without a value, whose note gives the installer's reason; the benchmark goes on."""
    (tmp_path / "fbdev.lock").write_text(f"fbdev==0.0.5 --hash=sha256:{HASH}\n", encoding="utf-8")
    run = environment._run

    def run_here(peer: str, command: list[str]) -> None:
        """Let the Python of these tests stand for that of a new environment, which takes long to make."""
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
            python.chmod(0o755)
        else:
            run(peer, command)

    monkeypatch.setattr(environment, "_run", run_here)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(environment, "LOCKS", tmp_path)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "ENVIRONMENTS", tmp_path / ".venv-peers")
    (case,) = compare.beside(compare.PEERS[0]).measure(QUICK)
    assert (case.value, case.ratio, case.met) == (None, None, None)
    assert re.fullmatch(r"fbdev cannot be installed on Python 3\.\d+: No matching distribution.*", case.note)


def test_an_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second use finds it as it is; another lock makes it anew, and a failure is tried again."""
    made: list[str] = []

    def install(peer: str, command: list[str]) -> None:
        (tmp_path / ".venv-peers" / peer).mkdir(parents=True, exist_ok=True)
        made.extend({"venv", "install"}.intersection(command))
        if "broken" in lock.read_text(encoding="utf-8"):
            raise environment.PeerError

    lock = tmp_path / "some.lock"
    monkeypatch.setattr(environment, "_run", install)
    monkeypatch.setattr(environment, "LOCKS", tmp_path)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "ENVIRONMENTS", tmp_path / ".venv-peers")
    lock.write_text("# one\n", encoding="utf-8")
    assert environment.python_of("some") == environment.python_of("some")
    assert made == ["venv", "install"]
    lock.write_text("# another, broken\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(environment.PeerError):
            environment.python_of("some")
    assert made == ["venv", "install", "venv", "venv"]
