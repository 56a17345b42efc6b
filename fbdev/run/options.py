"""The options of `fbdev run`: those that every net has, and those that come from the graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, TypeVar

import typer

from fbcore.model.graph import Graph
from fbcore.model.types import name_of
from fbcore.net.options import GRACE
from fbdev.arguments import FileArgument, named_file, time_option
from fbdev.run.config_option import ConfigOption, config_options
from fbdev.run.values import config_values


def _flag(name: str, help: str) -> Any:
    return typer.Option(name, metavar="", help=help, show_default=False)


def settings_option() -> Any:
    """Declare an option that takes a file of settings."""
    help = "Run the net, and each of its nodes, as this TOML or JSON file says."
    return typer.Option("--settings", metavar="FILE", help=help, show_default=False, callback=named_file)


def _metrics_option() -> Any:
    help = "Serve metrics for Prometheus on this port while the net runs; 0 is a port that is free."
    return typer.Option("--metrics", metavar="[HOST:]PORT", help=help, show_default=False)


def _how_to_stop(text: str) -> str:
    if text not in ("drain", "at-once"):
        raise typer.BadParameter(f"{text} is no way to stop; say drain or at-once")
    return text.replace("-", " ")


def _stop_option() -> Any:
    help = "What Ctrl-C does: drain the net, or end it at-once (drain by default); a second one ends it anyway."
    return typer.Option("--stop", parser=_how_to_stop, metavar="HOW", help=help, show_default=False)


def seed_option(help: str) -> Any:
    """Declare an option that takes the number of an order of turns."""
    return typer.Option("--seed", metavar="NUMBER", help=help, show_default=False)


INPUT_HELP = (
    "Give an input of the graph one value; with NAME=@FILE the lines of a file, with NAME=- those of standard input."
)
LOG_HELP = "Log to a FILE.jsonl (JSON) or FILE.log (text), or to standard error: text, or json. May be given again."
LEVEL_HELP = "Log what is at least so severe: debug, info (the default), warning, error. Without --log as text."
OUTPUT_HELP = "Write an output as lines, with NAME=@FILE to a file, with NAME=- to standard output."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options that every net has. Their declarations here are what typer reads."""

    inputs: Annotated[list[str], typer.Option("--input", metavar="NAME=VALUE", help=INPUT_HELP)] = field(
        default_factory=list
    )
    outputs: Annotated[list[str], typer.Option("--output", metavar="NAME=@FILE", help=OUTPUT_HELP)] = field(
        default_factory=list
    )
    time_limit: Annotated[float | None, time_option("Cancel the net after so long.")] = None
    seed: Annotated[int | None, seed_option("Run on virtual time, in the order of turns that this number gives.")] = (
        None
    )
    grace: Annotated[float | None, time_option(f"How long the net may drain after Ctrl-C ({GRACE:g} by default).")] = (
        None
    )
    stop: Annotated[str | None, _stop_option()] = None
    settings: Annotated[str, settings_option()] = ""
    metrics: Annotated[str, _metrics_option()] = ""
    metrics_linger: Annotated[float | None, time_option("Serve them for so long after the net has ended.")] = None
    feed_dead_letters: Annotated[
        str,
        typer.Option(
            "--feed-dead-letters",
            metavar="FILE",
            help="Try the dead letters in this file again, before the inputs, which may then be left out.",
            show_default=False,
            callback=named_file,
        ),
    ] = ""
    only_dead_letters: Annotated[bool, _flag("--only-dead-letters", "Run no sources beside the dead letters.")] = False
    log: Annotated[list[str], typer.Option("--log", metavar="WHERE", help=LOG_HELP)] = field(default_factory=list)
    log_level: Annotated[str, typer.Option("--log-level", metavar="LEVEL", help=LEVEL_HELP)] = ""
    json: Annotated[bool, _flag("--json", "Print one JSON document; all else goes to standard error.")] = False
    live: Annotated[bool | None, _flag("--live/--no-live", "Show the net while it runs, or not.")] = None
    quiet: Annotated[bool, _flag("--quiet", "Print only what comes out or goes wrong.")] = False
    debug: Annotated[bool, _flag("--debug", "Show the tracebacks of errors.")] = False


