"""A law of orchestration: whoever builds a net, and however it is supervised, it does the same."""

from typing import Any

from hypothesis import given

from fbcore import NetSettings, Orchestrator
from fbcore.model.graph import Graph
from fbcore.net.build import build_net
from fbcore.net.edge import Edge
from fbcore.net.net import Net
from fbcore.runtimes.batch import BatchRuntime
from tests.laws.nets import plans
from tests.laws.plan import Plan
from tests.laws.running import BATCHED, Setting, run_plan, stepped
from tests.laws.sameness import account_of


class Own(Orchestrator):
    """Decides everything itself, as the default would: every node is supervised."""

    def place(self, node: Any) -> Any:
        return self

    def put(self, job: Any) -> Any:
        return job.here()

    def edge(self, plan: Any) -> Edge:
        return plan.make(EdgeOfMine)

    def react(self, failure: Any) -> Any:
        return "fail"


class EdgeOfMine(Edge):
    """An edge of a class of one's own."""

    __slots__ = ()


class Plain(Orchestrator):
    """Builds nets without any orchestration."""

    def build(self, graph: Graph, settings: NetSettings, *given: Any, **named: Any) -> Net:
        return build_net(graph, *given, **named)


def account_by(orchestrator: Orchestrator, plan: Plan, setting: Setting) -> dict[str, Any]:
    """Return all that can be told of a run of a net that this orchestrator has built."""

    def build(runtime: BatchRuntime) -> None:
        runtime.orchestrator = orchestrator

    return account_of(run_plan(plan, setting, prepare=build))


@given(plans())
def test_every_orchestrator_builds_the_same_net(plan: Plan) -> None:
    """The default wiring, an orchestrator of one's own, and none at all: same outputs, account and outcome."""
    for setting in BATCHED, stepped(), stepped(1):
        expected = account_by(Plain(), plan, setting)
        assert account_by(Orchestrator(), plan, setting) == expected
        assert account_by(Own(), plan, setting) == expected
