"""Every order of a net's steps and of processes' steps, as a user explores the examples and reads what is said."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fbdev.cli import main
from fbdev.explore import explore, whole
from fbdev.explore.asked import MARK
from fbdev.explore.target import Target, load_target
from tests.habits.tree import ROOT

EXAMPLE = ROOT / "examples/every_order"
END = re.compile(r"  [ \d]\d  (.*)")
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")

EXPLORED = {
    "enrich": ("enrich.py", 4),
    "enrich_mended": ("enrich_mended.py", 0),
    "forgetful": ("bounded_retry.py:forgetful", 1),
    "mindful": ("bounded_retry.py:mindful", 0),
    "clinging": ("self_retry.py:clinging", 1),
    "yielding": ("self_retry.py:yielding", 0),
}
"""What is explored, by the name of the file with what is said; and the exit code."""


@pytest.fixture(autouse=True)
def _imported_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in the folder of the project, with time for a busy machine; forget the modules of the examples afterwards."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(whole, "_AFTER_A_BUG", 600.0)
    yield
    for name in [name for name, module in sys.modules.items() if is_of_example(module)]:
        del sys.modules[name]


def is_of_example(module: ModuleType) -> bool:
    """Tell whether a module is one of the examples."""
    return Path(getattr(module, "__file__", None) or "/").parent == EXAMPLE


def essence(text: str) -> list[str]:
    """Keep what is true however it is searched: verdict, ends, deadlock, and whether the order matters."""
    verdict, *lines = text.splitlines()
    answers = lines[next(number for number, line in enumerate(lines) if line.startswith("how can it end?")) :]
    ends = sorted(found[1] for line in answers if (found := END.match(line)))
    return [verdict.partition(" (given: ")[0], *ends, *(line for line in answers if not line.startswith(" "))]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORED)
def test_an_example_says_what_is_expected(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says how each can end, whether it can deadlock, and whether the order matters."""
    target, code = EXPLORED[name]
    assert main(["explore", f"examples/every_order/{target}", "--time-limit", "600"]) == code
    expected = (EXAMPLE / "expected" / f"{name}.txt").read_text("utf-8")
    assert essence(capsys.readouterr().out) == essence(expected)


@pytest.mark.parametrize("name", ["forgetful", "mindful", "clinging", "yielding"])
def test_the_pictures_are_those_of_the_states(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Drawn anew, each picture has the same vertices and arrows."""
    target, _ = EXPLORED[name]
    drawn = tmp_path / "drawn.svg"
    main(["explore", f"examples/every_order/{target}", "-o", str(drawn)])
    shown = EXAMPLE / f"{name}.svg"
    assert sorted(TEXT.findall(drawn.read_text("utf-8"))) == sorted(TEXT.findall(shown.read_text("utf-8")))


@pytest.mark.slow
def test_the_net_that_deadlocks_has_always_run_well(capsys: pytest.CaptureFixture[str]) -> None:
    """On the ordinary loop it ends well, time and again: that is why nobody knew."""
    for _ in range(5):
        assert main(["run", "examples/every_order/enrich.py", "--quiet"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5 * 8
    assert main(["run", "examples/every_order/enrich_mended.py", "--quiet"]) == 0


def test_without_one_name_the_chain_never_ends() -> None:
    """A task that calls itself anew is a new process each time, unless it takes the name of the one before."""
    decorated = getattr(function_of("self_retry.py:yielding"), MARK)
    assert explore(decorated.function, **decorated.options).verdict.kind == "holds"
    options = {name: value for name, value in decorated.options.items() if name != "identity"}
    assert explore(decorated.function, **{**options, "budget": 0.5}).verdict.kind in ("inconclusive", "holds within")


def function_of(target: str) -> Target:
    """Load a function of an example."""
    load_target(f"examples/every_order/{target}")
    module, _, name = target.rpartition(".py:")
    return vars(sys.modules[module])[name]  # type: ignore[no-any-return]
