"""What people are told on standard error."""

import pytest

from fbdev.complaint import say, seen


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("clear \x1b[2J, title \x1b]0;x\x07, back \x08", "clear \\x1b[2J, title \\x1b]0;x\\x07, back \\x08"),
        ("turned \u202e, half \ud800, C1 \x9b", "turned \\u202e, half \\ud800, C1 \\x9b"),
        ("a line\n  and \ta tab", "a line\n  and \ta tab"),
        ("\x1b[1;31mours\x1b[0m", "\x1b[1;31mours\x1b[0m"),
    ],
)
def test_a_terminal_obeys_nothing_that_an_error_says(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What would clear the screen, or turn a line around, is written as Python writes it; a colour may be ours."""
    say(text)
    assert capsys.readouterr().err == f"{shown}\n"


def test_in_a_log_not_even_colours_are_obeyed() -> None:
    """Its lines have colours of their own, which are put on after that."""
    assert seen("\x1b[31mred\x1b[0m") == "\\x1b[31mred\\x1b[0m"
