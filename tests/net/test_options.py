"""Options of a net: each changes something that can be seen, and a wrong one is refused before anything runs."""

from typing import Any

import pytest

from fbcore import BatchRuntime, Each, Graph, InputError, SettingsError, component
from fbcore.net.options import NetOptions


@component
def same(value: Any) -> Any:
    return value


def passing() -> Graph:
    """Return a graph of one node."""
    graph = Graph("passing")
    node = graph.add(same, "node")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    return graph


@pytest.mark.parametrize("tracking", ["none", "History", True, 1, ""])
def test_tracking_is_one_of_two(tracking: Any) -> None:
    """The hint names them."""
    with pytest.raises(SettingsError, match="tracking cannot be") as caught:
        BatchRuntime(passing(), tracking=tracking)
    assert caught.value.hint == 'say "counts" or "history"'


@pytest.mark.parametrize("check", ["edge", "types", True, "", 1, ["edges"]])
def test_check_is_one_of_two_or_nothing(check: Any) -> None:
    """The hint names them."""
    with pytest.raises(SettingsError, match="check: it cannot be") as caught:
        BatchRuntime(passing(), check=check)
    assert caught.value.hint == 'say "edges", "mutation" or "nothing"'


@pytest.mark.parametrize(
    "keep", [-1, 1.5, True, "many", "10 mib", "MB", "", "-1 kB", "nan kB", "inf MB", "0 B", b"1 MB", [1]]
)
def test_keep_is_a_number_of_packets_or_of_bytes(keep: Any) -> None:
    """The hint shows both ways to write it."""
    with pytest.raises(SettingsError, match="keep cannot be") as caught:
        BatchRuntime(passing(), tracking="history", keep=keep)
    assert caught.value.hint == 'say how many packets each node keeps, as 1000, or how many bytes, as "10 MB"'


@pytest.mark.parametrize("keep", [1, "1 kB"])
def test_values_are_kept_with_a_history_only(keep: Any) -> None:
    """Without one nothing would know them."""
    with pytest.raises(SettingsError, match="values are kept with the history of packets only") as caught:
        BatchRuntime(passing(), keep=keep)
    assert caught.value.hint == 'add tracking="history"'


@pytest.mark.parametrize(
    ("keep", "packets", "size"),
    [
        (0, 0, 0),
        (1000, 1000, 0),
        ("512 B", 0, 512),
        ("512b", 0, 512),
        ("1.5kB", 0, 1500),
        (" 10 MB ", 0, 10_000_000),
        ("2 gb", 0, 2_000_000_000),
    ],
)
def test_bytes_are_written_with_their_unit(keep: Any, packets: int, size: int) -> None:
    """In any case, with a space or without, by thousands."""
    options = NetOptions("history", keep)
    assert (options.keep_packets, options.keep_bytes) == (packets, size)


def test_every_option_changes_something() -> None:
    """What is known afterwards, which values are kept, and what is refused."""
    inputs = {"value": Each([1, 2, 3])}
    plain = BatchRuntime(passing()).run(inputs=inputs)
    assert plain.packets.tracking == "counts"
    known = BatchRuntime(passing(), tracking="history").run(inputs=inputs)
    assert len(list(known.packets)) == 6
    with pytest.raises(InputError):
        known.packets.value("node.out#2")
    kept = BatchRuntime(passing(), tracking="history", keep=1).run(inputs=inputs)
    assert kept.packets.value("node.out#2") == 3
    with pytest.raises(InputError):
        kept.packets.value("node.out#0")


def test_one_runtime_runs_every_net_with_its_options() -> None:
    """Runs do not share what they know."""
    runtime = BatchRuntime(passing(), tracking="history", keep=10)
    first = runtime.run(inputs={"value": Each("ab")})
    second = runtime.run(inputs={"value": Each("xyz")})
    assert (len(list(first.packets)), len(list(second.packets))) == (4, 6)
    assert (first.packets.value("node.out#0"), second.packets.value("node.out#0")) == ("a", "x")
