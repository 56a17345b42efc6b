"""The page of an exploration: what is on it, with and without states, and that no name can break it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import pickle
import random
import re
import shutil
import time
import types
from collections.abc import Generator, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from benchmarks.standard_problems import PROBLEMS
from fbcore import Graph, component
from fbcore.errors import ExtraError
from fbdev.explore import Blocked, Hooks, NetScene, Result, Scene, Shared, explore, replay
from fbdev.explore.data import own_data

BY_NAME = {problem.name: problem for problem in PROBLEMS}


def explored(name: str, **options: Any) -> Result:
    """Explore a standard problem by states, to the end."""
    problem = BY_NAME[name]
    return explore(problem.factory, at_end=problem.at_end, **{"search": "states", "keep_going": True, **options})


class Page(HTMLParser):
    """A page as a browser takes it apart: elements by id, scripts, and rows that lead to states."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.states: list[int] = []
        self.text = ""
        self._script = ""
        self._kind: str | None = None
        self.feed(text)
        self.facts: dict[str, Any] = json.loads(self._script)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.tags.append(tag)
        self._kind = known.get("id") or "" if tag in ("script", "style") else None
        if known.get("id"):
            self.ids.append(known["id"] or "")
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if known.get("data-state"):
            self.states.append(int(known["data-state"] or 0))

    def handle_data(self, data: str) -> None:
        if self._kind == "facts":
            self._script += data
        elif self._kind is None:
            self.text += data


def lost_update() -> Result:
    """Two processes that add one, each reading before the other has written."""

    def factory() -> Scene:
        count = Shared(0, "count")

        def add() -> Iterator[str]:
            seen = count.value
            yield "read"
            count.value = seen + 1

        return Scene({"a": add(), "b": add()}, shared=count)

    return explore(factory, at_end=lambda count: count.value == 2)


def test_every_vertex_and_arrow_can_be_clicked() -> None:
    """Each state that is drawn has an element and facts, each arrow has its ends, and no id is there twice."""
    result = explored("philosophers")
    page = Page(result.draw("html"))
    assert len(page.ids) == len(set(page.ids))
    (view,) = page.facts["views"]
    assert {f"{view['mark']}{each}" for each in view["vertices"]} <= set(page.ids)
    assert {f"{view['mark']}e{number}" for number in range(len(view["lines"]))} <= set(page.ids)
    assert len(view["vertices"]) == len(result.graph.states) == len(page.facts["states"])
    assert all(line["source"] in view["vertices"] and line["target"] in view["vertices"] for line in view["lines"])


def test_a_state_has_its_data_and_the_way_to_it() -> None:
    """Of each state there are labels, variables, what is shared, and steps that lead to it from the beginning."""
    result = lost_update()
    assert result.failure is not None
    page = Page(result.draw("html"))
    last = page.facts["states"][str(page.facts["first"])]
    assert last["at"] == {"a": "finished", "b": "finished"}
    assert last["data"] == {"shared": {"count": "1"}}
    assert last["kind"] == "wrong"
    way, number = [], page.facts["first"]
    while "from" in page.facts["states"][str(number)]:
        number, process = page.facts["states"][str(number)]["from"]
        way.append(process)
    assert tuple(reversed(way)) == result.failure.schedule
    middle = page.facts["states"][str(page.facts["path"][1])]
    assert middle["data"] == {"a": {"seen": "0"}, "b": {}, "shared": {"count": "0"}}


def test_what_was_found_is_on_top() -> None:
    """The page says what was explored, the verdict with its givens, and the failing schedule, whose rows lead on."""
    result = lost_update()
    page = Page(result.draw("html"))
    for text in ("factory bug", "what must hold at the end does not", "Given: processes are deterministic"):
        assert text in page.text
    assert page.states[:4] == page.facts["path"][1:]
    assert "the failing path" in page.text
    assert "keep_going=True" in page.text


