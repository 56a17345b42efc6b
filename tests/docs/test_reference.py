"""The reference, made of docstrings: every name is in it once, and all pages build."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import fbcore
from fbcore import Component
from tests.habits.tree import ROOT, sources

REFERENCE = ROOT / "docs" / "reference"
SHOWN = re.compile(r"^::: fbcore\.(\S+)$", re.MULTILINE)


def shown() -> list[str]:
    """List what the pages of the reference show, as `Graph` or `components.count.Count`."""
    return [each for page in sorted(REFERENCE.glob("*.md")) for each in SHOWN.findall(page.read_text(encoding="utf-8"))]


def on_the_shelf() -> set[str]:
    """Name the components in the modules of the shelf, but for what files and commands are made classes of."""
    names = [path.stem for path in sources("fbcore/components") if not path.stem.startswith(("_", "py_", "terminal_"))]
    modules = [import_module(f"fbcore.components.{name}") for name in names]
    return {
        f"components.{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Component) and value.__module__ == module.__name__
    }


def test_every_public_name_is_in_the_reference() -> None:
    """Each public name, and each component on the shelf, is on one page of the reference, once."""
    found = shown()
    assert sorted(found) == sorted(set(found))
    assert set(fbcore.__all__) - set(found) == set()
    assert on_the_shelf() - set(found) == set()


def test_the_index_names_all() -> None:
    """The first page of the reference leads to every public name but the errors, which have a page of their own."""
    index = (REFERENCE / "index.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", index))
    assert {name for name in set(fbcore.__all__) - named if not name.endswith("Error")} == set()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build all pages, as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "properdocs", "build", "--quiet", "--strict", "--config-file", "mkdocs.yml"]
    built = subprocess.run([*command, "--site-dir", folder], check=False, cwd=ROOT, capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
    return folder


@pytest.mark.slow
def test_the_pages_build(site: Path) -> None:
    """Every page is in a menu, every link has an end, and methods are in the reference."""
    page = (site / "reference" / "components" / "index.html").read_text(encoding="utf-8")
    assert 'id="fbcore.Component.select"' in page


@pytest.mark.slow
def test_examples_are_code(site: Path) -> None:
    """An example is shown as a block, and the ports of a component as a table."""
    page = (site / "reference" / "shelf" / "index.html").read_text(encoding="utf-8")
    assert "Example:" not in page
    assert "<td><code>Config[Path]</code></td>" in page


@pytest.mark.slow
def test_the_pages_fetch_nothing(site: Path) -> None:
    """No page asks another host for a script, a style, a font or a picture."""
    fetching = re.compile(r"<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*\"")
    found = {path.name: fetching.findall(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert [fetched for fetched in found.values() if fetched] == []
