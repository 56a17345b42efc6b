import ast
import subprocess
import sys

import pytest

from tests.habits.tree import ROOT, name, sources


@pytest.mark.slow
def test_imports_go_downward_only() -> None:
    """The contracts of import-linter in pyproject.toml are kept."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    arguments = [sys.executable, "-c", command, "--no-cache", "--no-logo"]
    run = subprocess.run(arguments, cwd=ROOT, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def imports_of_the_root(source: str) -> list[int]:
    """Give the lines that import from the package root, where everything is imported again."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.ImportFrom) and node.module == "fbcore")
        or (isinstance(node, ast.Import) and any(alias.name == "fbcore" for alias in node.names))
    ]


def test_nobody_inside_imports_from_the_root() -> None:
    """Inside fbcore a name is imported from the module that defines it."""
    assert [
        f"{name(path)}:{line}"
        for path in sources("fbcore")
        for line in imports_of_the_root(path.read_text(encoding="utf-8"))
    ] == []


def test_an_import_of_the_root_is_found() -> None:
    """The check above sees both ways to import the root, and no import of a module inside."""
    source = "import fbcore\nfrom fbcore import Graph\nfrom fbcore.model import graph\nimport fbcore.errors\n"
    assert imports_of_the_root(source) == [1, 2]
