import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from fbcore import BatchRuntime, Component, DataError, Each, Graph, GraphError, In, LoadError, component
from fbcore.components.count import Count
from fbcore.formats.graph_data import graph_digest, graph_from_data, graph_to_data
from fbcore.formats.graph_file import read_graph, write_graph
from fbcore.formats.python_file import load_graph
from tests.formats.storable import Apply, Deal, Merge, add, both, halved, storable_graphs
from tests.habits.tree import ROOT


def stored(graph: Graph) -> Graph:
    """Return a graph that went through the text of a file."""
    return graph_from_data(json.loads(json.dumps(graph_to_data(graph), allow_nan=False)))


def seen(graph: Graph) -> Any:
    """Return all that a graph is, as far as nets are made of it."""
    nodes = [(node.id, seen_of(node), node.configs) for node in graph.nodes.values()]
    edges = [(edge.source, edge.target, edge.capacity, edge.copy) for edge in graph.edges]
    return graph.name, nodes, edges, graph.initials


def seen_of(node: Any) -> Any:
    if getattr(node.component.target, "_inner", None) is None:
        return node.component.target
    return node.component.name, node.component.target.__name__, seen(node.component.graph)


def outputs(graph: Graph) -> Any:
    result = BatchRuntime(graph).run(inputs={"one": Each([1, 2, 3]), "other": Each([10, 20])}, raises=False)
    return result.outcome, {name: result.outputs[name] for name in result.outputs}


@pytest.mark.slow
@given(storable_graphs())
@settings(max_examples=150, deadline=None)
def test_graphs_come_back_as_they_were(graph: Graph) -> None:
    """A graph that was stored has the same nodes and edges in the same order, and its nets do the same."""
    found = stored(graph)
    assert seen(found) == seen(graph)
    assert graph_to_data(found) == graph_to_data(graph)
    assert graph_digest(found) == graph_digest(graph)
    assert outputs(found) == outputs(graph)


def example() -> Graph:
    graph = Graph("sums")
    one, other, sums = graph.add(add, "one", more=(1, 2)), graph.add(Apply, function=halved), graph.add(both)
    graph.inputs.number >> one.number
    graph.inputs.number >> other.number
    graph.connect(one.out, sums.left, capacity=1, copy=True)
    graph.connect(other.out, sums.right, copy=halved)
    graph.configs.scale >> sums.scale
    graph.initial(7) >> other.number
    sums.out >> graph.outputs.sums
    return graph


def test_the_data_is_readable() -> None:
    """What stands in the data is what a person would write."""
    module = "tests.formats.storable"
    assert graph_to_data(example()) == {
        "format": "fbcore-graph",
        "version": 1,
        "name": "sums",
        "nodes": [
            {
                "id": "one",
                "component": {"import": f"{module}:add"},
                "configs": {"more": {"$type": "tuple", "$value": [1, 2]}},
            },
            {
                "id": "apply",
                "component": {"import": f"{module}:Apply"},
                "configs": {"function": {"$from": {"import": f"{module}:halved"}}},
            },
            {"id": "both", "component": {"import": f"{module}:both"}},
        ],
        "initials": [7],
        "edges": [
            {"from": "inputs.number", "to": "one.number"},
            {"from": "inputs.number", "to": "apply.number"},
            {"from": "one.out", "to": "both.left", "capacity": 1, "copy": True},
            {"from": "apply.out", "to": "both.right", "copy": {"$from": {"import": f"{module}:halved"}}},
            {"from": "configs.scale", "to": "both.scale"},
            {"from": "initial.0", "to": "apply.number"},
            {"from": "both.out", "to": "outputs.sums"},
        ],
    }


def test_policies_of_edges_are_stored() -> None:
    """Bytes, expiry and dropping as they were said; functions, as elsewhere, by their names."""
    graph = Graph("policies")
    node = graph.add(add)
    policies = {"bytes": "1 MB", "size": halved, "expiry": 2.5, "priority": "urgency", "drop": "oldest"}
    graph.connect(graph.inputs.number, node.number, **policies)
    node.out >> graph.outputs.out
    data = graph_to_data(graph)
    size = {"$from": {"import": "tests.formats.storable:halved"}}
    assert data["edges"][0] == {"from": "inputs.number", "to": "add.number", **policies, "size": size}
    assert graph_from_data(data).edges[0].options == policies
    assert graph_digest(graph_from_data(data)) == graph_digest(graph)
    del graph.edges[0].options["drop"]
    assert graph_digest(graph_from_data(data)) != graph_digest(graph)
    data["edges"][0]["drop"] = "all"
    with pytest.raises(DataError, match="drop cannot be 'all'"):
        graph_from_data(data)


