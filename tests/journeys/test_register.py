"""A net that asks a server which fails, is busy and hangs: nothing is lost, what was not answered is asked again."""

from __future__ import annotations

import json
import shutil
import threading
from ast import literal_eval
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from fbcore.source.module import import_file
from fbcore.source.read import Source
from fbdev.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/register"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def register() -> ModuleType:
    """Import the server."""
    return import_file(Source(EXAMPLE / "register.py", "an example"))


@contextmanager
def serving(register: ModuleType, *, is_well: bool) -> Iterator[str]:
    """Serve on a free port, and yield its address."""
    with register.Register(0, is_well=is_well) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def run(address: str, *options: str) -> int:
    """Run the net under its settings."""
    shutil.copy(EXAMPLE / "settings.toml", "settings.toml")
    return main(
        ["run", str(EXAMPLE / "planes.py"), "--register", address, "--settings", "settings.toml", "--json", *options]
    )


def test_what_was_not_answered_is_asked_again(
    register: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The counts are those of the data: first but for the dead letters, and with these when the server is well."""
    monkeypatch.chdir(tmp_path)
    with serving(register, is_well=False) as address:
        assert run(address) == 0
    moody = json.loads(capsys.readouterr().out)
    letters = [json.loads(line) for line in Path("unanswered.jsonl").read_text().splitlines()]
    assert {letter["attempts"] for letter in letters} == {3}
    assert {letter["error"].partition(":")[0] for letter in letters} == {"HTTPError", "TimeoutError"}
    (makers,) = moody["outputs"]["makers"]
    unanswered = {letter["values"]["tail"] for letter in letters}
    module = import_file(Source(EXAMPLE / "planes.py", "an example"))
    tails = list(module.tails(400))
    planes = register.planes()
    assert sum(makers.values()) == sum(tail in planes and tail not in unanswered for tail in tails)

    with serving(register, is_well=True) as address:
        assert run(address, "--feed-dead-letters", "unanswered.jsonl", "--only-dead-letters") == 0
    (fed,) = json.loads(capsys.readouterr().out)["outputs"]["makers"]
    assert not Path("unanswered.jsonl").read_text()
    wanted: dict[str, int] = {}
    for tail in tails:
        if tail in planes:
            maker = planes[tail]["manufacturer"]
            wanted[maker] = wanted.get(maker, 0) + 1
    both = {maker: makers.get(maker, 0) + fed.get(maker, 0) for maker in {**makers, **fed}}
    assert both == wanted


def test_what_is_shown_as_printed_is_what_the_register_does(register: ModuleType) -> None:
    """The counts that stand in the file beside the example follow from the data and the moods alone."""
    printed = (EXAMPLE / "expected/moody.txt").read_text()
    tails = list(import_file(Source(EXAMPLE / "planes.py", "an example")).tails(400))
    planes, moods = register.planes(), {}
    for tail in tails:
        asked = SimpleNamespace(asked=Counter(), is_well=False)
        moods[tail] = [register.Register.mood(asked, tail) for _ in range(3)]
    answered = [tail for tail in tails if moods[tail][-1] == "answers"]
    makers = Counter(planes[tail]["manufacturer"] for tail in answered if tail in planes)
    assert literal_eval(printed.splitlines()[0]) == makers
    tries = sum(each[:2].count(bad) for each in moods.values() for bad in ("hangs", "is ill", "is busy"))
    assert f"  retried  ask: {tries} times\n" in printed
    assert f"  dead letters  ask: {len(tails) - len(answered)} in unanswered.jsonl\n" in printed


def test_without_settings_the_first_failure_fails_the_net(
    register: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The components know nothing of failures; the error names the node, the plane, and the mend."""
    monkeypatch.chdir(tmp_path)
    with serving(register, is_well=False) as address:
        assert main(["run", str(EXAMPLE / "planes.py"), "--register", address, "--quiet"]) != 0
    said = capsys.readouterr().err
    assert "HTTP Error 503" in said
    assert "ask" in said
