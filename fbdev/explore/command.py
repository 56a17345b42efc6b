"""`fbdev explore`: which outcomes and outputs can a net have, over every order of its steps?"""

import io
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import typer

from fbcore.formats.python_file import load_graph, split_target
from fbcore.model.graph import Graph
from fbcore.runtimes.choice import BLOCKED
from fbcore.source.package import importable
from fbdev.complaint import say
from fbdev.exit_code import ExitCode
from fbdev.explore.budget import Budget
from fbdev.explore.explorer import explore
from fbdev.explore.nets import GOOD, NetScene
from fbdev.explore.options import ExploreOptions, explore_command, outcomes
from fbdev.explore.result import Result
from fbdev.explore.verdict import VerdictKind
from fbdev.invoke import invoke
from fbdev.run.inputs import input_values
from fbdev.run.options import split_file
from fbdev.step.recording import write_choices

_MOST_ENDS = 20

_OF_FAILURE = {"deadlock": ExitCode.DEADLOCKED, "end": ExitCode.STARVED}
"""How `fbdev run` would have ended; of all other failures, as one."""


def explore_file(arguments: Sequence[str]) -> int:
    """Explore the net in the file that the arguments name, and return the exit code."""
    target, rest = split_file(arguments)
    if not target:
        return invoke(explore_command(None, lambda options, configs: ExitCode.USAGE), "fbdev explore", rest)
    graph = load_graph(target)
    with importable(split_target(target)[0].resolve().parent):

        def act(options: ExploreOptions, configs: dict[str, Any]) -> int:
            return _explore(graph, options, configs)

        return invoke(explore_command(graph, act), f"fbdev explore {target}", rest)


def _explore(graph: Graph, options: ExploreOptions, configs: dict[str, Any]) -> int:
    budget = Budget(executions=options.executions, seconds=options.time_limit)
    with ExitStack() as stack:
        inputs = input_values(graph, options.inputs, stack, waits=False)
        scene = NetScene(graph, inputs, configs, (*GOOD, *outcomes(options.allow)))
        with redirect_stdout(io.StringIO()), _quiet():
            # What components print in thousands of executions nobody can read.
            result = explore(scene, budget=budget, audit=options.audit)
    if options.json:
        typer.echo(result.as_json())
    else:
        typer.echo("\n".join(_lines(graph.name, result)))
    if options.save and result.failure is not None:
        choices = list(result.failure.schedule)
        if choices[-1:] == [BLOCKED]:
            # There the debugger stands before the end, and shows the circle.
            choices.pop()
        write_choices(Path(options.save), choices, f"{graph.name}: {result.failure.what}")
        say(f"fbdev step FILE --script {options.save} makes these steps")
    sys.stdout.flush()
    return _code(result)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the log still: nets that are ended in thousands have nothing to say there."""
    log = logging.getLogger("fbcore")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def _code(result: Result) -> int:
    if result.verdict.kind is VerdictKind.BUG:
        return _OF_FAILURE.get(result.failure.kind, ExitCode.FAILED) if result.failure else ExitCode.FAILED
    if result.verdict.kind is VerdictKind.HOLDS:
        return ExitCode.GOOD
    return ExitCode.STOPPED if result.verdict.detail == "interrupted" else ExitCode.UNPROVEN


def _lines(name: str, result: Result) -> list[str]:
    """Return what is printed: the verdict, what it rests on, how the net can end, and the order that fails."""
    lines = [f"{name}: {result}"]
    if result.verdict.kind is VerdictKind.BUG:
        return lines
    count = len(result.ends)
    lines.append("the net has one end:" if count == 1 else f"the order of steps decides which of {count:,} ends:")
    for end in result.ends[:_MOST_ENDS]:
        outputs = "; ".join(f"{key.removeprefix('outputs.')} {text}" for key, text in end.items() if key != "outcome")
        lines.append(f"  {end.get('outcome', '')}  {outputs or 'without outputs'}")
    if count > _MOST_ENDS:
        lines.append(f"  and {count - _MOST_ENDS:,} more; --json has them all")
    return lines
