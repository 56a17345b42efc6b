"""Files as components, in tests: writing them, and running one in a net of its own."""

from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from fbcore import BatchRuntime, Each, FlowError, Graph, LoadError, NetError, NodeError, PyFile, Result
from fbcore.model.port_spec import PortKind

DOUBLE = """
    # /// fbcore
    # [inputs]
    # number = "int"
    # [outputs]
    # doubled = "int"
    # ///
    async for value in number:
        await doubled.send(2 * value)
    """


def write(path: Path, text: str) -> Path:
    """Write a file, indented as it stands in a test, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip(), encoding="utf-8")
    return path


def graph_of(component: Any, **configs: Any) -> Graph:
    """Return a graph of one node, `it`, all of whose inputs and outputs are on the border."""
    graph = Graph("alone")
    node: Any = graph.add(component, "it", **configs)
    for port in graph.nodes["it"].component.ports.values():
        if port.kind is PortKind.INPUT:
            graph.inputs[port.name] >> getattr(node, port.name)
        elif port.kind is PortKind.OUTPUT:
            getattr(node, port.name) >> graph.outputs[port.name]
    return graph


def feeds(inputs: dict[str, Iterable[Any]]) -> dict[str, Any]:
    """Return what sends the items of these inputs one by one."""
    return {name: Each(items) for name, items in inputs.items()}


def run(component: Any, inputs: dict[str, Iterable[Any]] | None = None, **configs: Any) -> Result:
    """Run a component in a net of its own, which must end well."""
    return BatchRuntime(graph_of(component, **configs)).run(inputs=feeds(inputs or {}))


def failure(component: Any, inputs: dict[str, Iterable[Any]] | None = None, **configs: Any) -> NodeError:
    """Run a component that is to fail, and return the error of its node."""
    with pytest.raises(NetError) as caught:
        run(component, inputs, **configs)
    (error,) = caught.value.result.errors
    return error


def refusal(path: Path, **options: Any) -> FlowError:
    """Return the error with which a file is refused, which has a hint and says where."""
    with pytest.raises(LoadError) as caught:
        PyFile(path, **options)
    assert caught.value.hint
    assert caught.value.address.startswith(str(path))
    return caught.value
