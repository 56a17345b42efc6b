"""Dead letters: packets that nobody could process go onto a list or into a file, and the net goes on."""

import asyncio
import json
import pickle
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    DeadLetters,
    Each,
    End,
    FSMRuntime,
    Graph,
    In,
    NetError,
    NetSettings,
    NodeSettings,
    Observer,
    Out,
    Restart,
    Retry,
    SettingsError,
    StopNet,
    TerminalTemplate,
    component,
)
from fbcore.formats.letter_file import LetterFile
from fbcore.orchestration.fitting import doubts
from fbcore.orchestration.settings_file import settings_from
from tests.orchestration.supervising import alone, failing, run

IN_MEMORY = DeadLetters()


@component
def halve(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def halving(target: Any = halve) -> Graph:
    """A graph with one node called `node`, whose failures nobody takes."""
    graph = Graph("halving")
    node = graph.add(target, "node")
    graph.inputs.number >> node.number
    node.out >> graph.outputs.out
    return graph


def go(graph: Graph, policies: NodeSettings, **options: Any) -> Any:
    """Run a graph on virtual time with policies for `node`."""
    return run(graph, policies=policies, **options)


def lines(file: Path) -> list[dict[str, Any]]:
    """Read the lines of a file."""
    return [json.loads(line) for line in file.read_text().splitlines()]


# -- which packets, and what is known of them ------------------------------------------------------------


def test_a_function_goes_on_and_the_letter_tells_all() -> None:
    """The value by its port, the node, the error with its traceback, the time, the attempts, the net."""
    result = go(halving(), NodeSettings(dead_letters=IN_MEMORY), numbers=range(4))
    assert (result.outcome, result.outputs.out, result.errors) == ("finished", [0, 1], ())
    first, second = result.dead_letters
    assert [letter.values for letter in (first, second)] == [{"number": 1}, {"number": 3}]
    assert (first.node, first.net, first.time, first.attempts, first.times) == ("node", "halving", 0.0, 1, 1)
    assert first.error.what.startswith("ValueError: 1 is odd")
    assert isinstance(first.error.cause, ValueError)
    assert "raise ValueError" in first.error.traceback
    assert not result.held
    assert not result.unread


def test_the_time_of_a_letter_is_that_of_the_loop_where_time_is_virtual() -> None:
    """A retry that waits ten seconds makes a letter ten seconds later, of two attempts."""
    policies = NodeSettings(dead_letters=IN_MEMORY, retry=Retry(attempts=2, backoff=10, jitter=0))
    (letter,) = go(halving(), policies, numbers=[2, 1]).dead_letters
    assert (letter.time, letter.attempts) == (10.0, 2)


def test_a_batch_that_fails_in_its_middle_goes_on() -> None:
    """On the ordinary loop, where functions fire in batches, order is kept, and each failure is a letter."""
    runtime = BatchRuntime(halving(), settings=NetSettings(dead_letters=IN_MEMORY))
    result = runtime.run(inputs={"number": Each(range(1000))})
    assert result.outputs.out == list(range(500))
    assert [letter.values["number"] for letter in result.dead_letters] == list(range(1, 1000, 2))
    assert result.dead_letters[0].time > 1e9


def test_a_firing_of_several_inputs_is_one_letter() -> None:
    """With the packets of all its ports, and with the signal that it was executed by."""

    @component
    def divide(a: int, b: int) -> float:
        return a / b

    graph = Graph("dividing")
    node = graph.add(divide, "node")
    for name in ("a", "b"):
        graph.inputs[name] >> getattr(node, name)
    graph.inputs.go >> node.execute
    node.out >> graph.outputs.out
    inputs = {"a": Each([1, 2, 3]), "b": Each([1, 0, 3]), "go": Each([None, None, None])}
    result = go(graph, NodeSettings(dead_letters=IN_MEMORY), inputs=inputs)
    assert result.outputs.out == [1.0, 1.0]
    assert [letter.values for letter in result.dead_letters] == [{"a": 2, "b": 0, "execute": None}]


def test_a_class_ends_or_is_begun_anew() -> None:
    """What it held is a letter; with a restart it goes on with the next packet, without one the rest is unread."""
    result = go(alone(failing([1], 9)), NodeSettings(dead_letters=IN_MEMORY), numbers=range(4))
    assert (result.outcome, result.outputs.passed, result.nodes["node"].phase) == ("finished", [0], "failed")
    assert [letter.values for letter in result.dead_letters] == [{"number": 1}]
    restarting = NodeSettings(dead_letters=IN_MEMORY, restart=Restart(backoff=0))
    result = go(alone(failing([1], 9)), restarting, numbers=range(4))
    assert (result.outcome, result.outputs.passed, result.restarts) == ("finished", [0, 2, 3], {"node": 1})
    assert len(result.dead_letters) == 1


def test_a_failure_without_packets_is_no_letter() -> None:
    """There would be nothing to feed back, so that it fails the net."""

    @component
    def once() -> int:
        raise OSError("no")

    graph = Graph("sources")
    graph.add(once, "node").out >> graph.outputs.out
    result = go(graph, NodeSettings(dead_letters=IN_MEMORY))
    assert (result.outcome, len(result.dead_letters)) == ("failed", 0)


def test_who_stops_the_net_leaves_no_letter() -> None:
    """`StopNet` is no failure; the packet is in the account."""

    @component
    def guard(number: int) -> int:
        raise StopNet("enough")

    result = go(halving(guard), NodeSettings(dead_letters=IN_MEMORY), numbers=[7])
    assert (result.outcome, result.held, len(result.dead_letters)) == ("stopped", {"node.number": 7}, 0)


def test_what_a_validator_refuses_is_a_letter() -> None:
    """The function goes on with the next packet, as with a port `error`."""

    def positive(number: int) -> bool:
        return number > 0

    class Takes(Component):
        number: In[int] = In(validate=positive)
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await self.out.send(number)

    result = go(halving(Takes), NodeSettings(dead_letters=IN_MEMORY), numbers=[1, -1, 2])
    assert (result.outputs.out, [letter.values for letter in result.dead_letters]) == ([1, 2], [{"number": -1}])


# -- the place in the order of policies ------------------------------------------------------------------


def test_the_port_error_comes_first() -> None:
    """What goes there is no letter; once nobody takes from it any more, letters are made."""

    class First(Component):
        failure: In[Any]
        seen: Out[int]

        async def run(self) -> None:
            await self.seen.send((await self.failure.receive()).value)

    graph = halving()
    graph["node"].error >> graph.add(First).failure
    graph["first"].seen >> graph.outputs.seen
    result = go(graph, NodeSettings(dead_letters=IN_MEMORY), numbers=[1, 2, 3, 5])
    taken = [letter.values["number"] for letter in result.dead_letters]
    lying = [failure.value for failure in result.unread.get("node.error->first.failure", [])]
    assert (result.outcome, result.outputs.seen, sorted(taken + lying)) == ("finished", [1], [3, 5])
    assert taken


def test_retry_comes_before_and_restart_after() -> None:
    """A packet that succeeds at the third attempt is no letter; a letter is made before a restart is counted."""
    left = [2]

    @component
    def third(number: int) -> int:
        left[0] -= 1
        if left[0] >= 0:
            raise ValueError(number)
        return number

    policies = NodeSettings(dead_letters=IN_MEMORY, retry=Retry(attempts=3, backoff=0), restart=Restart())
    result = go(halving(third), policies, numbers=[1, 2])
    assert (result.outputs.out, len(result.dead_letters), result.restarts) == ([1, 2], 0, {})


def test_each_node_of_a_composite_has_its_own_letters() -> None:
    """Settings of a composite, and of the whole net, are those of the nodes in it."""

    class Twice(CompositeComponent):
        number: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            one, two = graph.add(halve, "one"), graph.add(halve, "two")
            graph.inputs.number >> one.number
            one.out >> two.number
            two.out >> graph.outputs.out

    runtime = BatchRuntime(halving(Twice), settings={"subnets": {"node": {"dead_letters": "memory"}}})
    result = runtime.run(inputs={"number": Each(range(8))})
    assert result.outputs.out == [0, 1]
    assert result.dead_letters.counts == {"node.one": {"memory": 4}, "node.two": {"memory": 2}}
    assert "dead letters  node.one: 4 in memory" in str(result)
    assert "6 dead letters" in repr(result)
    assert repr(runtime.run(inputs={"number": 3})).endswith("1 dead letter>")


# -- packets in hand -------------------------------------------------------------------------------------


def test_hands_go_to_the_dead_letters_at_a_restart() -> None:
    """With `held="dead-letter"` a packet is not tried again; the failure after the last restart fails the net."""
    policy = Restart(backoff=0, most=2, held="dead-letter")
    result = run(alone(failing([1, 3, 5], 9)), policy, numbers=range(7))
    assert (result.outcome, result.outputs.passed, result.held) == ("failed", [0, 2, 4], {"node.number": 5})
    assert [letter.values["number"] for letter in result.dead_letters] == [1, 3]
    assert result.dead_letters.counts == {"node": {"memory": 2}}


def test_hands_go_to_the_dead_letters_at_an_end(tmp_path: Path) -> None:
    """A deadline leaves what is in hand in the file that the settings name; the error says which policy it was."""

    class Slow(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await asyncio.sleep(100)
                await self.out.send(number)

    file = tmp_path / "late.jsonl"
    policies = NodeSettings(end=End(deadline=150, held="dead-letter"), dead_letters=DeadLetters(file))
    result = go(halving(Slow), policies, numbers=range(4))
    assert (result.outputs.out, result.dead_letters[0].values) == ([0], {"number": 1})
    assert lines(file)[0]["error"] == "ended by a policy: its deadline, 150 s, is over"


# -- files -----------------------------------------------------------------------------------------------


def test_a_letter_is_a_line_of_json(tmp_path: Path) -> None:
    """With all that is known of it; it is in the file before the net has ended, and the result reads it from there."""
    file = tmp_path / "failed.jsonl"
    seen: list[int] = []

    class Counts(Observer):
        def dead_letter(self, letter: Any) -> None:
            seen.append(len(lines(file)))

    runtime = BatchRuntime(halving(), settings=NetSettings(dead_letters=DeadLetters(file)))
    result = runtime.run(inputs={"number": Each(range(4))}, observers=[Counts()])
    first = lines(file)[0]
    assert seen == [1, 2]
    assert (first["node"], first["values"], first["net"], first["times"]) == ("node", {"number": 1}, "halving", 1)
    assert first["error"].startswith("ValueError: 1 is odd")
    assert "raise ValueError" in first["traceback"]
    assert [letter.values for letter in result.dead_letters] == [{"number": 1}, {"number": 3}]
    assert [letter.values for letter in pickle.loads(pickle.dumps(result)).dead_letters[:1]] == [{"number": 1}]


def test_who_steps_a_net_writes_no_file(tmp_path: Path) -> None:
    """Its firings are made again and again, and their letters stay in memory."""
    file = tmp_path / "failed.jsonl"
    with FSMRuntime(halving(), settings=NetSettings(dead_letters=DeadLetters(file))) as fsm:
        result = fsm.start(inputs={"number": Each([1, 2, 3])}).run()
        fsm.undo(5)
        again = fsm.run()
    assert [letter.id for letter in result.dead_letters] == [letter.id for letter in again.dead_letters]
    assert result.dead_letters.counts == {"node": {"memory": 2}}
    assert not file.exists()


def test_a_value_that_cannot_be_written_fails_the_net(tmp_path: Path) -> None:
    """It is in the result, and the error says why it is no letter."""

    @component
    def look(number: Any) -> Any:
        raise ValueError("no")

    runtime = BatchRuntime(halving(look), settings=NetSettings(dead_letters=DeadLetters(tmp_path / "f.jsonl")))
    with pytest.raises(NetError) as caught:
        runtime.run(inputs={"number": Each([print])})
    assert caught.value.result.held == {"node.number": print}
    assert "cannot be kept as a dead letter: node.number: <built-in function print> is a" in caught.value.hint


def test_a_file_that_cannot_be_written_fails_the_net(tmp_path: Path) -> None:
    """A folder that vanishes while the net runs loses no packet either."""
    folder = tmp_path / "there"
    folder.mkdir()

    @component
    def break_it(number: int) -> int:
        folder.rmdir()
        raise ValueError("no")

    settings = NetSettings(dead_letters=DeadLetters(folder / "f.jsonl"))
    result = BatchRuntime(halving(break_it), settings=settings).run(inputs={"number": 1}, raises=False)
    assert (result.outcome, result.held) == ("failed", {"node.number": 1})
    assert "cannot write dead letters: No such file or directory" in result.errors[0].hint


@dataclass
class Reading:
    celsius: float


def test_a_type_that_cannot_be_written_is_refused_before_the_net_runs(tmp_path: Path) -> None:
    """The port and the setting are named; in memory anything can be kept."""

    @component
    def read(number: socket.socket) -> int:
        return 1

    @component
    def fine(number: Reading | dict[str, list[int | None]]) -> int:
        return 1

    said = settings_from({"nodes": {"node": {"dead_letters": str(tmp_path / "f.jsonl")}}})
    with pytest.raises(SettingsError) as caught:
        BatchRuntime(halving(read), settings=said).run(inputs={"number": Each([])})
    (problem,) = caught.value.problems
    assert str(problem.address) == "node.number"
    assert problem.what == "its packets cannot be dead letters in a file: a socket:socket cannot be stored"
    assert 'dead_letters = "memory"' in problem.hint
    BatchRuntime(halving(fine), settings=said).run(inputs={"number": Each([])})
    BatchRuntime(halving(read), settings={"dead_letters": "memory"}).run(inputs={"number": Each([])})


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Before the first packet, not when the first letter is to be written."""
    settings = NetSettings(dead_letters=DeadLetters(tmp_path / "nowhere" / "f.jsonl"))
    with pytest.raises(SettingsError, match="there is no folder"):
        BatchRuntime(halving(), settings=settings).run(inputs={"number": 1})


# -- as settings -----------------------------------------------------------------------------------------


def test_short_forms() -> None:
    """In files a text names the file, "memory" is the list, and "never" takes back what is said of the whole net."""
    settings = settings_from(
        {"dead_letters": "failed.jsonl", "nodes": {"a": {"dead_letters": "memory"}, "b": {"dead_letters": "never"}}}
    )
    found = [settings.of(address).dead_letters for address in ("x", "a", "b")]
    assert found == [DeadLetters("failed.jsonl"), DeadLetters(), None]
    with pytest.raises(SettingsError, match="there is no setting 'fille'"):
        settings_from({"dead_letters": {"fille": "x"}})
    for wrong in ("a/", "a\0b", 7):
        with pytest.raises(SettingsError, match="`file` of DeadLetters cannot be"):
            DeadLetters(wrong)


def test_a_file_keeps_what_others_have_written(tmp_path: Path) -> None:
    """A second run appends; a line that was cut off stays apart, and is told of."""
    file = tmp_path / "failed.jsonl"
    runtime = BatchRuntime(halving(), settings=NetSettings(dead_letters=DeadLetters(file)))
    runtime.run(inputs={"number": 1})
    with file.open("ab") as half:
        half.write(b'{"id": "half a li')
    runtime.run(inputs={"number": 3})
    found = LetterFile(file).read()
    assert [record.values for record in found.records.values()] == [{"number": 1}, {"number": 3}]
    assert [(broken.number, broken.what.partition(":")[0]) for broken in found.broken] == [
        (2, "half a line, or no JSON")
    ]


@pytest.mark.slow
def test_a_command_of_the_terminal_goes_on() -> None:
    """Each packet has a process of its own; one that fails is put aside."""
    graph = Graph("commands")
    node = graph.add(TerminalTemplate("test {text} = good", inputs=["text"]), "node")
    graph.inputs.text >> node.text
    node.exit_code >> graph.outputs.codes
    runtime = BatchRuntime(graph, settings={"dead_letters": "memory"})
    result = runtime.run(inputs={"text": Each(["good", "bad", "good"])})
    assert (result.outcome, result.outputs.codes) == ("finished", [0, 1, 0])
    assert [letter.values for letter in result.dead_letters] == [{"text": "bad"}]
    assert "ProcessError" in result.dead_letters[0].error.what


def test_a_class_that_would_end_at_its_first_failure_is_doubted() -> None:
    """Of functions, and of classes that are begun anew, there is nothing to say."""

    def said(target: Any, **policies: Any) -> list[str]:
        return [doubt.what for doubt in doubts(NetSettings(dead_letters=IN_MEMORY, **policies), halving(target))]

    class Stateless(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None: ...

    assert said(Stateless) == ["its first failure ends it, and what comes after that packet is unread"]
    assert said(Stateless, restart=Restart()) == said(halve) == []
