"""Long explorations: what is left is kept, and whoever goes on comes to what an uninterrupted search comes to."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fbdev.explore
from fbcore import Graph, component
from fbdev.explore import (
    Access,
    Blocked,
    Budget,
    ExploreError,
    Lock,
    NetScene,
    Result,
    Scene,
    Shared,
    VerdictKind,
    explore,
    keeping,
)
from fbdev.explore.record_file import write_record
from tests.fbdev.explore.programs import not_seen_into, random_program, seen_into
from tests.habits.tree import ROOT

Steps = Iterator[Any]
ENDLESS = Budget(seconds=None)
SEARCHES: list[Any] = ["states", "races", "every", "preemptions", "auto"]
SAMPLERS: list[Any] = ["sample", "random", "pos", "pct"]
FOLDER = Path(fbdev.explore.__file__).parent
SEARCHING = {str(FOLDER / f"{name}.py") for name in ("by_state", "by_race", "every", "sample", "session", "again")}


def came_to(result: Result) -> Any:
    """Return what must not depend on interruptions."""
    ends = sorted(json.dumps(end, sort_keys=True) for end in result.ends)
    states = sorted((json.dumps(dict(state.reached), sort_keys=True), state.available) for state in result.graph.states)
    found = sorted((failure.kind, failure.process) for failure in result.failures)
    return result.verdict.kind, result.search, ends, states, result.graph.transitions, found


class Interrupted:
    """Presses Ctrl-C when so many lines of the searches have run."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    def __enter__(self) -> None:
        self.before = sys.gettrace()
        sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self.before)

    def _call(self, frame: FrameType, event: str, argument: object) -> Any:
        is_searching = frame.f_code.co_filename in SEARCHING and frame.f_code.co_name not in ("record", "_known_states")
        return self._line if is_searching else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        self.left -= event == "line"
        if self.left == 0 and event == "line":
            raise KeyboardInterrupt
        return self._line


def all_are_drawn(file: Path) -> bool:
    """Tell whether no sample is left, though more could be drawn."""
    samples = json.loads(file.read_text())["course"]["samples"]
    return samples is not None and samples["left"] == []


def in_parts(factory: Callable[[], Any], file: Path, chance: random.Random, **how: Any) -> tuple[Result, int]:
    """Explore with interruptions at random places, and go on each time; return the last result, and how many parts."""
    place: dict[str, Any] = {"keep": file}
    for part in range(1, 100):
        if part < 8 and chance.random() < 0.5:
            try:
                with Interrupted(chance.randrange(10, 3000)):
                    result = explore(factory, budget=ENDLESS, **place, **how)
            except KeyboardInterrupt:
                # Before anything was done.
                continue
        else:
            spent = chance.choice([{"executions": chance.randrange(1, 9)}, {"steps": chance.randrange(1, 300)}, {}])
            result = explore(factory, budget=Budget(seconds=None, **spent), **place, **how)
        if not result.kept or (result.search in SAMPLERS and all_are_drawn(file)):
            return result, part
        place = {"continues": file} if file.exists() else place
    raise AssertionError("it never comes to its end")


def check(seed: int, search: Any, make: Any, folder: Path) -> int:
    """Compare an interrupted search of a random program with one that is not; return the number of its parts."""
    factory = partial(make, random_program(seed))
    how: dict[str, Any] = {"search": search, "allowed": (ValueError,), "keep_going": True}
    if search in SAMPLERS:
        how["samples"] = 40
    whole = explore(factory, budget=ENDLESS, **how)
    parts, count = in_parts(factory, folder / "later.json", random.Random(seed), **how)
    if search == "auto" and whole.search != parts.search:
        # It may come to its end by preemptions, when that is sooner than by states.
        assert (whole.verdict.kind, came_to(whole)[2]) == (parts.verdict.kind, came_to(parts)[2])
    elif search in SAMPLERS:
        assert came_to(whole)[1:] == came_to(parts)[1:]
    else:
        assert came_to(whole) == came_to(parts)
    return count


@pytest.mark.parametrize("search", SEARCHES + SAMPLERS)
def test_an_interrupted_search_comes_to_the_same(search: Any, tmp_path: Path) -> None:
    """A few programs: ends, states, verdict and failures are those of the uninterrupted search."""
    assert sum(check(seed, search, seen_into, tmp_path) for seed in range(3)) > 3


