"""The options of `fbdev step`."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from fbcore.model.graph import Graph
from fbdev.run.options import FIXED as FIXED_OF_RUN
from fbdev.run.options import INPUT_HELP, Act, net_command, seed_option, settings_option

FIXED = (*FIXED_OF_RUN, "--script", "--restore")
"""What no config of a graph may be called here: nor what it may not be called where it is run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """The options that every net has. Their declarations here are what typer reads."""

    inputs: Annotated[list[str], typer.Option("--input", metavar="NAME=VALUE", help=INPUT_HELP)] = field(
        default_factory=list
    )
    outputs: Annotated[
        list[str],
        typer.Option("--output", metavar="NAME=@FILE", help="Write an output as lines, once the net has ended."),
    ] = field(default_factory=list)
    script: Annotated[
        str, typer.Option("--script", metavar="FILE", help="Replay the choices in FILE, without a screen.")
    ] = ""
    restore: Annotated[
        str, typer.Option("--restore", metavar="FILE", help="Begin where a snapshot was written, with its inputs.")
    ] = ""
    settings: Annotated[str, settings_option()] = ""
    seed: Annotated[
        int | None, seed_option("Let the key `s` take the steps in the order of turns that this number gives.")
    ] = None
    debug: Annotated[
        bool, typer.Option("--debug", metavar="", help="Show the tracebacks of errors.", show_default=False)
    ] = False


def step_command(graph: Graph | None, act: Act[StepOptions]) -> Any:
    """Make the command that parses the options, those of the graph included, shows their help, and acts."""
    return net_command(graph, act, StepOptions, FIXED, "Step")