def test_a_composite_that_is_used_twice_is_made_once() -> None:
    """A graph that is a component in two places is one component again."""
    inner = Graph("inner")
    inner.inputs.items >> inner.add(Count).items
    inner["count"].total >> inner.outputs.total
    made, graph = inner.as_component("Counted"), Graph("two")
    for id in ("one", "other"):
        graph.inputs.items >> graph.add(made, id).items
        graph[id].total >> graph.outputs[f"by_{id}"]
    found = stored(graph)
    assert found.nodes["one"].component is found.nodes["other"].component
    assert found.nodes["one"].component.name == "counted"


# -- what cannot be stored ---------------------------------------------------------------------------------


def refused(target: Any, **configs: Any) -> DataError:
    graph = Graph("net")
    graph.add(target, "node", **configs)
    with pytest.raises(DataError) as caught:
        graph_to_data(graph)
    assert caught.value.hint
    return caught.value


def test_components_that_cannot_be_found_again_are_refused() -> None:
    """Local, typed at a prompt, or hidden by another of its name: the error names the node and the mend."""

    @component
    def local(number: int) -> int:
        return number

    class Local(Component):
        number: In[int]

        async def run(self) -> None: ...

    for target in (local, Local):
        error = refused(target)
        assert error.address == "node"
        assert f"{target.__name__} is local to a function" in error.what
        assert "top level" in error.hint
    nameless = component(lambda number: number)
    assert refused(nameless).what == "this is a lambda, which has no name to be found by again"
    hidden = type("Apply", (Apply,), {"__module__": Apply.__module__})
    assert refused(hidden).what == "Apply is not what module tests.formats.storable has by this name"
    typed = type("Typed", (Apply,), {"__module__": "__main__"})
    assert "Typed is not what module __main__ has" in refused(typed).what


def test_values_that_cannot_be_stored_are_refused() -> None:
    """A config, a way to copy, or an initial packet that nobody could read again is named by its address."""
    assert refused(add, more={"a": [object()]}).address == "node.more['a'][0]"
    assert refused(Apply, function=lambda number: number).address == "node.function"
    graph = Graph("net")
    graph.initial(object()) >> graph.add(add).number
    with pytest.raises(DataError) as caught:
        graph_to_data(graph)
    assert caught.value.address == "initial.0"


def test_errors_in_composites_name_the_way_to_them() -> None:
    """The address of what cannot be stored leads through the composites around it."""
    inner = Graph("inner")
    inner.inputs.number >> inner.add(add, more=object()).number
    inner["add"].out >> inner.outputs.out
    assert refused(inner.as_component()).address == "node.add.more"


# -- wrong data --------------------------------------------------------------------------------------------


def changed(**parts: Any) -> Any:
    return {**graph_to_data(example()), **parts}


NODE = {"id": "a", "component": {"import": "tests.formats.storable:add"}}


