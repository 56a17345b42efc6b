"""Running one component in a net of its own."""

from collections.abc import Iterable
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Each, FlowError, Graph, NetError, Result, Snapshot
from fbcore.model.component import class_spec
from fbcore.model.port_spec import PortKind


def run_alone(component: type[Component], inputs: dict[str, Iterable[Any]] | None = None, **configs: Any) -> Result:
    """Feed a component with these items, and return how its run ended, with all that came out."""
    graph = Graph("alone")
    node: Any = graph.add(component, "it", **configs)
    spec = class_spec(component)
    for port in spec.of(PortKind.INPUT):
        graph.inputs[port.name] >> getattr(node, port.name)
    for port in spec.of(PortKind.OUTPUT):
        getattr(node, port.name) >> graph.outputs[port.name]
    return BatchRuntime(graph).run(inputs={name: Each(items) for name, items in (inputs or {}).items()})


def failure_of(component: type[Component], inputs: dict[str, Iterable[Any]] | None = None, **configs: Any) -> FlowError:
    """Run a component that is to fail with an error of ours, and return that."""
    with pytest.raises(NetError) as caught:
        run_alone(component, inputs, **configs)
    (error,) = caught.value.result.errors
    assert error.address == "it"
    assert isinstance(error.cause, FlowError)
    return error.cause


def put_until_it_stands_still(graph: Graph, edge: str, inputs: dict[str, Any]) -> int:
    """Run a net until more than fit has been put on an edge of 64, and then no more; return how many in all."""
    put = 0

    def look(snapshot: Snapshot) -> None:
        nonlocal put
        before, put = put, snapshot.edges[edge].put
        if 64 < put == before:
            runtime.stop("it stands still", how="at once")

    runtime = BatchRuntime(graph)
    result = runtime.run(inputs=inputs, progress=look, time_limit=200)
    assert result.outcome == "stopped"
    return result.edges[edge].put
