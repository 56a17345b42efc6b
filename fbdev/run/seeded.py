"""Running a net on virtual time, in an order of turns that a seed determines."""

from collections.abc import Mapping
from typing import Any

from fbcore.driver import Seeded
from fbcore.loop import SteppedLoop
from fbcore.net.report import Outputs, Result
from fbcore.runtimes.batch import BatchRuntime
from fbcore.runtimes.blocking import run_on
from fbdev.run.outlets import Outlet


def run_seeded(
    runtime: BatchRuntime, seed: int, outlets: Mapping[str, Outlet], **options: Any
) -> tuple[Result, Outputs]:
    """Run a net with the options of `BatchRuntime.arun`, and return its result, and what no outlet has written.

    It is the order of `run_stepped(graph, seed)`; so outlets write when the net has ended, for a stream is read in
    turns of its own.
    """
    result = run_on(lambda: SteppedLoop(Seeded(seed)), lambda: runtime.arun(raises=False, **options))
    rest = write_outputs(result.outputs, outlets)
    return result, rest


def write_outputs(outputs: Outputs, outlets: Mapping[str, Outlet]) -> Outputs:
    """Write what came out by those outlets, and return the rest."""
    for name, outlet in outlets.items():
        for value in outputs[name]:
            outlet.write(value)
        outlet.flush()
    return Outputs({name: outputs[name] for name in outputs if name not in outlets})