@pytest.mark.parametrize(
    ("data", "address", "what"),
    [
        ([], "net.json", "this is no graph"),
        ({"format": "fbcore-snapshot", "version": 1}, "net.json", "this is no graph"),
        (changed(version=2), "net.json", "its version is 2, and known are versions up to 1"),
        (changed(version="1"), "net.json", "its version is '1'"),
        (changed(extra=1), "net.json", "nobody knows what 'extra' means"),
        ({"format": "fbcore-graph", "version": 1, "name": "a", "nodes": []}, "net.json", "edges is missing"),
        (changed(name=3), "net.json: name", "3 is no text"),
        (changed(nodes={}), "net.json: nodes", "{} is no list"),
        (changed(nodes=[3]), "net.json: nodes[0]", "3 is no table of id, component"),
        (changed(nodes=[{"id": "a"}]), "net.json: nodes[0]", "component is missing"),
        (changed(nodes=[{**NODE, "configs": []}]), "net.json: nodes[0].configs", "[] is no table"),
        (
            changed(nodes=[{**NODE, "configs": {"more": {"$type": "no", "$value": 1}}}]),
            "net.json: nodes[0].configs.more",
            "there is no type 'no'",
        ),
        (changed(nodes=[{"id": "a", "component": "add"}]), "net.json: nodes[0].component", "where to find it"),
        (
            changed(nodes=[{"id": "a", "component": {"import": "tests.formats.storable:gone"}}]),
            "net.json: nodes[0].component",
            "there is no gone in module tests.formats.storable",
        ),
        (
            changed(nodes=[{"id": "a", "component": {"import": "no_such_module:X"}}]),
            "net.json: nodes[0].component",
            "cannot import module no_such_module",
        ),
        (changed(name="a b"), "net.json: name", "'a b' cannot be the name of a graph"),
        (changed(nodes=[NODE, NODE]), "net.json: nodes[1]", "there is a node a already"),
        (changed(nodes=[{**NODE, "id": "in"}]), "net.json: nodes[0]", "'in' cannot be the id of a node"),
        (
            changed(nodes=[{"id": "a", "component": {"graph": {"name": "b", "nodes": [], "edges": 3}, "name": "x"}}]),
            "net.json: nodes[0].component.graph.edges",
            "3 is no list",
        ),
        (
            changed(nodes=[{"id": "a", "component": {"import": "os:system"}}]),
            "net.json: nodes[0]",
            "<built-in function system> is no component",
        ),
        (
            changed(nodes=[{"id": "a", "component": {"graph": {}, "name": "a b"}}]),
            "net.json: nodes[0].component.name",
            "'a b' is no name of a component",
        ),
        (changed(edges=[{"from": "inputs.a"}]), "net.json: edges[0]", "to is missing"),
        (changed(edges=[{"from": "inputs.a", "to": 3}]), "net.json: edges[0].to", "3 is no text"),
        (changed(edges=[{"from": "inputs.a", "to": "gone.x"}]), "net.json: edges[0]", "has no node 'gone'"),
        (changed(edges=[{"from": "inputs.a", "to": "one.x"}]), "net.json: edges[0]", "one: the node has no port 'x'"),
        (changed(edges=[{"from": "inputs.a", "to": "one"}]), "net.json: edges[0]", "'one' is no end of an edge"),
        (changed(edges=[{"from": "inputs.a", "to": "one.__class__"}]), "net.json: edges[0]", "is no end of an edge"),
        (changed(edges=[{"from": "one.out", "to": "one.out"}]), "net.json: edges[0]", "this is an output"),
        (changed(edges=[{"from": "initial.1", "to": "one.number"}]), "net.json: edges[0]", "no initial packet 1"),
        (
            changed(edges=[{"from": "one.out", "to": "both.left", "capacity": 0}]),
            "net.json: edges[0]",
            "capacity 0 is no number of packets",
        ),
    ],
)
def test_wrong_data_is_refused_with_its_place(data: Any, address: str, what: str) -> None:
    """Data that is wrong, incomplete, newer, or names what is gone says where it is so, and how to mend it."""
    with pytest.raises(DataError) as caught:
        graph_from_data(data, address="net.json: ")
    assert what in caught.value.what
    assert caught.value.address == address
    assert caught.value.hint


def test_only_components_stand_where_components_are() -> None:
    """A function that is no component is not called, whatever it is."""
    for path in ("os:system", "builtins:exec", "subprocess:Popen"):
        with pytest.raises(DataError, match="is no component"):
            graph_from_data(changed(nodes=[{"id": "a", "component": {"import": path}}], edges=[], initials=[]))


# -- digests -----------------------------------------------------------------------------------------------


def test_a_digest_tells_graphs_apart() -> None:
    """Another name, node, config, port, edge or option is another graph; the same one made again is not."""

    def changed_by(change: Any) -> str:
        graph = example()
        change(graph)
        return graph_digest(graph)

    digests = {
        "as it is": changed_by(lambda graph: None),
        "name": changed_by(lambda graph: setattr(graph, "name", "other")),
        "node": changed_by(lambda graph: graph.add(Merge)),
        "config": changed_by(lambda graph: graph.nodes["one"].configs.update(more=3)),
        "function": changed_by(lambda graph: graph.nodes["apply"].configs.update(function=abs)),
        "edge": changed_by(lambda graph: graph["one"].out >> graph.outputs.more),
        "capacity": changed_by(lambda graph: graph.edges[0].options.update(capacity=3)),
        "initial": changed_by(lambda graph: graph.initials.append(3)),
    }
    assert len(set(digests.values())) == len(digests)
    assert graph_digest(example()) == digests["as it is"]


