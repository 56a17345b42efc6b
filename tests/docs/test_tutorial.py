"""The first exploration: what its page says is what happens, and its picture is the one that is drawn."""

import re
from pathlib import Path

import pytest

from tests.docs.examples import blocks
from tests.docs.test_first_net import shell
from tests.habits.tree import ROOT

PAGE = ROOT / "docs" / "tutorial-exploring.md"
PICTURE = ROOT / "docs" / "visits.svg"
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")
COUNTS = re.compile(r"[\d.,]+ (s\b|executions|steps|states|transitions|schedules)")
PARTED = re.compile(r"  after .* steps?:|    .* leaves .*")


def lasting(text: str, folder: Path) -> list[str]:
    """Keep what stays when searches get better, wherever and whenever they are made."""
    lines = re.sub(r"in \d+\.\d+ ?s", "in 0 s", text.replace(f"{folder.resolve()}/", "")).splitlines()
    ends = sorted(line[5:] for line in lines if re.match(r"  [ \d]\d  ", line))
    others = [COUNTS.sub(r"N \1", line) for line in lines if not re.match(r"  [ \d]\d  ", line)]
    return [*ends, *(line.rstrip() for line in others if not PARTED.match(line))]


@pytest.mark.slow
def test_the_page_is_true(tmp_path: Path) -> None:
    """Whoever follows the page sees what it shows, and draws the picture that is on it."""
    for step in blocks(PAGE.read_text(encoding="utf-8")):
        if step.save(tmp_path) or step.language != "sh":
            continue
        printed = shell(step.source, tmp_path)
        assert lasting(printed, tmp_path) == lasting(step.output or "", tmp_path), f"the block at line {step.line}"
    drawn = (tmp_path / "visits.svg").read_text(encoding="utf-8")
    assert TEXT.findall(drawn) == TEXT.findall(PICTURE.read_text(encoding="utf-8"))
