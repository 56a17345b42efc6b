from fbcore import BatchRuntime, Graph, component
from fbcore.model.port_spec import PortKind, PortSpec


def test_a_config_that_may_be_left_out_is_not_required() -> None:
    """A config without a default is required, unless each one behind it has a default of its own."""
    assert PortSpec("size", PortKind.CONFIG).required
    assert not PortSpec("size", PortKind.CONFIG, default=1).required
    assert not PortSpec("size", PortKind.CONFIG, optional=True).required


def test_a_graph_as_component_keeps_the_defaults_inside() -> None:
    """A config of a graph whose nodes all have a default need not be given where the graph is a component."""

    @component
    def scale(value: int, factor: int = 3) -> int:
        return value * factor

    inner = Graph("inner")
    node = inner.add(scale)
    inner.inputs.value >> node.value
    inner.configs.factor >> node.factor
    node.out >> inner.outputs.scaled
    outer = Graph("outer")
    part = outer.add(inner.as_component())
    outer.inputs.value >> part.value
    part.scaled >> outer.outputs.scaled
    assert BatchRuntime(outer).run(inputs={"value": 2}).outputs.scaled == [6]
