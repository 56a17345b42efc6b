"""`fbdev step`: load a net, step it on the screen or by a script, and say how it ended."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn, TextIO

import typer

from fbcore.driver import Driver, Seeded
from fbcore.errors import ExtraError
from fbcore.formats.python_file import load_graph, split_target
from fbcore.model.graph import Graph
from fbcore.net.verdict import Verdict
from fbcore.source.package import importable
from fbdev.complaint import say
from fbdev.exit_code import ExitCode, exit_code_of
from fbdev.invoke import invoke
from fbdev.pipe import settle_output
from fbdev.run.ending import ending
from fbdev.run.inputs import input_values
from fbdev.run.line_format import STANDARD
from fbdev.run.live import is_terminal
from fbdev.run.options import split_file
from fbdev.run.outlets import Outlet, open_outlets, outputs_among, to_standard_output
from fbdev.run.outputs import print_outputs
from fbdev.run.screen import Screen, shared_screen
from fbdev.run.seeded import write_outputs
from fbdev.step.descriptors import caught
from fbdev.step.known import known
from fbdev.step.options import StepOptions, step_command
from fbdev.step.origin import Origin
from fbdev.step.recording import read_choices
from fbdev.step.script import follow
from fbdev.step.session import Session


def step_file(arguments: Sequence[str]) -> int:
    """Step the net in the file that the arguments name, and return the exit code."""
    target, rest = split_file(arguments)
    data = sys.stdout
    if not target:
        return invoke(step_command(None, lambda options, configs: ExitCode.USAGE), "fbdev step", rest)
    with ExitStack() as stack:
        if to_standard_output(outputs_among(rest)):
            # Steps, and what components print, are not data.
            stack.enter_context(redirect_stdout(sys.stderr))
        screen = stack.enter_context(shared_screen())
        graph = load_graph(target)
        stack.enter_context(importable(split_target(target)[0].resolve().parent))

        def act(options: StepOptions, configs: dict[str, Any]) -> int:
            return _step(graph, target, options, configs, screen, data)

        return invoke(step_command(graph, act), f"fbdev step {target}", rest)


def _step(
    graph: Graph, target: str, options: StepOptions, configs: dict[str, Any], screen: Screen, data: TextIO
) -> int:
    choices = read_choices(options.script) if options.script else None
    if choices is None:
        _check_screen(options)
    with ExitStack() as files:
        inputs = _inputs(graph, options, files)
        outlets = open_outlets(graph, options.outputs, data, files)
        session = Session(graph, inputs, configs, _driver(options.seed), options.restore, options.settings)
        if choices is None:
            restored, settings = options.restore, options.settings
            origin = Origin(target, Path.cwd(), options.inputs, inputs, configs, restored, settings)
            _show(session, origin, screen)
            return _end(session, outlets, options)
        stuck = _follow(session, choices)
        code = _end(session, outlets, options)
        # Where the script leaves it nothing can happen but this end.
        return code if stuck is None else exit_code_of(stuck.outcome)


def _inputs(graph: Graph, options: StepOptions, files: ExitStack) -> dict[str, Any]:
    if not options.restore:
        return known(input_values(graph, options.inputs, files, waits=False))
    if options.inputs:
        raise typer.BadParameter("a snapshot has its own inputs; leave --input out", param_hint="--restore")
    return {}


def _follow(session: Session, choices: Sequence[str]) -> Verdict | None:
    """Make the steps of a script, and return why the net is blocked there, if it is."""
    session.printed.passes = True
    session.start()
    try:
        follow(session, choices)
        return session.stuck()
    finally:
        session.close()


def _driver(seed: int | None) -> Any:
    def make() -> Driver:
        assert seed is not None
        return Seeded(seed)

    return make if seed is not None else None


def _check_screen(options: StepOptions) -> None:
    """Check that there is a screen, and keys for it, before anything runs."""
    if not _is_screen():
        raise typer.BadParameter(
            "this is no terminal that can be painted on; --script FILE replays choices without one",
            param_hint="FILE",
        )
    if any(text.endswith((f"={STANDARD}", "=@/dev/stdin")) for text in options.inputs):
        raise typer.BadParameter("the keys come from standard input; read lines from a file", param_hint="--input")
    if importlib.util.find_spec("textual") is None:
        what = "fbdev step needs textual, which is not installed; --script FILE does without"
        raise ExtraError(what, hint="pip install 'fbdev[step]'")


def _is_screen() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and is_terminal(sys.stderr)


def _show(session: Session, origin: Origin, screen: Screen) -> None:
    from fbdev.step.app import Debugger
    from fbdev.step.worker import Worker

    worker = Worker()
    worker.do(session.start)
    with caught(session.printed.take) as hand_over:

        def gather() -> None:
            screen.flush()
            hand_over()

        session.printed.gather = gather
        # Streams that the user's file has kept, as logging does, are not to tear the screen either.
        screen.above = session.printed.take
        app = Debugger(session, worker, origin)
        try:
            app.run()
        finally:
            session.interrupted.set()
            worker.ask(session.close)
            has_ended = worker.close()
            screen.above = None
    if app.crash is not None:
        raise app.crash
    if not has_ended:
        _give_up(session)


def _give_up(session: Session) -> NoReturn:
    """End the process, with a turn in it that goes on and on, and would at any tidier end."""
    say(f"{session.fsm.graph.name}: a turn of {session.making} did not end, and was given up")
    settle_output()
    os._exit(ExitCode.STOPPED)


def _end(session: Session, outlets: dict[str, Outlet], options: StepOptions) -> int:
    """Say where the net was left, and how it ended if it did; print what came out."""
    result = session.ended
    if result is None:
        count = len(session.steps)
        say(f"{session.fsm.graph.name}: left after {count} step{'' if count == 1 else 's'}, and had not ended")
        return ExitCode.GOOD
    rest = write_outputs(result.outputs, outlets)
    if not to_standard_output(options.outputs):
        print_outputs(rest, sys.stdout)
    sys.stdout.flush()
    say(ending(result, debug=options.debug))
    return exit_code_of(result.outcome)
