"""A project of notebooks as docs/howto-notebooks.md tells to make it, exported and used with nbdev itself."""

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.docs.examples import blocks
from tests.habits.notebooks import noise
from tests.habits.tree import ROOT

PAGE = (ROOT / "docs/howto-notebooks.md").read_text(encoding="utf-8")
CELL = re.compile(r"^``` \{ \.python \.cell \}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(r"^``` \{ \.toml \}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOTEBOOKS = {"00_tests.ipynb": "tests.test_words", "01_words.ipynb": "words", "02_net.ipynb": "net"}

pytestmark = pytest.mark.slow


def cells_of(name: str) -> list[str]:
    """Return the cells that the page has for a notebook: those behind the one that names its module, and its tests."""
    cells = CELL.findall(PAGE)
    begin = cells.index(f"#| default_exp {NOTEBOOKS[name]}\n")
    end = next((at for at in range(begin + 1, len(cells)) if cells[at].startswith("#| default_exp")), len(cells))
    found = [cell for cell in cells[begin:end] if not cell.startswith("#| export tests")]
    if name == "01_words.ipynb":
        found += [cell for cell in cells if cell.startswith("#| export tests")]
        found.append('assert list(words("a b")) == ["a", "b"]')
    return found


def write_notebook(path: Path, cells: list[str]) -> None:
    """Write a notebook with a title and cells."""
    code = [new_code_cell(cell.rstrip("\n")) for cell in cells]
    nbformat.write(new_notebook(cells=[new_markdown_cell(f"# {path.stem}"), *code]), path)


def run(project: Path, *command: str, code: int = 0) -> str:
    """Run a command of the environment that runs the tests in a project, and return what it prints."""
    program = Path(sys.executable).with_name(command[0])
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{project}", "IPYTHONDIR": str(project / "ipython")}
    done = subprocess.run(
        [str(program), *command[1:]], cwd=project, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the page, exported twice, as people do who go on writing."""
    folder = tmp_path_factory.mktemp("my-nets")
    (folder / "nbs").mkdir()
    settings = SETTINGS.search(PAGE)
    assert settings is not None
    (folder / "pyproject.toml").write_text(settings[1], encoding="utf-8")
    for name in NOTEBOOKS:
        write_notebook(folder / "nbs" / name, cells_of(name))
    run(folder, "nbdev-export")
    run(folder, "nbdev-export")
    return folder


def test_every_cell_of_the_page_is_used() -> None:
    """No cell on the page stands outside of the notebooks that it tells of."""
    assert {cell for name in NOTEBOOKS for cell in cells_of(name)} >= set(CELL.findall(PAGE))


def test_components_are_exported(project: Path) -> None:
    """The module has what the cells define, and says so."""
    tree = ast.parse((project / "my_nets/words.py").read_text(encoding="utf-8"))
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert defined == ["words", "Longest", "Word"]


def test_commands_print_what_the_page_shows(project: Path) -> None:
    """The commands of the page work in the order of the page; `fbdev run` finds the graph among relative imports."""
    commands = [block for block in blocks(PAGE) if block.language == "sh"]
    assert len(commands) == 2
    for block in commands:
        *_, printed = (run(project, *shlex.split(line)) for line in block.source.splitlines())
        assert block.output is None or printed == block.output


def test_test_cells_are_run_by_pytest(project: Path) -> None:
    """The tests of the notebook are found and pass, each once; one that breaks fails."""
    assert "2 passed" in run(project, "pytest", "-q", "my_nets")
    path = project / "nbs/03_wrong.ipynb"
    wrong = "#| export tests.test_words\ndef test_wrong():\n    assert list(words('a b')) == ['a']"
    write_notebook(path, [wrong])
    run(project, "nbdev-export")
    try:
        assert "1 failed, 2 passed" in run(project, "pytest", "-q", "my_nets", code=1)
    finally:
        path.unlink()
        run(project, "nbdev-export")


def test_cells_are_run_by_nbdev(project: Path) -> None:
    """`nbdev-test` runs the notebooks, in which annotations name what later cells define; one that breaks fails."""
    run(project, "nbdev-test")
    path = project / "nbs/03_wrong.ipynb"
    write_notebook(path, ["from my_nets.words import words", "assert list(words('a b')) == ['a']"])
    try:
        run(project, "nbdev-test", code=1)
    finally:
        path.unlink()


def test_exported_components_are_pickled(project: Path) -> None:
    """A class and a function of the notebook travel to another process, and run there in a net."""
    give = """
import pickle
from my_nets.words import Longest, words
open("it", "wb").write(pickle.dumps((Longest, words)))
"""
    take = """
import pickle
from fbcore import BatchRuntime, Each, Graph
Longest, words = pickle.load(open("it", "rb"))
assert words.spec.ports["out"].type.__name__ == "Word" and words.spec.ports["out"].resolved
graph = Graph("net")
split, longest = graph.add(words), graph.add(Longest)
graph.inputs.line >> split.line
split.out >> longest.word
longest.longest >> graph.outputs.found
print(BatchRuntime(graph).run(inputs={"line": Each(["what you cannot", "explain simply"])}).outputs.found)
"""
    run(project, "python", "-c", give)
    assert run(project, "python", "-c", take) == "['explain']\n"


def test_a_cleaned_notebook_is_clean(project: Path) -> None:
    """What `nbdev-clean` leaves is what `make lint` accepts."""
    path = project / "nbs/02_net.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].execution_count = 7
    nbformat.write(notebook, path)
    assert noise(path.read_text(encoding="utf-8")) != []
    run(project, "nbdev-clean", "--clear-all")
    assert noise(path.read_text(encoding="utf-8")) == []
