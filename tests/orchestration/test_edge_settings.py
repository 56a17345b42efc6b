"""Settings of edges: what is said of one by its address, or of many; who says so, and what cannot be said."""

import asyncio
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Config,
    Each,
    EdgeSettings,
    FlowError,
    Graph,
    In,
    NetSettings,
    NodeSettings,
    Out,
    Result,
    SettingsError,
    SteppedLoop,
    component,
)
from fbcore.orchestration.edge_settings import edge_covers, edge_matches, sides_of, taker_of
from fbcore.orchestration.fitting import doubts
from fbcore.runtimes.blocking import run_on
from fbdev.check.settings import check_settings

E = EdgeSettings


def length(text: str) -> int:
    return len(text)


class Late(Component):
    """Takes texts when some time has passed."""

    text: In[str]
    seen: Out[str]

    async def run(self) -> None:
        await asyncio.sleep(10)
        async for text in self.text:
            await self.seen.send(text)


@component
def same(text: str) -> str:
    return text


def net(**options: Any) -> Graph:
    """Return texts that lie on an edge, with options, until somebody takes them."""
    graph = Graph("texts")
    first, late = graph.add(same, "first"), graph.add(Late)
    graph.inputs.text >> first.text
    graph.connect(first.out, late.text, **options)
    late.seen >> graph.outputs.seen
    return graph


EDGE = "first.out->late.text"


def run(settings: Any, **options: Any) -> Result:
    """Run the texts under settings, on virtual time."""
    runtime = BatchRuntime(net(**options), settings=settings)
    return run_on(SteppedLoop, lambda: runtime.arun(inputs={"text": Each(["b", "ccc", "aa", "d"])}, raises=False))


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (E(capacity=1, drop="oldest"), ["d"]),
        (E(capacity=1, drop="newest"), ["b"]),
        (E(bytes=3, capacity="unbounded", drop="oldest"), ["aa", "d"]),
        (E(bytes=2, capacity=None, drop="newest", size=lambda text: 1), ["b", "ccc"]),
        (E(expiry=5), []),
        (E(expiry=15), ["b", "ccc", "aa", "d"]),
        (E(priority=len), ["ccc", "aa", "b", "d"]),
        (E(priority="tests.orchestration.test_edge_settings.length"), ["ccc", "aa", "b", "d"]),
    ],
)
def test_what_each_setting_changes(said, seen):
    """Each changes what is taken from the edge, said of its address or of a pattern that means it."""
    for pattern in (EDGE, "**->late.*", "first.*->**", "**"):
        settings = NetSettings(edges={pattern: said})
        if pattern == "**":
            settings = NetSettings(edges={pattern: said, "inputs.*->**": E(drop="nothing", expiry="never")})
        assert run(settings).outputs.seen == seen


def test_files_say_it_too(tmp_path):
    """TOML and JSON have the same names; functions are named."""
    toml, json = tmp_path / "net.toml", tmp_path / "net.json"
    toml.write_text(f'[edges."{EDGE}"]\nbytes = "3 B"\nsize = "builtins.len"\ndrop = "oldest"\nexpiry = 60\n')
    json.write_text(f'{{"edges": {{"{EDGE}": {{"bytes": 3, "drop": "oldest", "expiry": 60.0}}}}}}')
    for path in (toml, json):
        assert run(str(path)).outputs.seen == ["aa", "d"]
    assert str(NetSettings.load(toml).origin(EDGE, "drop")) == f'{toml}:4, edges."{EDGE}"'


def test_the_most_specific_counts():
    """A pattern of both ends counts before another when it means only edges that the other means too."""
    settings = NetSettings(
        capacity=9,
        nodes={"late": NodeSettings(capacity=8, check="edges")},
        edges={"**": E(expiry=1, drop="oldest"), "**->late.*": E(expiry=2), EDGE: E(capacity=7, drop="nothing")},
    )
    found = settings.of_edge(EDGE)
    assert (found.capacity, found.check, found.expiry, found.drop, found.bytes) == (7, "edges", 2, "nothing", None)
    other = settings.of_edge("inputs.text->first.text")
    assert (other.capacity, other.expiry, other.drop) == (9, 1, "oldest")
    assert settings.origin(EDGE, "bytes").value is None
    assert str(settings.origin(EDGE, "bytes")) == "default"
    assert settings.origin(EDGE, "check").said_of == 'nodes."late"'


