import subprocess
import sys

from tests.habits.tree import ROOT

SLOW = {"networkx", "pydantic", "rich", "typer"}


def modules_after(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter and name the top-level modules that are loaded then."""
    code = f"{statement}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=-1, text=True).stdout.split())


def test_import_loads_nothing_slow() -> None:
    """`import fbcore` leaves what takes long to load until it is used."""
    assert modules_after("import fbcore") & SLOW == set()


def test_a_slow_import_is_found() -> None:
    """The check above sees what was loaded."""
    assert "pydantic" in modules_after("import pydantic")
