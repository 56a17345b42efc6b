"""Libraries of components are in order: found by their names, and documented."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fbcore import GraphError
from tests.components.py_files import write

HEAD = """
from fbcore import Component, ComponentTemplate, In, Out, TerminalTemplate, component, setup_complib
from fbcore.components.count import Count as Counter
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a file that is imported as `some_library`, and forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "some_library.py"
    sys.modules.pop("some_library", None)


def imported(library: Path, text: str) -> ModuleType:
    """Write a library that looks at itself, and import it."""
    write(library, HEAD + text + "\nsetup_complib()\n")
    import some_library  # type: ignore[import-not-found]

    return some_library  # type: ignore[no-any-return]


def problems(library: Path, text: str) -> list[str]:
    """Return what a library finds in itself, as address and text; each with a hint."""
    with pytest.raises(GraphError, match="library some_library is not in order") as caught:
        imported(library, text)
    assert all(problem.hint for problem in caught.value.problems)
    return [f"{problem.address}: {problem.what}" for problem in caught.value.problems]


IN_ORDER = '''
@component
def shout(text: str, mark: str = "!") -> str:
    """Send `text` in capitals, with a `mark`."""
    return text.upper() + mark

class Echo(Component):
    """Send what comes."""

    value: In[int]
    """What comes."""
    again: Out[int]
    """The same."""

    async def run(self) -> None: ...

class Louder(Echo):
    """Inherits what is said of `value` and `again`."""

class _Hidden(Component): ...

@ComponentTemplate
def nothing(name_of: str) -> object:
    """Make nothing."""

Unique = TerminalTemplate("sort -u", name="Unique")
'''


LOCAL = """
def make():
    class Made(Component):
        '''Made.'''
        async def run(self): ...
    return Made
Made = make()
"""


def test_a_library_in_order_is_imported(library: Path) -> None:
    """What is imported from elsewhere, under another name too, is not its business, nor what begins with `_`."""
    assert imported(library, IN_ORDER).shout("a") == "A!"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('@component\ndef one() -> int:\n    "1"\n    return 1\ntwo = one', "two: the component two is called one"),
        ('Unique = TerminalTemplate("sort -u")', "Unique: the component Unique is called sort"),
        (LOCAL, "Made: the component Made is local: make.<locals>.Made"),
        (
            'class Odd(Component):\n    """Odd."""\n    __module__ = "nowhere"\n    async def run(self): ...',
            "Odd: nobody finds the component Odd again, for its __module__ is another",
        ),
        ("@component\ndef one() -> int:\n    return 1", "one: this component has no docstring"),
        (
            '@component\ndef shout(text: str, mark: str) -> str:\n    """Send a text and a mark."""\n    return text',
            "",
        ),
        (
            '@component\ndef shout(text: str, mark: str) -> str:\n    """Send a text."""\n    return text',
            "shout.mark: nothing is said of this port",
        ),
        ('class Odd(Component):\n    """Odd."""', "Odd: component Odd has no run"),
        (
            'class Odd(Component):\n    """Odd `net`."""\n    net: In[int]\n    async def run(self): ...',
            "Odd.net: a component has `net` anyway",
        ),
        ("@ComponentTemplate\ndef none() -> object: ...", "none: this template has no docstring"),
        (
            '@ComponentTemplate\ndef none() -> object:\n    """None."""\nother = none',
            "other: the template other is called none",
        ),
    ],
)  # fmt: skip
def test_what_is_not_in_order_is_told_when_it_is_imported(library: Path, text: str, found: str) -> None:
    """With its name, and what to do."""
    if found:
        assert problems(library, text) == [found]
    else:
        imported(library, text)


def test_everything_is_told_at_once(library: Path) -> None:
    """Whoever mends a library need not import it again for each fault."""
    text = '@component\ndef one() -> int:\n    return 1\ntwo = one\nUnique = TerminalTemplate("sort -u")'
    assert len(problems(library, text)) == 3