Options = TypeVar("Options")

Act = Callable[[Options, dict[str, Any]], int]
"""What to do with the options that every net has, and the values of the graph's configs."""

_WITH_VALUE = (
    *("--input", "--output", "--time-limit", "--grace", "--seed", "--settings", "--script", "--restore"),
    *("--metrics", "--metrics-linger"),
    *("--feed-dead-letters", "--stop", "--log", "--log-level"),
    *("--allow", "--executions", "--audit", "--save"),
    *("--budget", "--search", "--samples", "--keep", "--continue", "--memory", "--cores"),
)

FIXED = (
    *("--input", "--output", "--time-limit", "--seed", "--grace", "--settings", "--metrics", "--metrics-linger"),
    *("--feed-dead-letters", "--only-dead-letters", "--stop", "--log", "--log-level"),
    *("--json", "--live", "--no-live", "--quiet", "--debug", "--help"),
)
"""What no config of a graph may be called on the command line."""


def takes_value(option: str) -> bool:
    """Say whether the word after an option that every net has is its value."""
    return option in _WITH_VALUE


def split_file(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return the FILE among the arguments ("" when it is missing) and the rest; the graph's options follow FILE."""
    is_value = False
    for i, word in enumerate(arguments):
        if not is_value and not word.startswith("-"):
            return word, [*arguments[:i], *arguments[i + 1 :]]
        is_value = takes_value(word) and not is_value
    return "", list(arguments)


def run_command(graph: Graph | None, act: Act[RunOptions]) -> Any:
    """Make the command `run`; see `net_command`."""
    return net_command(graph, act, RunOptions, FIXED, "Run")


def net_command(
    graph: Graph | None, act: Act[Options], kind: type[Options], fixed: Sequence[str], verb: str, about: str = ""
) -> Any:
    """Make the command that parses the options, those of the graph included, shows their help, and acts.

    `kind` declares the options that every net has, `fixed` names them; `verb` is what the command does to a net.
    Without a graph there was no FILE: it is asked for, unless `about` says what there was in it.
    """
    configs = config_options(graph, fixed) if graph is not None else []

    def run(**given: Any) -> int:
        if graph is not None:
            graph.validate()
        texts = {config.name: given.pop(config.parameter) for config in configs}
        values = config_values(configs, {name: text for name, text in texts.items() if text is not None})
        given.pop("file", None)
        return act(kind(**given), values)

    run.__doc__ = about or _help(graph, verb)
    run.__signature__ = _signature(configs, kind, needs_file=graph is None and not about)  # type: ignore[attr-defined]
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    app.command()(run)
    return typer.main.get_command(app)


def _help(graph: Graph | None, verb: str) -> str:
    if graph is None:
        return (
            f"{verb} the net in a Python file.\n\nEach config of its graph is an option too, after FILE; one that is "
            "called like an option below has `--config-` before its name. "
            f"`fbdev {verb.lower()} FILE --help` shows them."
        )
    inputs = ", ".join(f"{name} ({name_of(graph.input_types(name)[0])})" for name in graph.border("inputs"))
    outputs = ", ".join(graph.border("outputs"))
    size = f"{len(graph.nodes)} node{'' if len(graph.nodes) == 1 else 's'}"
    return f"{verb} the net {graph.name}: {size}; inputs: {inputs or 'none'}; outputs: {outputs or 'none'}."


def _signature(configs: list[ConfigOption], kind: type[Any], *, needs_file: bool) -> Signature:
    file = [Parameter("file", Parameter.KEYWORD_ONLY, annotation=FileArgument)] if needs_file else []
    lists = {each.name for each in fields(kind) if each.default_factory is list}
    fixed = [
        each.replace(default=[] if each.name in lists else each.default) for each in signature(kind).parameters.values()
    ]
    own = [Parameter(c.parameter, Parameter.KEYWORD_ONLY, default=None, annotation=c.declare()) for c in configs]
    return Signature([*file, *fixed, *own])