@pytest.mark.parametrize("search", [*SEARCHES, "sample"])
def test_what_is_left_is_kept_on_the_way_too(search: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed goes on from there, and comes to the same; when nothing is left, no file is."""
    files: list[Path] = []

    def write(path: Path, record: Any) -> None:
        files.append(tmp_path / f"{len(files)}.json")
        write_record(files[-1], record)
        shutil.copy(files[-1], path)

    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(keeping, "_FIRST", 0.0)
    monkeypatch.setattr(keeping, "_SHARE", 0.0)
    monkeypatch.setattr(keeping, "write_record", write)
    how: dict[str, Any] = {"search": search, "samples": 10, "budget": ENDLESS}
    factory, later = partial(counting, 2, 1), tmp_path / "later.json"
    whole = explore(factory, keep=later, **how)
    assert later.exists() is bool(whole.kept)
    monkeypatch.setattr(keeping, "write_record", write_record)
    for file in (files[0], files[len(files) // 2], files[-1]):
        assert came_to(explore(factory, continues=file, **how)) == came_to(whole)


@pytest.mark.slow
@pytest.mark.parametrize("search", SEARCHES + SAMPLERS)
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), plain=st.booleans())
def test_any_search_can_be_interrupted_anywhere(search: Any, seed: int, plain: bool, tmp_path: Path) -> None:
    """Whatever the program, wherever the search is interrupted, and how often."""
    check(seed, search, not_seen_into if plain else seen_into, tmp_path)


def counting(processes: int = 3, times: int = 3) -> Scene:
    """Make processes that add one, each time in one step."""
    count = Shared(0, "count")

    def add() -> Steps:
        for _ in range(times):
            yield "ready"
            count.value += 1

    return Scene([add() for _ in range(processes)], count)


def test_what_is_left_is_kept_and_counts_add_up(tmp_path: Path) -> None:
    """The partial verdict says why and where; going on says that of the whole, what it rests on, and all counts."""
    file = tmp_path / "later.json"
    first = explore(counting, search="states", budget=Budget(executions=4), keep=file)
    assert (str(first.verdict).split(" (")[0], first.kept) == ("inconclusive: 4 executions are spent", str(file))
    assert f"what is left to explore is kept in {file}" in str(first)
    second = explore(counting, budget=Budget(executions=2), continues=str(file))
    assert (second.executions, second.verdict.kind) == (6, VerdictKind.INCONCLUSIVE)
    assert second.steps > first.steps
    assert second.seconds > first.seconds
    last = explore(counting, continues=file).assert_holds()
    assert (last.kept, last.search, len(last.graph.states)) == ("", "states", len(explore(counting).graph.states))
    assert "the program is the one that was explored before" in str(last.verdict)
    assert last.executions > 6


def test_nothing_is_written_when_nothing_is_left(tmp_path: Path) -> None:
    """A search that came to its end keeps nothing, be it a proof or a bug."""
    file = tmp_path / "later.json"
    assert explore(counting, keep=file).assert_holds().kept == ""
    assert explore(counting, at_end=lambda count: count.value == 3, keep=file).verdict.kind is VerdictKind.BUG
    assert not file.exists()


def test_more_samples_can_be_drawn(tmp_path: Path) -> None:
    """Samples are never all: whoever goes on with more of them draws those that were not drawn."""
    file = tmp_path / "later.json"
    few = explore(counting, search="sample", samples=10, keep=file)
    assert (few.verdict.detail, few.kept) == ("10 schedules", str(file))
    many = explore(counting, samples=25, continues=file)
    assert (many.verdict.kind, many.verdict.detail, many.executions) == (VerdictKind.SAMPLED, "25 schedules", 25)


def test_a_bound_on_preemptions_grows_where_it_was(tmp_path: Path) -> None:
    """What is proven for few preemptions is not proven again."""
    file = tmp_path / "later.json"
    first = explore(counting, search="preemptions", budget=Budget(executions=60), keep=file)
    assert first.verdict.kind is VerdictKind.HOLDS_WITHIN
    bound = int(first.verdict.detail.split()[0])
    second = explore(counting, budget=Budget(executions=0), continues=file)
    assert second.verdict.detail.split()[0] == str(bound)
    explore(counting, continues=file).assert_holds()


def test_what_was_given_up_for_its_length_is_a_given_of_the_whole(tmp_path: Path) -> None:
    """Givens of the parts are givens of the whole."""

    def factory() -> list[Any]:
        def walk(count: int) -> Steps:
            yield from range(count)

        return [walk(30), walk(1)]

    file, depth = tmp_path / "later.json", 20
    first = explore(factory, search="every", budget=Budget(executions=2, depth=depth), keep=file)
    assert first.kept
    last = explore(factory, budget=Budget(depth=depth), continues=file)
    assert str(last.verdict).startswith("holds within 20 steps (given:")
    with pytest.raises(ExploreError, match=r"executions of 20 steps"):
        explore(factory, continues=file)


def test_chance_that_was_made_repeatable_stays_so(tmp_path: Path) -> None:
    """Draws from `random` begin as they began in the process that kept the exploration."""

    def draw(found: list[int]) -> Steps:
        for _ in range(3):
            yield "ready"
            found.append(random.randrange(1000))

    def factory() -> Scene:
        found: list[int] = []
        return Scene([draw(found), draw(found)], found)

    file = tmp_path / "later.json"
    random.seed(1)
    assert explore(factory, search="states", budget=Budget(executions=2), keep=file).kept
    random.seed(2)
    before = random.getstate()
    explore(factory, continues=file).assert_holds()
    assert random.getstate() == before


# -- other processes -----------------------------------------------------------------------------------

FILE = """
import json, sys
from fbdev.explore import Budget, Scene, Shared, explore

def factory(note):
    count = Shared(0, "count")

    def add(name):
        note(name)
        for each in range(2):
            yield "ready", each
            count.value += len(note.__self__)

    return Scene({name: add(name) for name in ("ann", "bob", "cy")}, (count, note.__self__))

def of_list():
    return factory([].append)

def of_set():
    return factory(set().add)

def holds(shared):
    return shared[0].value > 0

def main(executions, given):
    budget = Budget(executions=executions or None, seconds=None)
    for search, kept, goes_on in given:
        how = {"continues" if goes_on else "keep": kept} if kept else {}
        how |= {} if goes_on else {"search": search.split()[0]}
        result = explore(of_list if "list" in search else of_set, at_end=holds, budget=budget, **how)
        print(result.verdict.kind, len(result.ends), len(result.graph.states), bool(result.kept))

if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
"""

SEARCHES = ("states of a list", "states", "races", "every", "preemptions", "sample")


def run(file: Path, seed: str, executions: int, given: list[tuple[str, str, bool]]) -> list[str]:
    """Run a file in another process, with its own order of sets: an exploration for each that is given."""
    environment = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "PATH": ""}
    done = subprocess.run(
        [sys.executable, str(file), json.dumps([executions, given])],
        env=environment,
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_another_process_goes_on(tmp_path: Path) -> None:
    """Fresh Python processes, in which sets have other orders, come to the verdict, ends and states of one process."""
    file = tmp_path / "program.py"
    file.write_text(FILE)
    whole = run(file, "1", 0, [(search, "", False) for search in SEARCHES])
    kept = {search: f"{number}.json" for number, search in enumerate(SEARCHES)}
    said = run(file, "2", 5, [(search, kept[search], False) for search in SEARCHES])
    assert all(each.endswith("True") for each in said)
    left = list(SEARCHES)
    for seed in ("3", "4"):
        said = run(file, seed, 7, [(search, kept[search], True) for search in left])
        left = [search for search, each in zip(left, said, strict=True) if each.endswith("True")]
    said = run(file, "5", 0, [(search, kept[search], True) for search in SEARCHES])
    for search, at_once, in_parts in zip(SEARCHES, whole, said, strict=True):
        assert in_parts.split()[:3] == at_once.split()[:3] or search in ("sample", "preemptions")
        assert in_parts.split()[1] == at_once.split()[1]


# -- what is refused -----------------------------------------------------------------------------------


def kept(file: Path, factory: Any = counting, **how: Any) -> Path:
    """Keep an exploration that has only begun."""
    assert explore(factory, search="states", budget=Budget(executions=3), keep=file, **how).kept
    return file


def other(times: int) -> Scene:
    """Make what counts so many times."""
    return counting(times=times)


def test_another_program_is_refused(tmp_path: Path) -> None:
    """Another factory, other data or another check is named, and nothing is run."""
    file = kept(tmp_path / "later.json", partial(other, 3))
    with pytest.raises(
        ExploreError, match=r"later\.json: it was kept of another program: it was other, and is counting"
    ):
        explore(counting, continues=file)
    with pytest.raises(ExploreError, match=r"another program: factory\.1 has changed"):
        explore(partial(other, 4), continues=file)
    with pytest.raises(ExploreError, match="another program: at_end is new"):
        explore(partial(other, 3), at_end=lambda count: True, continues=file)


def test_changed_source_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that says something else is named; comments and layout are nothing to it."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "counted_more.py").write_text("STEPS = 4\n")
    module = tmp_path / "counts_more.py"
    text = "from counted_more import *\nimport counted_more\n\ndef factory():\n    return [iter_(), iter_()]\n\n"
    text += "def iter_():\n    yield from range(counted_more.STEPS)\n"
    module.write_text(text)
    import counts_more  # type: ignore[import-not-found]

    file = kept(tmp_path / "later.json", counts_more.factory)
    module.write_text(text.replace("\n\n", "\n\n# said by nobody\n"))
    explore(counts_more.factory, continues=file).assert_holds()
    (tmp_path / "counted_more.py").write_text("STEPS = 5\n")
    with pytest.raises(ExploreError, match=r"another program: counted_more\.py has changed"):
        explore(counts_more.factory, continues=file)


@pytest.mark.parametrize("search", ["states", "races", "every", "preemptions"])
def test_what_the_digest_does_not_see_is_found_by_doing_it_again(search: Any, tmp_path: Path) -> None:
    """Where the program depends on something else, the first step that no longer fits is named."""
    data = {"steps": 3}

    def factory() -> list[Any]:
        def walk() -> Steps:
            for number in range(data["steps"]):
                yield f"{number} of {data['steps']}"

        return [walk(), walk()]

    file = tmp_path / "later.json"
    assert explore(factory, search=search, budget=Budget(executions=3), keep=file).kept
    data["steps"] = 2
    with pytest.raises(ExploreError, match=r"step \d+: "):
        explore(factory, continues=file)
    assert file.exists()


def test_options_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """What is left out is as it was; what is given otherwise is refused, and so is what can never be kept."""
    file = kept(tmp_path / "later.json")
    with pytest.raises(ExploreError, match="search='states'"):
        explore(counting, search="every", continues=file)
    with pytest.raises(ExploreError, match="with chance"):
        explore(counting, chance=True, keep=file)
    with pytest.raises(ExploreError, match="cannot be kept there"):
        explore(counting, keep=tmp_path / "no folder" / "later.json")
    with pytest.raises(ExploreError, match="it is a folder"):
        explore(counting, keep=tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "", "no exploration that was kept"),
        (lambda text: "[]", "no exploration that was kept"),
        (lambda text: text[:-40], "no exploration that was kept"),
        (lambda text: text.replace('"version":1', '"version":2'), "it has version 2, and known is 1"),
        (lambda text: text.replace('"keep_going":false', '"keep_going":"no"'), "broken: plan.keep_going"),
        (lambda text: text.replace('"parents":[0', '"parents":[7'), "its parts do not fit"),
        (lambda text: text.replace('"arrows":[0', '"arrows":[9999'), "its parts do not fit"),
    ],
)
def test_a_file_that_is_none_is_refused(change: Callable[[str], str], said: str, tmp_path: Path) -> None:
    """What is broken, of another version or something else is told, and never a traceback of ours."""
    file = kept(tmp_path / "later.json")
    file.write_text(change(file.read_text()))
    with pytest.raises(ExploreError, match=said):
        explore(counting, continues=file)
    with pytest.raises(ExploreError, match="cannot be read"):
        explore(counting, continues=tmp_path / "none.json")


def test_a_file_is_whole_when_writing_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C while the file is written leaves the one that was there."""
    from fbdev.explore import record_file

    file = kept(tmp_path / "later.json")
    before = file.read_text()

    def interrupted(path: Path, text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(record_file, "write_whole", interrupted)
    with pytest.raises(KeyboardInterrupt):
        explore(counting, budget=Budget(executions=1), continues=file)
    assert file.read_text() == before


def test_no_room_for_the_file_is_no_loss_of_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found is told, though what is left could not be kept."""
    from fbdev.explore import record_file

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record_file, "write_whole", full)
    result = explore(counting, search="states", budget=Budget(executions=2), keep=tmp_path / "later.json")
    assert (result.verdict.detail, result.kept) == ("2 executions are spent", "")
    assert any("No space left" in note for note in result.notes)


def test_interrupted_while_coming_again_the_file_stays(tmp_path: Path) -> None:
    """Whoever is interrupted before it is where it was has lost nothing."""
    file = kept(tmp_path / "later.json")
    before = json.loads(file.read_text())
    with Interrupted(60):
        result = explore(counting, continues=file)
    assert (result.verdict.detail, result.kept) == ("interrupted", str(file))
    assert json.loads(file.read_text())["course"] == before["course"]
    explore(counting, continues=file).assert_holds()


# -- special programs ----------------------------------------------------------------------------------


@component
def names(prefix: str = "a", count: int = 2) -> Iterator[str]:
    """Make a few names."""
    for number in range(count):
        yield f"{prefix}{number}"


@component
def same(value: str) -> str:
    """Pass it on."""
    return value


def fan_in(count: int = 2) -> NetScene:
    """Make a net in which two race."""
    graph = Graph("fan_in")
    merge = graph.add(same, "merge")
    graph.add(names, "a", prefix="a", count=count).out >> merge.value
    graph.add(names, "b", prefix="b", count=count).out >> merge.value
    merge.out >> graph.outputs.out
    return NetScene(graph)


@pytest.mark.parametrize("search", ["auto", "states", "preemptions", "sample"])
def test_nets_are_kept_too(search: Any, tmp_path: Path) -> None:
    """A net goes on where it was, and is refused when its graph has changed."""
    file = tmp_path / "later.json"
    how: dict[str, Any] = {"samples": 30} if search == "sample" else {}
    # Orders by their preemptions are more than states.
    count = 1 if search == "preemptions" else 2
    first = explore(fan_in(count), search=search, budget=Budget(executions=4), keep=file, **how)
    assert first.kept
    last = explore(fan_in(count), budget=ENDLESS, continues=file)
    whole = explore(fan_in(count), search=search, budget=ENDLESS, **how)
    assert came_to(last)[:3] == came_to(whole)[:3]
    changed = Graph("fan_in")
    changed.add(names, "a").out >> changed.outputs.out
    with pytest.raises(ExploreError, match="another program: graph has changed"):
        explore(NetScene(changed), continues=file)


def test_labels_are_gone_on_with(tmp_path: Path) -> None:
    """A search that tells states apart by labels goes on, and says when these hide something."""
    file = tmp_path / "later.json"

    def factory() -> list[Any]:
        return [iter_(), iter_()]

    def iter_() -> Steps:
        yield from range(4)

    assert explore(factory, search="labels", budget=Budget(executions=3), keep=file).kept
    last = explore(factory, continues=file)
    assert came_to(last) == came_to(explore(factory, search="labels"))


def test_processes_that_come_and_go_and_announce(tmp_path: Path) -> None:
    """What was learned of a program on the way, such as that it announces accesses, is known when it goes on."""

    def factory() -> Scene:
        shared, lock = {"count": 0}, Lock("door")

        def add() -> Steps:
            yield Access(shared, "write")
            shared["count"] += 1
            yield from lock.acquire()
            yield Blocked(lambda: shared["count"] > 0, "count")
            lock.release()

        return Scene([add(), add(), add()], shared)

    file = tmp_path / "later.json"
    assert explore(factory, search="races", budget=Budget(executions=3), keep=file).kept
    last = explore(factory, continues=file)
    assert came_to(last) == came_to(explore(factory, search="races"))
    assert "what is announced" in last.verdict.detail
