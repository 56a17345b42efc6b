"""The one place that knows which kinds of executions there are."""

from __future__ import annotations

import contextvars
import gc
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

from fbcore.touches import announcing
from fbdev.explore.execution import Execution
from fbdev.explore.generators import GeneratorExecution, Stage
from fbdev.explore.net_scene import NetScene
from fbdev.explore.program import Program
from fbdev.explore.scene import scene_of
from fbdev.explore.shared import NOTES, Notes
from fbdev.explore.verdict import OF_NODES, OF_TASKS

if TYPE_CHECKING:
    from fbdev.explore.nets import NetExecution


def begin(program: Program, *, places: bool = False) -> Execution:
    """Begin an execution of what the program's factory makes; with `places`, note which lines use what is shared."""
    program.empty_caches()
    if isinstance(program.factory, NetScene):
        return _net(program, program.factory)
    if not program.is_on_loop:
        found = _staged(program, Notes(places=places))
        if isinstance(found, Stage):
            return GeneratorExecution(program, found)
        if isinstance(found, NetScene):
            return _net(program, found)
        # What the factory makes is made anew, where coroutines can be seen into from the beginning.
        program.is_on_loop, program.granularity = True, OF_TASKS
        program.needs(_announced)
    from fbdev.explore.coroutines import LoopExecution

    return LoopExecution(program, places=places)


@contextmanager
def _announced() -> Iterator[None]:
    """Let locks and queues tell who uses them; hear nothing of what is not closed, in executions that are given up."""
    with warnings.catch_warnings(), announcing():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def begin_again(program: Program) -> NetExecution:
    """Begin an execution of a net that only repeats another: what it does is looked at when it has ended."""
    from fbdev.explore.nets import NetExecution

    scene = program.factory if isinstance(program.factory, NetScene) else _staged(program, Notes())
    assert isinstance(scene, NetScene)
    # Hooks are told of every step as it is.
    return NetExecution(program, scene, repeats=program.hooks is None)


def _net(program: Program, scene: NetScene) -> Execution:
    program.is_net, program.granularity = True, OF_NODES
    return scene.execution(program)


def _staged(program: Program, notes: Notes) -> Stage | NetScene | None:
    """Call the factory; return its generators, or its net, or None when it needs a loop."""
    context = contextvars.copy_context()
    if program.random_state is not None:
        random.setstate(program.random_state)

    def make() -> Any:
        NOTES.set(notes)
        return program.factory()

    try:
        made = context.run(make)
    except RuntimeError as error:
        if "no running event loop" in str(error):
            return None
        raise
    if isinstance(made, NetScene):
        return made
    scene = scene_of(made)
    processes = scene.named()
    if all(type(each) is GeneratorType for each in processes.values()):
        return Stage(notes, context, scene, processes)  # type: ignore[arg-type]
    for each in processes.values():
        if isinstance(each, CoroutineType):
            each.close()
    return None
