from fbcore.net.report import NodeState
from fbdev.run.tree import rows


def labels(*addresses: str, component: str = "work") -> list[str]:
    """Return the lines of the tree of nodes with these addresses."""
    return [row.label for row in rows([NodeState(address, component, "running", 0, 0) for address in addresses])]


def test_nodes_of_one_graph_are_a_list() -> None:
    """Without composites every node has its line, and nothing else is there."""
    assert labels("read", "parse") == ["read", "parse"]


def test_nodes_in_composites_stand_below_them() -> None:
    """A composite is named once, and what is in it stands further in, composites in composites further still."""
    assert labels("mean", "clean.read", "clean.parse", "clean.fix.trim", "clean.fix.case", "other.read") == [
        "mean",
        "clean",
        "  read",
        "  parse",
        "  fix",
        "    trim",
        "    case",
        "other",
        "  read",
    ]


def test_a_composite_of_composites_only_is_named() -> None:
    """A composite without nodes of its own is a heading all the same."""
    assert labels("outer.inner.read") == ["outer", "  inner", "    read"]


def test_what_comes_from_outside_is_in_no_composite() -> None:
    """Inputs and initial packets have a dot in their addresses without being in a composite."""
    assert labels("inputs.row", component="input") == ["inputs.row"]
    assert labels("clean.initial.0", component="initial") == ["clean", "  initial.0"]
