"""`fbdev run`: load, run, show, print, and say how it ended."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO

import typer

from fbcore.formats.python_file import load_graph, split_target
from fbcore.model.graph import Graph
from fbcore.net.report import Outputs, Result
from fbcore.runtimes.batch import BatchRuntime
from fbcore.source.package import importable
from fbdev.complaint import say
from fbdev.exit_code import ExitCode, exit_code_of
from fbdev.invoke import invoke
from fbdev.pipe import is_reader_gone
from fbdev.run.ending import ending
from fbdev.run.inputs import input_values
from fbdev.run.live import LiveTable, is_terminal
from fbdev.run.log import RunLog
from fbdev.run.metrics import served_metrics
from fbdev.run.notices import Notices
from fbdev.run.options import Act, RunOptions, run_command, split_file
from fbdev.run.outlets import Outlet, open_outlets, outputs_among, to_standard_output
from fbdev.run.outputs import print_outputs
from fbdev.run.screen import Screen, shared_screen
from fbdev.run.seeded import run_seeded
from fbdev.run.streaming import run_streamed

if TYPE_CHECKING:
    from fbcore.orchestration.settings import NetSettings


def run_file(arguments: Sequence[str]) -> int:
    """Run the net in the file that the arguments name, and return the exit code."""
    target, rest = split_file(arguments)
    if not target:
        return _parse(None, rest, "fbdev run", lambda options, configs: ExitCode.USAGE)
    data = sys.stdout
    with ExitStack() as stack:
        if "--json" in rest or to_standard_output(outputs_among(rest)):
            # What components print is not data; standard output is for the document, or the lines, alone.
            stack.enter_context(redirect_stdout(sys.stderr))
        screen = stack.enter_context(shared_screen(force="--live" in rest))
        graph = load_graph(target)
        stack.enter_context(importable(split_target(target)[0].resolve().parent))
        name = f"fbdev run {target}"
        return _parse(graph, rest, name, lambda options, configs: _run(graph, options, configs, screen, data))


def _parse(graph: Graph | None, arguments: Sequence[str], name: str, act: Act[RunOptions]) -> int:
    return invoke(run_command(graph, act), name, arguments)


def _run(graph: Graph, options: RunOptions, configs: dict[str, Any], screen: Screen, data: TextIO) -> int:
    log = RunLog(options.log, options.log_level)
    is_live = _is_live(options, log)
    notices = Notices(at_once=not is_live and not log.tells_notices)
    with ExitStack() as files:
        is_fed = bool(options.feed_dead_letters)
        if options.only_dead_letters and not is_fed:
            raise typer.BadParameter("say which: --feed-dead-letters FILE", param_hint="--only-dead-letters")
        inputs = input_values(graph, options.inputs, files, waits=options.seed is None, all_needed=not is_fed)
        outlets = _outlets(graph, options, screen.shared(data), files)
        metrics = files.enter_context(served_metrics(options))
        table = LiveTable(graph.name, screen, notices)
        how = {
            "inputs": inputs,
            "feed_dead_letters": options.feed_dead_letters or None,
            "only_dead_letters": options.only_dead_letters,
            "time_limit": options.time_limit,
            "grace": options.grace,
            "progress": table.progress if is_live else None,
            "observers": [notices, *metrics],
        }
        settings = _settings(options)
        runtime = BatchRuntime(graph, settings=settings)
        with log.kept(settings), table:
            result, rest = _to_its_end(runtime, outlets, options.seed, **how, **configs)
        _print(result, rest, options, data, log)
    if is_live and not log.tells_notices:
        notices.say()
    return exit_code_of(result.outcome)


def _settings(options: RunOptions) -> NetSettings | None:
    """Return what is said of how the net is run; None where nothing is, and most that manages nets is not loaded."""
    if not options.settings and options.stop is None:
        return None
    from fbcore.orchestration.settings import settings_of

    return settings_of(options.settings or None, stop=options.stop)


def _to_its_end(
    runtime: BatchRuntime, outlets: dict[str, Outlet], seed: int | None, **how: Any
) -> tuple[Result, Outputs]:
    """Run the net, and return how it ended, and what came out and is not written yet."""
    if seed is not None:
        return run_seeded(runtime, seed, outlets, **how)
    if outlets:
        return run_streamed(runtime, outlets, **how)
    result = runtime.run(raises=False, **how)
    return result, result.outputs


def _outlets(graph: Graph, options: RunOptions, data: TextIO, files: ExitStack) -> dict[str, Outlet]:
    if options.json and to_standard_output(options.outputs):
        raise typer.BadParameter(
            "--json has standard output for itself; write the lines to a file", param_hint="--json"
        )
    return open_outlets(graph, options.outputs, data, files)


def _is_live(options: RunOptions, log: RunLog) -> bool:
    if log.is_json and options.live:
        raise typer.BadParameter("--log json has standard error for itself; write it into a file", param_hint="--live")
    if options.quiet and options.live:
        raise typer.BadParameter("--quiet shows no table; leave one of the two out", param_hint="--live")
    if options.seed is not None:
        if options.live:
            raise typer.BadParameter("with --seed there is no time in which to watch", param_hint="--live")
        return False
    if options.live is not None:
        return options.live
    return is_terminal(sys.stderr) and not options.quiet and not log.is_json


def _print(result: Result, rest: Outputs, options: RunOptions, data: TextIO, log: RunLog) -> None:
    if result.errors and all(isinstance(error.cause, BrokenPipeError) for error in result.errors) and is_reader_gone():
        # That a component could not print, because `head` has seen enough, is no failure.
        raise BrokenPipeError
    if options.json:
        from fbdev.run.document import document

        data.write(document(result, rest) + "\n")
    elif not to_standard_output(options.outputs):
        print_outputs(rest, data)
    data.flush()
    if not log.is_json and (not options.quiet or not result.outcome.is_good):
        say(ending(result, debug=options.debug))
