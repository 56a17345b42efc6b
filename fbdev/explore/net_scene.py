"""A net to be explored, as users say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fbcore.net.net import Net
from fbcore.net.report import Outcome
from fbcore.orchestration.orchestrator import Orchestrator
from fbcore.orchestration.settings import NetSettings, settings_of
from fbcore.runtimes.around import graph_around
from fbcore.runtimes.repeatable import repeatable
from fbcore.runtimes.stepping import Stepping

if TYPE_CHECKING:
    from fbdev.explore.execution import Execution
    from fbdev.explore.program import Program

GOOD = (Outcome.FINISHED, Outcome.QUIESCENT, Outcome.STOPPED)
"""How a net may end, unless it is said otherwise."""


@dataclass(slots=True)
class NetScene:
    """A net to be explored: its graph, what comes in, and how it may end. A component may stand for the graph.

    `inputs` and `configs` are as those of `BatchRuntime.run`; `allowed` are outcomes that are no failure. Invariants
    are given a `Played`: the state of the net, what came out so far, and the result at the end. `context` are objects
    whose attributes belong to the node that runs: they are swapped at every switch. `settings` are those of a runtime:
    restarts, and ends by policy, are explored with the net.

    Example:
        from fbcore import Each, Graph, component
        from fbdev.explore import NetScene, explore

        @component
        def double(number: int) -> int:
            return 2 * number

        graph = Graph("doubles")
        graph.inputs.number >> graph.add(double).number
        graph["double"].out >> graph.outputs.out
        result = explore(NetScene(graph, inputs={"number": Each([1, 2, 3])}))
        print(result.verdict.kind, result.executions <= 3, result.ends[0]["outputs.out"])
        #> holds True [2, 4, 6]
    """

    # A graph, once it is made; type checkers would have it that nothing else may be given.
    graph: Any
    inputs: Mapping[str, Any] = field(default_factory=dict)
    configs: Mapping[str, Any] = field(default_factory=dict)
    allowed: Sequence[Outcome | str] = GOOD
    context: tuple[Any, ...] = ()
    settings: NetSettings | Mapping[str, Any] | str | None = None
    _settings: NetSettings | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.graph = graph_around(self.graph)
        self.inputs = repeatable(self.inputs)

    def begin(self, kind: type[Stepping] = Stepping) -> Stepping:
        """Begin a net, stepped in some way.

        Raises:
            GraphError: the graph cannot run.
            ConfigError, InputError: a value is missing, unknown, or does not fit its type.
        """
        # All executions have them in common.
        settings = self._settings = self._settings or settings_of(self.settings)
        options = settings.options(stepwise=True)

        def make() -> Net:
            net = Orchestrator().build(self.graph, settings, self.inputs, self.configs, options=options)
            # Thousands of nets begin and end here, of which none is to be told of.
            net.log.is_silent = True
            return net

        return kind(make, remembers=True)

    def execution(self, program: Program) -> Execution:
        """Begin an execution of the net."""
        from fbdev.explore.nets import NetExecution

        return NetExecution(program, self)
