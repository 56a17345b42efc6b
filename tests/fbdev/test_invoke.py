"""Words of the command line, which pass as they are where they are plain, and through typer where they are not."""

from typing import Annotated, Any

import pytest
import typer

from fbdev import invoke as module
from fbdev.arguments import time_option
from fbdev.invoke import invoke

Shown = dict[str, Any]


def said_by(arguments: list[str], *, plainly: bool, monkeypatch: pytest.MonkeyPatch) -> Shown | str:
    """Return what a command is given for words, by the short way or by typer's alone, or why they are refused."""
    found: Shown = {}
    app = typer.Typer(add_completion=False)

    @app.command()
    def command(
        name: Annotated[str, typer.Argument()],
        more: Annotated[list[str] | None, typer.Argument()] = None,
        text: Annotated[str, typer.Option()] = "",
        maybe: Annotated[str | None, typer.Option()] = None,
        several: Annotated[list[str], typer.Option()] = [],  # noqa: B006 - typer takes it so
        number: Annotated[int | None, typer.Option()] = None,
        limit: Annotated[float, time_option("")] = 60.0,
        is_on: Annotated[bool, typer.Option("--on")] = False,
        choice: Annotated[bool | None, typer.Option("--this/--that")] = None,
        heard: Annotated[str, typer.Option(callback=lambda value: f"heard {value}")] = "nothing",
    ) -> int:
        found.update(
            name=name, more=more, text=text, maybe=maybe, several=several, number=number, limit=limit, is_on=is_on
        )
        found.update(choice=choice, heard=heard)
        return 0

    if not plainly:
        monkeypatch.setattr(module, "_is_plain", lambda parameter, value: False)
    try:
        assert invoke(typer.main.get_command(app), "it", arguments) == 0
    except Exception as error:
        return f"{type(error).__name__}: {getattr(error, 'message', error)}"
    return found


@pytest.mark.parametrize(
    "words",
    [
        "a",
        "a b c",
        "a --text t --maybe m",
        "a --text= --maybe=",
        "a --several 1 --several 2",
        "a --number 7 --limit 2.5 --on --this",
        "a --that --heard you",
        "a --number seven",
        "a --limit soon",
        "a --limit -1",
        "--text t",
        "a --nothing",
    ],
)
def test_plain_words_mean_what_typer_makes_of_them(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether words pass as they are or are converted by typer, a command gets the same, or the same is refused."""
    plainly = said_by(words.split(), plainly=True, monkeypatch=monkeypatch)
    assert said_by(words.split(), plainly=False, monkeypatch=monkeypatch) == plainly
