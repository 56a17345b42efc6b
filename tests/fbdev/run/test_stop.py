"""The option `--stop` of `fbdev run`."""

from pathlib import Path
from typing import Any

import pytest

from fbcore import BatchRuntime
from fbdev.cli import main
from fbdev.complete.words import words_of_run
from tests.fbdev import nets


@pytest.mark.parametrize(
    ("words", "how"),
    [
        ([], "drain"),
        (["--settings", "net.toml"], "at once"),
        (["--stop", "at-once"], "at once"),
        (["--stop", "drain", "--settings", "net.toml"], "drain"),
    ],
)
def test_the_option_counts_before_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], how: str
) -> None:
    """Without either a signal drains the net."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(nets.FINISHED)
    (tmp_path / "net.toml").write_text('stop = "at once"\n')
    found: list[Any] = []
    run = BatchRuntime.run

    def note(runtime: BatchRuntime, **options: Any) -> Any:
        found.append(runtime.settings.origin("", "stop").value)
        return run(runtime, **options)

    monkeypatch.setattr(BatchRuntime, "run", note)
    assert main(["run", "net.py", *words]) == 0
    assert found == [how]


def test_another_word_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are, which the shell offers."""
    file = tmp_path / "net.py"
    file.write_text(nets.FINISHED)
    assert main(["run", str(file), "--stop", "later"]) == 2
    assert "later is no way to stop; say drain or at-once" in capsys.readouterr().err
    assert [word.value for word in words_of_run([str(file), "--stop"], "")] == ["drain", "at-once"]
