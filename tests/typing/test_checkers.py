"""What type checkers make of nets: `accepted.py` and `refused.py` say it, line by line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def expected() -> set[tuple[str, int]]:
    """Return the lines that are to be refused."""
    lines = (HERE / "refused.py").read_text(encoding="utf-8").splitlines()
    return {("refused.py", number) for number, line in enumerate(lines, 1) if line.endswith("# refused")}


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr or done.stdout
    return done.stdout


@pytest.mark.slow
def test_mypy_accepts_and_refuses_what_the_files_say(tmp_path: Path) -> None:
    """With --strict, mypy complains of the lines that are marked, and of no others."""
    files = [f"tests/typing/{name}.py" for name in ("accepted", "refused")]
    text = run("mypy", "--strict", "--no-error-summary", f"--cache-dir={tmp_path}", *files)
    places = [line.split(":") for line in text.splitlines() if ": error:" in line]
    assert {(Path(file).name, int(number)) for file, number, *_ in places} == expected(), text


@pytest.mark.slow
def test_pyright_accepts_and_refuses_what_the_files_say() -> None:
    """In its strict mode, pyright complains of the lines that are marked, and of no others."""
    found = json.loads(run("basedpyright", "--outputjson", "--project", str(HERE)))["generalDiagnostics"]
    places = {(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in found}
    assert places == expected(), [each["message"] for each in found]
