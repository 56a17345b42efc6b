"""The commands of `fbdev`, and what it prints when something is wrong."""

import io
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from fbdev.arguments import FileArgument, named_file, time_option
from fbdev.complaint import complain, is_usage
from fbdev.complete.shell import answer, is_asked
from fbdev.exit_code import ExitCode
from fbdev.invoke import invoke
from fbdev.pipe import give_up_output, settle_output

app = typer.Typer(
    help="Write, check, run and draw nets of components.",
    pretty_exceptions_enable=False,
)


class _NetCommand(TyperCommand):
    """Commands that read their arguments themselves, for which options there are depends on the graph in FILE."""

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Offer the options of the graph, too."""
        from fbdev.complete.words import words_of_run

        return list(words_of_run(ctx.args, incomplete, self.name or "run"))


_RAW = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def obey(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say, or what a shell asks, and return the exit code; only an interruption is raised."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A letter that the terminal's encoding lacks is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    if arguments is None and is_asked():
        return answer(typer.main.get_command(app))
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        code = invoke(typer.main.get_command(app), "fbdev", given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        give_up_output()
        return ExitCode.STOPPED
    except SystemExit as end:
        # What rich does where nobody reads its help any more.
        if isinstance(end.__context__, BrokenPipeError):
            return ExitCode.STOPPED
        raise
    except Exception as error:
        complain(error, debug="--debug" in given)
        settle_output()
        return _code_of(error)


def _code_of(error: Exception) -> ExitCode:
    """Say whether it was the user's words that were wrong, or the run that went so."""
    from fbcore.errors import FlowError
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


@app.command(cls=_NetCommand, context_settings=_RAW)
def run(context: typer.Context) -> int:
    """Run the net in a Python file; `fbdev run FILE --help` shows the options of its graph."""
    from fbdev.run.command import run_file

    return run_file(context.args)


@app.command(cls=_NetCommand, context_settings=_RAW)
def step(context: typer.Context) -> int:
    """Step the net in a Python file, forth and back, on a screen or by a script; `fbdev step FILE --help` says more."""
    from fbdev.step.command import step_file

    return step_file(context.args)


@app.command(cls=_NetCommand, context_settings=_RAW)
def explore(context: typer.Context) -> int:
    """Try every order of the steps of a net, and say how it can end; `fbdev explore FILE --help` says more."""
    from fbdev.explore.command import explore_file

    return explore_file(context.args)


@app.command()
def check(
    file: FileArgument = "",
    strict: Annotated[bool, typer.Option("--strict", metavar="", help="Fail on warnings, too.")] = False,
    json: Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON document.")] = False,
    time_limit: Annotated[float, time_option("How long the import of FILE may take (60 by default).")] = 60.0,
    settings: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Check these settings, a TOML or JSON file, and whether they fit the graph.",
            callback=named_file,
        ),
    ] = "",
    complib: Annotated[
        str, typer.Option(metavar="PACKAGE", help="Check a package as a library of components, and list what is in it.")
    ] = "",
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")] = False,
) -> int:
    """Check the graphs and components in a Python file without running them; exit code 1 says that they are unfit."""
    from fbdev.check.command import check_file, check_library

    if complib and (file or settings):
        raise typer.BadParameter("this is for a package, and FILE and --settings are for a net", param_hint="--complib")
    if complib:
        return check_library(complib, time_limit, as_json=json, strict=strict)
    if not file:
        raise typer.BadParameter("name a Python file with a net, or a package: --complib PACKAGE", param_hint="FILE")
    return check_file(file, time_limit, settings, as_json=json, strict=strict)


@app.command("dead-letters")
def dead_letters(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file of dead letters.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Show these letters whole.")] = None,
    node: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Only the letters of this node; load.* means those of load.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON document.")] = False,
    remove: Annotated[bool, typer.Option("--remove", metavar="", help="Take these letters out of the file.")] = False,
    all: Annotated[bool, typer.Option("--all", metavar="", help="With --remove: all of them.")] = False,
    tidy: Annotated[bool, typer.Option("--tidy", metavar="", help="Take out lines that are no letters.")] = False,
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")] = False,
) -> int:
    """List the packets that nobody could process; `fbdev run NET --feed-dead-letters FILE` tries them again."""
    from fbdev.letters.command import browse

    return browse(file, ids or [], node, as_json=json, remove=remove, all=all, tidy=tidy)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The folder to make, whose name is the project's.")],
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")] = False,
) -> int:
    """Make a project to start from: a net, its components, and their tests."""
    from fbdev.new.command import new_project

    return new_project(name)


@app.command()
def draw(
    file: FileArgument,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE.svg", help="Write here instead of to standard output.")
    ] = "",
    format: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            help="mermaid, dot, svg, png or json; by default what the file's name ends in.",
            autocompletion=lambda: ["mermaid", "dot", "svg", "png", "json"],
        ),
    ] = "",
    types: Annotated[bool, typer.Option("--types", metavar="", help="Write the types of ports on the arrows.")] = False,
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")] = False,
) -> int:
    """Draw the graph in a Python file: as Mermaid text, or as DOT, SVG, PNG or JSON, by the ending of the output."""
    from fbdev.draw.command import draw_file

    return draw_file(file, output, format, types=types)
