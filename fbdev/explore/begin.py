"""The one place that knows which kinds of executions there are."""

from __future__ import annotations

from fbdev.explore.execution import Execution
from fbdev.explore.generators import GeneratorExecution
from fbdev.explore.nets import NetScene
from fbdev.explore.program import Program


def begin(program: Program, *, places: bool = False) -> Execution:
    """Begin an execution of what the program's factory makes; with `places`, note which lines use what is shared."""
    if isinstance(program.factory, NetScene):
        return program.factory.execution(program)
    return GeneratorExecution(program, places=places)