def test_it_needs_nothing_from_outside() -> None:
    """One file: no address is loaded, and the only ones in it are names of XML."""
    text = explored("philosophers").draw("html")
    assert Page(text).addresses == []
    assert set(re.findall(r"https?://[^\"' ]+", text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_names_cannot_break_a_page() -> None:
    """Tags, quotes, entities, halves of characters and zeros in names, labels and values are shown as they are."""
    nasty = '</script><img src=x onerror=alert(1)>"&amp;\\'

    def factory() -> dict[str, Any]:
        def odd(text: str) -> Iterator[str]:
            yield nasty + text
            raise ValueError(nasty + "\ud800")

        return {'a"b': odd("\x00\ud800\u2028"), nasty: odd("")}

    text = explore(factory).draw("html")
    text.encode()
    page = Page(text)
    assert "img" not in page.tags
    assert page.tags.count("script") == 2
    state = page.facts["states"]["1"]
    assert nasty in state["at"].values() or any(nasty in each for each in state["at"].values())
    assert {'a"b', nasty} == set(state["at"])


def test_circles_can_be_folded() -> None:
    """Of a graph with circles there are two drawings: all states in boxes, and each circle as one vertex."""

    def factory() -> list[Any]:
        shared = [0]

        def toggle() -> Iterator[str]:
            while shared[0] != 2:
                shared[0] = 1 - shared[0]
                yield "toggled"

        def stop() -> Iterator[str]:
            yield "ready"
            shared[0] = 2

        return [toggle(), stop()]

    result = explore(factory)
    page = Page(result.draw("html"))
    whole, folded = page.facts["views"]
    assert "vb0" in page.ids
    sizes = [each["size"] for each in folded["vertices"].values()]
    assert sum(sizes) == len(whole["vertices"]) == len(result.graph.states)
    assert max(sizes) > 1
    assert len(page.ids) == len(set(page.ids))


def test_a_large_space_is_collapsed_and_the_page_says_so() -> None:
    """Too many states are drawn as a few vertices, of which each has the data of one of its states."""

    def factory() -> list[Any]:
        def steps() -> Iterator[int]:
            yield from range(20)

        return [steps(), steps()]

    result = explore(factory)
    page = Page(result.draw("html"))
    (view,) = page.facts["views"]
    assert "484 states are too many to be drawn one by one" in page.text
    assert sorted(each["size"] for each in view["vertices"].values()) == [1, 1, 482]
    assert all(page.facts["states"][str(each["state"])]["data"] is not None for each in view["vertices"].values())


def test_a_search_without_states_shows_its_failing_schedule() -> None:
    """A search that tells no states apart has a page too: the one schedule, state by state, or words alone."""
    page = Page(explored("lost update", search="races").draw("html"))
    (view,) = page.facts["views"]
    assert list(view["vertices"]) == ["s0", "s1", "s2", "s3", "s4", "wrong"]
    assert "only the failing schedule is drawn" in page.text
    assert page.facts["states"]["4"]["data"] == {"shared": {"count": "1"}}
    mended = Page(explored("lost update, mended", search="races").draw("html"))
    assert mended.facts["views"] == []
    assert 'tells no states apart, so there is no picture; explore with search="states"' in mended.text


def test_a_net_shows_edges_phases_and_hands() -> None:
    """A state of a net has what lies on edges, and the phases, hands and turns of nodes."""

    @component
    def names(prefix: str = "a", count: int = 1) -> Iterator[str]:
        for number in range(count):
            yield f"{prefix}{number}"

    @component
    def same(value: str) -> str:
        return value

    graph = Graph("fan_in")
    merge = graph.add(same, "merge")
    graph.add(names, "a", prefix="a").out >> merge.value
    graph.add(names, "b", prefix="b").out >> merge.value
    merge.out >> graph.outputs.out
    page = Page(explore(NetScene(graph)).draw("html"))
    assert "fan_in holds" in page.text
    data = [state["data"] for state in page.facts["states"].values()]
    assert any(each.get("on edges", {}).get("a.out->merge.value") == "['a0']" for each in data)
    assert any(each["merge"].get("holds value") == "'b0'" for each in data)
    assert all({"phase", "turns"} <= each["merge"].keys() for each in data)
    assert any(each["outputs"]["out"] == "['b0', 'a0']" for each in data)


def test_what_nodes_share_behind_their_ports_is_data_too() -> None:
    """A list that two components write to has a place among the data of each state, as it is there."""
    seen: list[str] = []

    @component
    def one(value: str) -> str:
        seen.append(f"one {value}")
        return value

    @component
    def two(value: str) -> str:
        seen.append(f"two {value}")
        return value

    graph = Graph("behind")
    graph.inputs.x >> graph.add(one).value
    graph.inputs.y >> graph.add(two).value
    graph["one"].out >> graph.outputs.first
    graph["two"].out >> graph.outputs.second
    page = Page(explore(NetScene(graph, inputs={"x": "a", "y": "b"})).draw("html"))
    lists = [state["data"].get("behind the ports", {}) for state in page.facts["states"].values()]
    assert {"['one a', 'two b']", "['two b', 'one a']"} <= {text for each in lists for text in each.values()}
    assert seen == []


def test_variables_of_coroutines_can_be_read() -> None:
    """Of a coroutine there are its own variables, and those of the coroutines and generators it waits for."""

    @types.coroutine
    def pause(length: int) -> Generator[str, None, None]:
        yield f"for {length}"

    async def inner(times: int) -> None:
        left = times
        while left:
            await pause(left)
            left -= 1

    async def outer() -> None:
        name = "outer"
        await inner(2)
        del name

    process = outer()
    assert own_data(process) == {}
    process.send(None)
    assert own_data(process) == {
        "name": "'outer'",
        "inner: times": "2",
        "inner: left": "2",
        "pause: length": "2",
    }
    process.close()
    assert own_data(process) == {}


def test_a_pickled_result_leaves_its_program_behind() -> None:
    """What was explored need not be pickled: the result is the same, and its page has all but the data of states."""
    result = lost_update()
    other: Result = pickle.loads(pickle.dumps(result))
    assert other.program is None
    assert str(other) == str(result)
    assert other.as_json() == result.as_json()
    page = Page(other.draw("html"))
    assert "left its program behind" in page.text
    assert page.facts["states"]["0"]["data"] is None


def test_data_are_gathered_in_silence_and_when_asked() -> None:
    """Hooks are told of the executions of the search alone, the next random number is the same, and none runs on."""
    begun: list[Any] = []
    closed: list[str] = []

    class Counting(Hooks):
        def begin(self, execution: Any) -> None:
            begun.append(execution)

    def factory() -> dict[str, Any]:
        def steps() -> Iterator[str]:
            try:
                yield "half way"
            finally:
                closed.append("closed")

        return {"a": steps(), "b": steps()}

    result = explore(factory, hooks=Counting())
    searched = len(begun)
    result.draw("html")
    assert len(begun) == searched
    assert len(closed) % 2 == 0


def test_time_and_chance_are_those_of_the_search() -> None:
    """States that depend on the time of an execution, or on what it drew, are come to again."""

    def factory() -> dict[str, Any]:
        def steps() -> Iterator[str]:
            begun, drawn = time.time(), random.random()
            yield f"begun at {begun}"
            yield f"drew {drawn}"

        return {"a": steps(), "b": steps()}

    before = random.getstate()
    page = Page(explore(factory, search="states").draw("html"))
    assert all(state["data"] is not None for state in page.facts["states"].values())
    assert random.getstate() == before


def test_a_program_that_changed_has_no_data() -> None:
    """When the same steps lead elsewhere the page says so, instead of showing what belongs to another state."""
    is_new: list[bool] = []

    def factory() -> dict[str, Any]:
        def steps() -> Iterator[str]:
            yield "new" if is_new else "old"
            yield "done"

        return {"a": steps()}

    result = explore(factory, search="labels")
    is_new.append(True)
    page = Page(result.draw("html"))
    assert page.facts["states"]["0"]["data"] is not None
    assert page.facts["states"]["1"]["data"] is None
    assert "some states were not reached by the same steps again" in page.text


def test_a_factory_that_fails_later_leaves_the_page_without_data() -> None:
    """What keeps the program from running again is said, and everything else is there."""
    runs = iter(range(1000))
    limit = [1000]

    def factory() -> dict[str, Any]:
        if next(runs) >= limit[0]:
            raise OSError("the file is gone")

        def steps() -> Iterator[str]:
            yield "one"

        return {"a": steps()}

    result = explore(factory, search="labels")
    limit[0] = 0
    page = Page(result.draw("html"))
    assert "the program cannot be run again: OSError: the file is gone" in page.text
    assert len(page.facts["states"]) == 3


def test_values_that_cannot_be_shown_are_named() -> None:
    """A value whose repr fails, and one with no repr of its own, are short texts all the same."""

    class Grumpy:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    class Account:
        def __init__(self) -> None:
            self.balance = 10

    def factory() -> dict[str, Any]:
        def steps() -> Iterator[str]:
            grumpy, account, many = Grumpy(), Account(), list(range(1000))
            lock, several = asyncio.Lock(), [Account()]
            yield f"{len(many)}"
            del grumpy, account, lock, several

        return {"a": steps()}

    page = Page(explore(factory, search="labels").draw("html"))
    data = page.facts["states"]["1"]["data"]["a"]
    assert data["grumpy"] == "Grumpy, which cannot be shown: RuntimeError"
    assert data["lock"] == "<asyncio.locks.Lock object [unlocked]>"
    assert data["several"] == "[Account(balance=10)]"
    assert data["account"] == "Account(balance=10)"
    assert len(data["many"]) < 200


def test_nobody_is_asked_to_wait_for_conditions_while_data_are_read() -> None:
    """Data of a process that waits are read like those of others."""

    def factory() -> Scene:
        door = Shared(False, "door")

        def wait() -> Iterator[Any]:
            patience = 3
            yield Blocked(lambda: door.value, door, "wait at the door")
            return patience

        return Scene({"guest": wait()}, door)

    result = explore(factory)
    page = Page(result.draw("html"))
    last = page.facts["states"][str(page.facts["first"])]
    assert last["kind"] == "stuck"
    assert last["data"] == {"guest": {"patience": "3"}, "shared": {"door": "False"}}


def test_a_replay_has_a_page() -> None:
    """What was replayed from a token is drawn as the one schedule it is."""

    def factory() -> dict[str, Any]:
        def steps() -> Iterator[str]:
            yield "ready"
            raise ValueError("no")

        return {"a": steps()}

    page = Page(replay(factory, explore(factory).token).draw("html"))
    assert list(page.facts["views"][0]["vertices"]) == ["s0", "s1", "s2", "wrong"]


def test_json_has_the_data_of_all_states() -> None:
    """`draw("json")` is the result as plain data, and each state has what it holds, its colour and how to get there."""
    found = json.loads(explored("lost update").draw("json"))
    states = found["graph"]["states"]
    assert all(state["data"] is not None for state in states)
    assert {state["colour"] for state in states} == {"risky", "bad", "end0"}
    assert states[0]["from"] is None
    assert states[1]["from"] == [0, "a"]


def test_a_notebook_shows_the_verdict_and_a_small_picture() -> None:
    """A result shows itself with verdict, evidence, failing schedule, and its states if they are few."""
    shown = lost_update()._repr_html_()
    for text in ("factory", "bug", "what must hold at the end does not", "the failing schedule", "<svg"):
        assert text in shown
    assert "id=" not in shown
    assert "<script" not in shown
    large = explored("philosophers")._repr_html_()
    assert "<svg" not in large
    assert "64 states: draw(&quot;html&quot;) is a page to look into" in large
    assert "deadlock" in large


def test_without_graphviz_there_is_no_page_and_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lacks the extra is told its name; a notebook shows the words without a picture."""

    def none(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    result = lost_update()
    monkeypatch.setattr("fbcore.formats.picture.metadata.files", none)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ExtraError, match=re.escape("pip install 'fbdev[draw]'")):
        result.draw("html")
    assert "<svg" not in result._repr_html_()
    assert "bug" in result._repr_html_()