def test_a_graph_that_cannot_be_stored_has_a_digest() -> None:
    """What has no name is known by what it declares, so that a change of its ports shows."""

    def made(kind: Any) -> Graph:
        @component
        def local(number: kind, more: Any = open) -> int:
            return 0

        graph = Graph("net")
        graph.add(local, more=object())
        return graph

    assert graph_digest(made(int)) == graph_digest(made(int))
    assert graph_digest(made(int)) != graph_digest(made(str))


@pytest.mark.slow
def test_a_digest_is_the_same_in_every_process() -> None:
    """Neither the process nor the seed of hashes shows in a digest."""
    code = (
        "from tests.formats.test_graph_data import example, graph_digest; g = example();"
        "g.nodes['one'].configs['more'] = {'a', 'b', 'c', (1, None)}; print(graph_digest(g))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONHASHSEED": str(seed)}, check=True, capture_output=True
        ).stdout
        for seed in (1, 2)
    }
    assert len(found) == 1


# -- files -------------------------------------------------------------------------------------------------

NET = """
from fbcore import *
from mates import Shout, length

@component
def words(line: str, sep: str = " ") -> list[str]:
    return line.split(sep)

graph = Graph("lines")
graph.inputs.line >> graph.add(words, sep=",").line
graph["words"].out >> graph.add(Shout, mark=length).words
graph["shout"].out >> graph.add(PyFile("parts/join.py")).parts
graph["join"].out >> graph.outputs.text
"""

MATES = """
from fbcore import Component, Config, In, Out

def length(word):
    return "!" * len(word)

class Shout(Component):
    words: In[list[str]]
    mark: Config[object]
    out: Out[list[str]]

    async def run(self):
        async for words in self.words:
            await self.out.send([word.upper() + self.mark.value(word) for word in words])
"""

JOIN = """
def main(parts: list[str]) -> str:
    return " ".join(parts)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a net of files: one with a graph, one that it imports, and a Python file as a component."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "net_of_lines.py").write_text(NET)
    (tmp_path / "mates.py").write_text(MATES)
    (tmp_path / "parts" / "join.py").write_text(JOIN)
    return tmp_path


def run_lines(graph: Graph) -> list[Any]:
    return BatchRuntime(graph).run(inputs={"line": "a,bb"}).outputs.text


def test_components_in_files_are_named_by_them(folder: Path) -> None:
    """What lies beside the graph's own file is named relative to it, so that the folder can be moved."""
    graph = load_graph(folder / "net_of_lines.py")
    write_graph(graph, folder / "net.json")
    text = (folder / "net.json").read_text()
    data = json.loads(text)
    assert [node["component"] for node in data["nodes"]] == [
        {"file": "net_of_lines.py", "name": "words"},
        {"file": "mates.py", "name": "Shout"},
        {"py_file": "parts/join.py"},
    ]
    assert data["nodes"][1]["configs"] == {"mark": {"$from": {"file": "mates.py", "name": "length"}}}
    assert str(folder) not in text
    assert run_lines(read_graph(folder / "net.json")) == run_lines(graph) == ["A! BB!!"]
    assert run_lines(load_graph(folder / "net.json")) == ["A! BB!!"]


@pytest.mark.slow
def test_another_process_reads_and_runs_it(folder: Path) -> None:
    """A net whose folder was moved runs in a process that knows nothing of it."""
    write_graph(load_graph(folder / "net_of_lines.py"), folder / "net.json")
    moved = folder.rename(folder.with_name("moved"))
    command = [sys.executable, "-m", "fbdev", "run", str(moved / "net.json"), "--input", "line=a,bb"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "A! BB!!\n"), run.stderr


