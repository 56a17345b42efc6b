"""The page of the debugger: its picture is what a reader sees who presses the same keys."""

import re
import runpy

import pytest

from tests.habits.tree import ROOT

SCRIPT = ROOT / "docs" / "hooks" / "debugger_picture.py"
PICTURE = ROOT / "docs" / "debugger.svg"
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


@pytest.mark.slow
def test_the_picture_is_what_one_sees() -> None:
    """Made anew, the picture has the same text; and it asks for nothing from elsewhere."""
    made = runpy.run_path(str(SCRIPT))["picture"]("r")
    shown = PICTURE.read_text(encoding="utf-8")
    assert TEXT.findall(made) == TEXT.findall(shown)
    assert "url(http" not in shown
