"""`fbdev check --complib`: all modules of a package, from outside, and what is in them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fbdev.cli import main
from tests.components.py_files import write

pytestmark = pytest.mark.slow

SHOUT = '''
"""Words for people."""

from fbcore import component


@component
def shout(text: str, mark: str = "!") -> str:
    """Send `text` in capitals, with a `mark` at its end."""
    return text.upper() + mark
'''

HOLD = '''
from fbcore import Component, In, Out


class Hold(Component):
    """Hold things back."""

    thing: In[str]
    """What comes.

    More about that.
    """
    held: Out[str]
    """What has been held."""

    async def run(self) -> None: ...
'''

FAMILY = '''
from fbcore import ComponentTemplate, TerminalTemplate
from loud.words import shout

@ComponentTemplate
def above(limit: float, kind: type = float) -> object:
    """Let through what is above a limit."""

Unique = TerminalTemplate("sort -u", name="Unique")
'''

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a package `loud` in the current folder, which is in order."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "loud"
    write(folder / "__init__.py", '"""Loud things."""\n')
    write(folder / "words.py", SHOUT)
    write(folder / "inner" / "__init__.py", "")
    write(folder / "inner" / "family.py", FAMILY)
    write(folder / "__main__.py", "raise SystemExit(3)\n")
    return folder


@pytest.fixture
def check(capfd: pytest.CaptureFixture[str]) -> Check:
    """Check a package, and return the exit code and what was printed."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["check", *arguments])
        return code, *capfd.readouterr()

    return run


@pytest.mark.usefixtures("package")
def test_a_library_is_listed(check: Check) -> None:
    """Module by module: each component with its ports, each template with its parameters; none twice."""
    code, out, _ = check("--complib", "loud")
    assert code == 0
    assert out.splitlines() == [
        "loud.inner.family",
        "  above(limit: float, kind: type = float) (template): Let through what is above a limit.",
        "  Unique (component): The command `sort -u`; its streams and end: `stdin`, `stdout`, `exit_code`.",
        "    stdin      input    str  optional",
        "    stdout     output   str",
        "    exit_code  message",
        "",
        "loud.words: Words for people.",
        "  shout (component): Send `text` in capitals, with a `mark` at its end.",
        "    text  input   str  required",
        "    mark  config  str  = '!'",
        "    out   output  str",
        "",
        "loud: nothing to mend in 3 components",
    ]


@pytest.mark.usefixtures("package")
def test_a_library_as_json(check: Check) -> None:
    """The same for programs, and one module of it alone."""
    code, out, _ = check("--complib", "loud.words", "--json")
    document = json.loads(out)
    assert (code, document["components"], document["findings"]) == (0, 1, [])
    (module,) = document["catalogue"]
    assert (module["module"], module["members"][0]["name"]) == ("loud.words", "shout")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("print('hello')", "importing it prints"),
        ("import os\nos.environ['LOUD'] = '1'", "importing it changes the environment"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(4)", "SystemExit"),
        ("def (", "invalid syntax"),
        ("import nowhere_at_all", "nowhere_at_all"),
        (SHOUT + "two = shout", "two: the component two is called shout"),
        (SHOUT + "two = shout\nfrom fbcore import setup_complib\nsetup_complib()", "two: the component two is called"),
        (SHOUT.replace("`mark`", "thing"), "shout.mark: nothing is said of this port"),
        (SHOUT.replace("mark: str", "mark: 'Nobody'").replace('= "!"', ""), "the type 'Nobody' could not be found"),
    ],
)
def test_what_is_not_in_order_is_found(package: Path, check: Check, text: str, told: str) -> None:
    """Errors, with the module; and the other modules are looked at all the same."""
    write(package / "odd.py", text)
    code, out, err = check("--complib", "loud", "--strict")
    assert (code, err) == (1, "")
    assert told in out
    assert "Traceback" not in out
    assert out.count("loud.words: Words for people.\n  shout (component)") == 1


@pytest.mark.parametrize("name", ["nowhere", "loud.nowhere", "./loud", "", "a b", ".loud"])
@pytest.mark.usefixtures("package")
def test_a_package_that_is_not_there(check: Check, name: str) -> None:
    """The words were wrong, and not the library."""
    code, out, err = check("--complib", name)
    assert code in (1, 2)
    assert "Traceback" not in out + err
    assert "there is no package" in err or "nowhere" in out or "name a Python file" in err


def test_what_is_said_of_ports_is_listed(package: Path, check: Check) -> None:
    """The first line of the docstring below the line of each, in a column of its own."""
    write(package / "words.py", HOLD)
    out = check("--complib", "loud.words")[1]
    assert (
        "    thing  input   str  required  What comes.\n    held   output  str            What has been held.\n" in out
    )


def test_the_module_that_ends_the_process_is_named(package: Path, check: Check) -> None:
    """Of a package with hundreds of modules, which it is cannot be guessed."""
    write(package / "inner" / "dying.py", "import os\nos._exit(7)\n")
    code, out, _ = check("--complib", "loud")
    assert (code, "importing loud.inner.dying ends the whole process, with exit code 7" in out) == (1, True)


def test_folders_without_init_are_seen(package: Path, check: Check) -> None:
    """They are what a namespace package consists of; in another package they were forgotten."""
    write(package.parent / "space" / "inner" / "words.py", SHOUT)
    code, out, _ = check("--complib", "space")
    assert (code, out.count("space.inner.words: Words for people.")) == (0, 1)
    write(package / "more" / "words.py", SHOUT)
    code, out, _ = check("--complib", "loud")
    assert (code, "warning: the folder more has no __init__.py" in out) == (0, True)


def test_a_package_without_components_is_told(check: Check) -> None:
    """Nothing to mend would otherwise be said of what nobody has looked at."""
    code, out, _ = check("--complib", "json")
    assert (code, out.startswith("note: there is no component in it\n")) == (0, True)


def test_a_path_is_told_as_a_name(package: Path, check: Check) -> None:
    """Who writes the path of a module reads what its name is."""
    code, _, err = check("--complib", f"{package.name}/words.py")
    assert (code, "loud.words; a file by itself is checked without --complib" in err) == (2, True)


@pytest.mark.usefixtures("package")
def test_a_file_and_a_package_are_not_checked_together(check: Check) -> None:
    """One or the other; and one of them."""
    assert check("--complib", "loud", "net.py")[0] == 2
    assert check()[0] == 2


def test_the_shelf_is_in_order(check: Check) -> None:
    """Our own components keep to what we ask of others."""
    code, out, _ = check("--complib", "fbcore.components")
    assert (code, out.splitlines()[-1]) == (0, "fbcore.components: nothing to mend in 12 components")


def test_a_file_shows_what_a_template_has_made(tmp_path: Path, check: Check) -> None:
    """`fbdev check` of a net names a component by the call that has made it."""
    text = """
        from typing import Any
        from fbcore import Component, ComponentTemplate, In

        @ComponentTemplate
        def above(limit: float) -> Any:
            class Above(Component):
                value: In["Nobody"]
                async def run(self) -> None: ...
            return Above

        warm = above(20)
        """
    found: Any = check(str(write(tmp_path / "net.py", text)))
    assert "above(limit=20.0).value: its type is unknown" in found[1]