def test_places_are_lines_of_the_file(tmp_path: Path) -> None:
    """What is wrong with a graph is said with the line of the node or edge in the JSON."""
    graph = Graph("wrong")
    graph.add(add, "one", most=3)
    graph.inputs.number >> graph.add(Deal).number
    path = tmp_path / "net.json"
    write_graph(graph, path)
    lines = path.read_text().splitlines()
    with pytest.raises(GraphError) as caught:
        read_graph(path).validate()
    (unknown,) = [problem for problem in caught.value.problems if "no config 'most'" in str(problem)]
    (alone,) = [problem for problem in caught.value.problems if "one.number" in str(problem)]
    for problem in (unknown, alone):
        assert '"id": "one"' in lines[problem.place.line - 1]
        assert problem.place.file == str(path)


def test_the_file_is_whole_or_the_old_one(tmp_path: Path) -> None:
    """A graph that cannot be stored leaves the file as it was, and nothing beside it."""
    path = tmp_path / "net.json"
    write_graph(example(), path)
    before = path.read_text()
    graph = Graph("net")
    graph.add(add, more=object())
    with pytest.raises(DataError):
        write_graph(graph, path)
    with pytest.raises(DataError, match="cannot be written"):
        write_graph(example(), tmp_path / "nowhere" / "net.json")
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["net.json"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "there is no such file"),
        (b"{", "this is no JSON: Expecting property name"),
        (b"\xff\xfe", "this is no text in UTF-8"),
        (b"[" * 100_000, "this is no JSON that can be read"),
        (b"9" * 10_000, "this is no JSON that can be read"),
    ],
)
def test_what_is_no_json_is_told(content: bytes | None, what: str, tmp_path: Path) -> None:
    """A file that is missing, broken, or no text is an error with its path."""
    path = tmp_path / "net.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LoadError) as caught:
        read_graph(path)
    assert what in caught.value.what
    assert caught.value.address.startswith(str(path))


def test_a_file_of_components_that_is_gone_is_told(folder: Path) -> None:
    """A component whose file is no more is an error with the path of that file."""
    write_graph(load_graph(folder / "net_of_lines.py"), folder / "net.json")
    (folder / "parts" / "join.py").unlink()
    with pytest.raises(LoadError, match="there is no such file") as caught:
        read_graph(folder / "net.json")
    assert caught.value.address.endswith("join.py")


def test_a_graph_in_json_is_named_as_others_are(tmp_path: Path) -> None:
    """`net.json:name` takes the graph if that is its name."""
    path = tmp_path / "net.json"
    write_graph(example(), path)
    assert load_graph(f"{path}:sums").name == "sums"
    with pytest.raises(LoadError, match="there is no other in this file"):
        load_graph(f"{path}:other")


def test_a_script_that_is_run_stores_its_components_by_its_file(tmp_path: Path) -> None:
    """What is defined in the script itself is found again in its file."""
    script = tmp_path / "script.py"
    script.write_text(
        "from fbcore import *\nfrom fbcore.formats.graph_file import read_graph, write_graph\n\n"
        "@component\ndef twice(number: int) -> int:\n    return 2 * number\n\n"
        'graph = Graph("net")\ngraph.inputs.number >> graph.add(twice).number\n'
        'graph["twice"].out >> graph.outputs.out\n'
        'if __name__ == "__main__":\n    write_graph(graph, "net.json")\n'
        '    print(BatchRuntime(read_graph("net.json")).run(inputs={"number": 4}).outputs.out)\n'
    )
    environment = {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, script]
    run = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("[8]\n", "")
    assert json.loads((tmp_path / "net.json").read_text())["nodes"][0]["component"]["file"] == "script.py"


def test_a_state_machine_comes_back_as_one() -> None:
    """That a graph has a token is in its data, and tells it from one that has none."""
    graphs = []
    for token in (True, False):
        graph = Graph("machine", token=token)
        graph.inputs.items >> graph.add(Count).items
        graph["count"].total >> graph.outputs.total
        graphs.append(graph)
    assert [stored(graph).token for graph in graphs] == [True, False]
    assert graph_digest(graphs[0]) != graph_digest(graphs[1])
    data = {**graph_to_data(graphs[0]), "token": "yes"}
    with pytest.raises(DataError, match="'yes' is no true or false"):
        graph_from_data(data)
