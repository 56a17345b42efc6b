"""The command line: what `fbdev` does with its arguments, and what it prints when something is wrong."""

import io
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from fbcore.errors import FlowError
from fbdev.complaint import complain, is_usage, say
from fbdev.exit_code import ExitCode
from fbdev.invoke import invoke
from fbdev.pipe import give_up_output, settle_output
from fbdev.run.options import FileArgument

app = typer.Typer(
    help="Run and draw nets of components.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

# `run` reads its arguments itself, for which options there are depends on the graph in FILE.
_RAW = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say (those of the process, unless given) and return the exit code.

    0: the net finished, or was quiescent; 1: it failed; 2: wrong usage, which includes a file without a graph,
    a graph that cannot run and a config that does not fit; 3: starved; 4: deadlocked; 5: stopped.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A letter that the terminal's encoding lacks is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        code = invoke(typer.main.get_command(app), "fbdev", given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        give_up_output()
        return ExitCode.STOPPED
    except KeyboardInterrupt:
        say("interrupted")
        return ExitCode.STOPPED
    except Exception as error:
        complain(error, debug="--debug" in given)
        settle_output()
        return _code_of(error)


def _code_of(error: Exception) -> ExitCode:
    """Say whether it was the user's words that were wrong, or the run that went so."""
    from fbdev.run.outlets import UnwritableError

    is_word = (isinstance(error, FlowError) and not isinstance(error, UnwritableError)) or is_usage(error)
    return ExitCode.USAGE if is_word else ExitCode.FAILED


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"fbdev {version('fbdev')}")
        raise typer.Exit


@app.callback()
def _fbdev(
    version: Annotated[
        bool,
        typer.Option("--version", metavar="", callback=_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None: ...


@app.command(context_settings=_RAW)
def run(context: typer.Context) -> int:
    """Run the net in a Python file; `fbdev run FILE --help` shows the options of its graph."""
    from fbdev.run.command import run_file

    return run_file(context.args)


@app.command()
def draw(
    file: FileArgument,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE.svg", help="Write here instead of to standard output.")
    ] = "",
    format: Annotated[
        str, typer.Option(metavar="FORMAT", help="mermaid, dot, svg or png; by default what the file's name ends in.")
    ] = "",
    types: Annotated[bool, typer.Option("--types", metavar="", help="Write the types of ports on the arrows.")] = False,
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")] = False,
) -> int:
    """Draw the graph in a Python file: as Mermaid text, or as DOT, SVG or PNG, by the ending of the output."""
    from fbdev.draw.command import draw_file

    return draw_file(file, output, format, types=types)
