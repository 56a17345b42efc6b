"""The options of `fbdev explore`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args

import typer

from fbcore.model.graph import Graph
from fbcore.net.report import Outcome
from fbdev.arguments import time_option
from fbdev.explore.net_scene import NetScene
from fbdev.explore.plan import Search
from fbdev.explore.target import Target, called
from fbdev.run.options import FIXED as FIXED_OF_RUN
from fbdev.run.options import INPUT_HELP, Act, net_command, seed_option, settings_option

SEARCHES = get_args(Search)

FIXED = (
    *(*FIXED_OF_RUN, "--executions", "--audit", "--allow", "--save", "--budget", "--memory"),
    *("--search", "--samples", "--cores", "--keep", "--continue"),
)
"""What no config of a graph may be called here: nor what it may not be called where it is run."""


def outcomes(texts: Sequence[str]) -> list[Outcome]:
    """Read the names of outcomes."""
    for text in texts:
        if text not in list(Outcome):
            raise typer.BadParameter(f"{text} is no outcome; they are {', '.join(Outcome)}", param_hint="--allow")
    return [Outcome(text) for text in texts]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploreOptions:
    """The options that every net has. Their declarations here are what typer reads."""

    inputs: Annotated[list[str], typer.Option("--input", metavar="NAME=VALUE", help=INPUT_HELP)] = field(
        default_factory=list
    )
    settings: Annotated[str, settings_option()] = ""
    allow: Annotated[
        list[str],
        typer.Option("--allow", metavar="OUTCOME", help="An outcome that is no failure of this net."),
    ] = field(default_factory=list)
    time_limit: Annotated[
        float, time_option("Stop after so long, and say how far it came (60 by default).", "--budget", "--time-limit")
    ] = 60.0
    memory: Annotated[
        float | None,
        typer.Option("--memory", metavar="MB", min=0, help="Stop when what is known takes so much (1000 by default)."),
    ] = None
    executions: Annotated[
        int | None, typer.Option("--executions", metavar="N", min=1, help="Stop after so many executions.")
    ] = None
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="NAME", help=f"How to search: {', '.join(SEARCHES)}.", show_default=False),
    ] = None
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples", metavar="N", min=1, help="Draw so many orders (1000 by default).", show_default=False
        ),
    ] = None
    cores: Annotated[
        int, typer.Option("--cores", metavar="N", min=1, help="Draw orders on so many cores.", show_default=False)
    ] = 1
    seed: Annotated[int | None, seed_option("Draw the orders of this number.")] = None
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="FILE",
            help="Keep what is left: twice a minute, when the budget is spent, and at Ctrl-C.",
            show_default=False,
        ),
    ] = None
    continues: Annotated[
        str | None,
        typer.Option("--continue", metavar="FILE", help="Go on with what --keep has kept.", show_default=False),
    ] = None
    audit: Annotated[
        int, typer.Option("--audit", metavar="N", min=0, help="Try so many random orders after a proof.")
    ] = 20
    save: Annotated[
        str, typer.Option("--save", metavar="FILE", help="Write the failing order, for `fbdev step --script FILE`.")
    ] = ""
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Draw the states: .html (a page to look into), .svg, .dot, .mmd, .json, or .txt (a tree).",
        ),
    ] = ""
    json: Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON document.")] = False
    debug: Annotated[
        bool, typer.Option("--debug", metavar="", help="Show the tracebacks of errors.", show_default=False)
    ] = False


def explore_command(found: Target | None, act: Act[ExploreOptions]) -> Any:
    """Make the command that parses the options, those of the graph included, shows their help, and acts."""
    if found is None or isinstance(found, Graph):
        return net_command(found, act, ExploreOptions, FIXED, "Explore")
    if isinstance(found, NetScene):
        return net_command(found.graph, act, ExploreOptions, FIXED, "Explore")

    def checked(options: ExploreOptions, configs: dict[str, Any]) -> int:
        for option, given in (("--input", options.inputs), ("--allow", options.allow), ("--save", options.save)):
            if given:
                raise typer.BadParameter(f"it is for nets, and {called(found)} is none", param_hint=option)
        return act(options, configs)

    about = f"Explore the processes that {called(found)} makes."
    return net_command(None, checked, ExploreOptions, FIXED, "Explore", about)