def test_what_the_graph_says_of_an_edge_stays():
    """Settings say what the graph does not: each option by itself."""
    settings = NetSettings(edges={EDGE: E(capacity=1, drop="newest", expiry=60)})
    result = run(settings, drop="oldest")
    assert result.outputs.seen == ["d"]
    assert run(NetSettings(edges={EDGE: E(drop="nothing")}), drop="oldest", capacity=1).outputs.seen == ["d"]


def test_a_graph_can_say_how_and_settings_how_many():
    """The size of a packet is what the graph knows; how many bytes there are on this machine is said outside."""
    assert run(NetSettings(edges={EDGE: E(bytes=1, drop="oldest")}), size=lambda text: 1).outputs.seen == ["d"]


def test_a_tie_is_refused():
    """Where neither of two patterns lies inside the other, the edge itself has to be named."""
    settings = NetSettings(edges={"first.*->**": E(expiry=1), "**->late.*": E(expiry=2)})
    with pytest.raises(SettingsError, match="neither is more specific") as caught:
        run(settings)
    assert f'edges."{EDGE}"' in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[edges."first.out->late.texts"]\nexpiry = 1', r"has no edge 'first.out->late.texts' \(.*:2\)"),
        ('[edges."first.out"]\nexpiry = 1', r"'first.out' means no edge \(.*:1\)"),
        ('[edges."a->b->c"]\nexpiry = 1', "means no edge"),
        ('[edges."a***->b"]\nexpiry = 1', "means no edge"),
        ('[edges."**"]\nexpiry = -1', r'edges."\*\*".expiry: it cannot be -1'),
        ('[edges."**"]\nbytes = 0', "it cannot be 0"),
        ('[edges."**"]\nbytes = "much"', "it cannot be 'much'"),
        ('[edges."**"]\nsize = "os.nowhere"', "it cannot be 'os.nowhere'"),
        ('[edges."**"]\ncapacity = 0', "it cannot be 0"),
        ('[edges."**"]\ncheck = "all"', "it cannot be 'all'"),
        ('[edges."**"]\ndrop = "all"', "it should be 'oldest', 'newest' or 'nothing'"),
        ('[edges."**"]\nexpires = 1', "did you mean expiry"),
        ('[edges."**"]\nrestart = "always"', "'restart' is a setting of nodes"),
        ("[nodes.late]\nexpiry = 1", "'expiry' is a setting of edges"),
        ("expiry = 1", "'expiry' is a setting of edges"),
        ('[edges."**->late.*"]\ncapacity = "unbounded"\ndrop = "oldest"', "there is room for any number"),
        ('[edges."late.seen->outputs.seen"]\nbytes = 1\n[edges."**->first.*"]\nbytes=1\nsize="builtins.abs"', ""),
    ],
)
def test_what_cannot_be_said(text, why, tmp_path):
    """An error names the line, and what could be said."""
    path = tmp_path / "net.toml"
    path.write_text(text)
    if not why:
        run(str(path))
        return
    with pytest.raises(SettingsError, match=why):
        run(str(path))


def test_bytes_of_what_nobody_can_measure_are_refused():
    """By settings too, packets that are neither text nor bytes need a `size`; the error has the line of the setting."""

    @component
    def count(number: int) -> int:
        return number

    for pattern in ("inputs.number->count.number", "**"):
        with pytest.raises(SettingsError, match=r"nobody knows how many bytes int takes \(.*test_edge_settings.py"):
            BatchRuntime(count, settings=NetSettings(edges={pattern: E(bytes=1)})).run(inputs={"number": 1})


