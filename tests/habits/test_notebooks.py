import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.habits import notebooks
from tests.habits.notebooks import NOTEBOOKS, noise
from tests.habits.tree import ROOT, name
from tests.kernel import read, run_notebook

CLEAN = NOTEBOOKS[0].read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_notebook_runs(path: Path) -> None:
    """A notebook runs from its first cell to its last without an error."""
    run_notebook(read(path), path.parent)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_notebooks_are_clean(path: Path) -> None:
    """A notebook is stored without outputs and execution counts, so that changes to it can be read."""
    assert noise(path.read_text(encoding="utf-8")) == []


def spoilt(cell: dict[str, Any] | None = None, notebook: dict[str, Any] | None = None) -> str:
    """Return a clean notebook with something more in its second cell, which is code, or in its metadata."""
    content = json.loads(CLEAN)
    content["cells"][1].update(cell or {})
    content["metadata"].update(notebook or {})
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


PRINTED = [{"name": "stdout", "output_type": "stream", "text": ["x"]}]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (spoilt(), []),
        (spoilt({"outputs": PRINTED, "execution_count": 3}), ["cell 2 has execution_count", "cell 2 has outputs"]),
        (spoilt({"metadata": {"collapsed": True}}), ["cell 2 has metadata"]),
        (spoilt(notebook={"language_info": {"version": "3.11.7"}}), ["the notebook has metadata"]),
        (json.dumps(json.loads(CLEAN)), ["it is written in another order or indentation"]),
    ],
)
def test_noise_is_found(text: str, found: list[str]) -> None:
    """The check above sees outputs, counts, and what editors note about cells and the notebook."""
    assert noise(text) == found


def test_lint_refuses_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `make lint` runs fails on a notebook with outputs, and says how to clean it."""
    assert "python -m tests.habits.notebooks\n" in (ROOT / "Makefile").read_text(encoding="utf-8")
    path = tmp_path / "net.ipynb"
    path.write_text(spoilt({"outputs": PRINTED}), encoding="utf-8")
    monkeypatch.setattr(notebooks, "name", lambda path: path.name)
    assert notebooks.main([path]) == 1
    assert capsys.readouterr().err == f"net.ipynb: cell 2 has outputs\nclean them with: {notebooks.MEND}\n"


@pytest.mark.slow
def test_the_mend_mends(tmp_path: Path) -> None:
    """The command that the check names makes a notebook clean."""
    path = tmp_path / "nbs" / "net.ipynb"
    path.parent.mkdir()
    path.write_text(spoilt({"outputs": PRINTED, "execution_count": 3, "metadata": {"collapsed": True}}), "utf-8")
    program, *options = notebooks.MEND.split()
    subprocess.run([str(Path(sys.executable).with_name(program)), *options], cwd=tmp_path, check=True)
    assert path.read_text(encoding="utf-8") == CLEAN
