import ast
import inspect
from pathlib import Path

import pytest

import fbcore
from tests.habits.tree import name, sources

RECORDED = Path(__file__).with_name("public_names.txt")
SAYS_NOTHING = {"base", "common", "core", "helpers", "manager", "misc", "utils"}


def has_own_docstring(value: object) -> bool:
    """Tell whether a class or function has a docstring that it did not inherit; other values cannot have one."""
    return not (inspect.isclass(value) or inspect.isroutine(value)) or bool(vars(value).get("__doc__", value.__doc__))


def test_public_names_are_sorted() -> None:
    """The names of fbcore are listed in order, each once."""
    assert list(fbcore.__all__) == sorted(set(fbcore.__all__))


def test_public_names_are_those_recorded() -> None:
    """What is public is public for ever: a name comes or goes only together with its line in public_names.txt."""
    assert list(fbcore.__all__) == RECORDED.read_text(encoding="utf-8").split()


@pytest.mark.parametrize("public_name", fbcore.__all__)
def test_public_names_have_docstrings(public_name: str) -> None:
    """Every public name exists and says what it promises."""
    assert has_own_docstring(getattr(fbcore, public_name))


def test_an_inherited_docstring_does_not_count() -> None:
    """The check above asks a class for words of its own."""

    class SilentError(ValueError): ...

    assert not has_own_docstring(SilentError)
    assert has_own_docstring(ValueError)


def test_a_folder_says_what_it_means() -> None:
    """A folder's __init__ holds one docstring, and nothing else but in the two roots, and where users import from."""
    for path in (path for path in sources("fbcore", "fbdev") if path.name == "__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), name(path)
        assert len(tree.body) == 1 or path.parent.name in {"fbcore", "fbdev", "explore"}, name(path)


def test_modules_have_telling_names() -> None:
    """No module or folder of fbcore has a name that could hold anything."""
    assert [name(path) for path in sources("fbcore") if {path.stem, path.parent.name} & SAYS_NOTHING] == []