def test_what_takes_at_once_is_left_out_of_patterns():
    """An edge into a config never holds anything: to name it is a mistake, a pattern that covers it is none."""

    class Configured(Component):
        level: Config[str] = Config(default="low")

        async def run(self) -> None:
            pass

    graph = Graph("fed")
    graph.inputs.text >> graph.add(same, "first").text
    graph["first"].out >> graph.add(Configured).level
    BatchRuntime(graph, settings=NetSettings(edges={"**": E(drop="oldest")})).run(inputs={"text": "high"})
    settings = NetSettings(edges={"first.out->configured.level": E(drop="oldest")})
    with pytest.raises(SettingsError, match="drop can do nothing here"):
        BatchRuntime(graph, settings=settings).run(inputs={"text": "high"})


def test_what_may_pair_the_wrong_packets_is_doubted():
    """A function of several inputs takes one of each: losses at one of them leave the others behind."""

    @component
    def both(left: str, right: str) -> str:
        return left + right

    graph = Graph("pairs")
    node = graph.add(both)
    graph.inputs.left >> node.left
    graph.inputs.right >> node.right
    node.out >> graph.outputs.out
    (doubt,) = doubts(NetSettings(edges={"**->both.left": E(drop="oldest")}), graph)
    assert doubt.address == "inputs.left->both.left"
    assert "may pair packets of left and right" in doubt.what


def test_a_size_without_bytes_is_doubted():
    """To measure packets does nothing where their bytes have no bound, be it said by the graph or outside it."""
    said = NetSettings(edges={EDGE: E(size=len)})
    (doubt,) = doubts(said, net())
    assert "in vain" in doubt.what
    assert not list(doubts(said, net(bytes=10)))
    assert not list(doubts(NetSettings(edges={"**": E(bytes=10), EDGE: E(size=len)}), net()))


def test_check_reads_settings_of_edges(tmp_path):
    """`fbdev check` says what does not fit."""
    path = tmp_path / "net.toml"
    path.write_text('[edges."**->nobody.*"]\ndrop = "oldest"\n')
    (finding,) = check_settings(str(path), [net()])
    assert "the graph has no edge '**->nobody.*'" in finding.what


@pytest.mark.parametrize(
    ("pattern", "address", "is_meant"),
    [
        ("**", "a.b.out->c.value", True),
        ("**->c.*", "a.b.out->c.value", True),
        ("*.out->c.value", "a.b.out->c.value", False),
        ("a.*.out->**", "a.b.out->c.value", True),
        ("a.out[0]->b.items[*]", "a.out[0]->b.items[x]", True),
        ("a.out[x->y.z]->b.value", "a.out[x->y.z]->b.value", True),
    ],
)
def test_patterns_mean_edges_by_both_ends(pattern, address, is_meant):
    """Each side is matched for itself; keys of array ports may be any text."""
    assert edge_matches(pattern, address) is is_meant
    assert edge_covers("**", pattern)
    assert NetSettings(edges={pattern: E(expiry=1)}).origin(address, "expiry").value == (1 if is_meant else None)


def test_ends_of_addresses():
    """An address has two ends, and leads to a node, or out of the net."""
    assert sides_of("a.out->b.c.value") == ("a.out", "b.c.value")
    assert sides_of("a.out") is None
    assert [taker_of(each) for each in ("a.out->b.c.value", "a.out->b.items[x.y]", "a.out->outputs.x")] == [
        "b.c",
        "b",
        "",
    ]


def test_settings_of_edges_show_themselves():
    """What is said is shown, and a setting that does not exist is named with the nearest."""
    assert repr(E(expiry=3)) == "EdgeSettings(expiry=3)"
    with pytest.raises(SettingsError, match="no setting 'expires'"):
        NetSettings().origin(EDGE, "expires")
    with pytest.raises(FlowError, match="is no EdgeSettings"):
        NetSettings(edges={EDGE: NodeSettings()})  # type: ignore[dict-item]
