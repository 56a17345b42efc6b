"""`fbdev explore`: how can a net, or processes, end over every order of their steps?"""

import logging
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import typer

from fbcore.formats.python_file import split_target
from fbcore.model.graph import Graph
from fbcore.runtimes.choice import BLOCKED
from fbcore.source.package import importable
from fbdev.complaint import near, say
from fbdev.exit_code import ExitCode
from fbdev.explore.answers import answers
from fbdev.explore.asked import Options
from fbdev.explore.decorated import Decorated
from fbdev.explore.drawn import Drawn
from fbdev.explore.live import LiveLine
from fbdev.explore.long import Nobody, budget_of, going_on, how
from fbdev.explore.net_scene import NetScene
from fbdev.explore.options import ExploreOptions, explore_command, outcomes
from fbdev.explore.result import Result
from fbdev.explore.target import Target, called, load_target, step_command
from fbdev.explore.verdict import VerdictKind
from fbdev.explore.whole import explore_whole
from fbdev.invoke import invoke
from fbdev.run.inputs import input_values
from fbdev.run.options import split_file
from fbdev.step.recording import write_choices

_OF_THE_COMMAND = ("budget", "keep_going", "hooks")
"""Options of `@explore(...)` that the command line does not take from it."""

_OF_FAILURE = {"deadlock": ExitCode.DEADLOCKED, "end": ExitCode.STARVED}
"""How `fbdev run` would have ended; of all other failures, as one."""


def explore_file(arguments: Sequence[str]) -> int:
    """Explore the net, or the processes, in the file that the arguments name, and return the exit code."""
    target, rest = split_file(arguments)
    if not target:
        return invoke(explore_command(None, lambda options, configs: ExitCode.USAGE), "fbdev explore", rest)
    found = load_target(target)
    with importable(split_target(target)[0].resolve().parent):

        def act(options: ExploreOptions, configs: dict[str, Any]) -> int:
            return _explore(found, target, options, configs, arguments)

        return invoke(explore_command(found, act), f"fbdev explore {target}", rest)


def _explore(
    found: Target, target: str, options: ExploreOptions, configs: dict[str, Any], arguments: Sequence[str]
) -> int:
    drawn = Drawn(options.output) if options.output else None
    with ExitStack() as stack:
        what, asked = _what(found, options, configs, stack)
        name = what.graph.name if isinstance(what, NetScene) else called(what)
        with LiveLine(name) as live, redirect_stdout(Nobody()), _quiet():
            # What components print in thousands of executions nobody can read.
            result, is_whole = explore_whole(what, budget_of(options), **{**asked, **how(options)}, **live.listener())
            answered = answers(result, is_whole=is_whole)
            if drawn is not None:
                drawn.draw(result)
    if options.json:
        typer.echo(result.as_json())
    else:
        again = f"replay({_python(found, split_target(target)[1])}, {result.token!r})"
        typer.echo(near("\n".join([f"{name}: {result.report(again)}", *answered])))
    if options.save and result.failure is not None:
        choices = list(result.failure.schedule)
        if choices[-1:] == [BLOCKED]:
            # There the debugger stands before the end, and shows the circle.
            choices.pop()
        write_choices(Path(options.save), choices, f"{name}: {result.failure.what}")
        command = step_command(target, found, what, options.inputs)
        say(f"{command or 'fbdev step FILE'} --script {shlex.quote(options.save)} makes these steps")
    if drawn is not None:
        drawn.write()
    if result.kept:
        say(f"{going_on(arguments, result.kept)} goes on")
    sys.stdout.flush()
    return _code(result)


def _python(found: Target, name: str) -> str:
    """Write what was explored as Python would; `name` is what the user called it, if anything."""
    if isinstance(found, Graph):
        return f"NetScene({name or 'graph'})"
    return name or ("scene" if isinstance(found, NetScene) else called(found))


def _what(found: Target, options: ExploreOptions, configs: dict[str, Any], stack: ExitStack) -> tuple[Any, Options]:
    """Return what is explored, and what `@explore(...)` in the file asks for."""
    if isinstance(found, Graph | NetScene):
        return _scene(found, options, configs, stack), {}
    if not isinstance(found, Decorated):
        return found, {}
    asked = {name: value for name, value in found.options.items() if name not in _OF_THE_COMMAND}
    return found.function, cast(Options, asked)


def _scene(found: Graph | NetScene, options: ExploreOptions, configs: dict[str, Any], stack: ExitStack) -> NetScene:
    """Return the net as the options say; where they say nothing, as the scene in the file does."""
    scene = NetScene(found) if isinstance(found, Graph) else found
    inputs = input_values(scene.graph, options.inputs, stack, waits=False)
    return replace(
        scene,
        inputs={**scene.inputs, **inputs},
        configs={**scene.configs, **configs},
        allowed=(*scene.allowed, *outcomes(options.allow)),
        settings=options.settings or scene.settings,
    )


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
    if result.failure is not None:
        is_net = result.program is not None and result.program.is_net
        of_failure = _OF_FAILURE if is_net else {"deadlock": ExitCode.DEADLOCKED}
        return of_failure.get(result.failure.kind, ExitCode.FAILED)
    if result.verdict.kind is VerdictKind.HOLDS:
        return ExitCode.GOOD
    return ExitCode.STOPPED if result.verdict.detail == "interrupted" else ExitCode.UNPROVEN
