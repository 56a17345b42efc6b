"""Feeding dead letters back: to the same ports of the same nodes, and out of their file once they are done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from os import PathLike
from typing import TYPE_CHECKING, Any

from fbcore.errors import DataError, FlowError, InputError, NodeError, shown
from fbcore.model.flat import flatten
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import Graph, NodeSpec
from fbcore.model.letter import DeadLetter
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind
from fbcore.net.edge import Edge
from fbcore.net.feeding import checker
from fbcore.net.in_port import InPort, Taken
from fbcore.net.node import Node
from fbcore.orchestration.nearest import nearest

if TYPE_CHECKING:
    from fbcore.formats.letter_file import LetterFile
    from fbcore.net.net import Net
    from fbcore.orchestration.letters import LetterBox

SOURCE = "dead_letters"
"""The first part of the addresses that packets come from which are fed back: `dead_letters.parse.text`."""

_MOST = 5
"""Letters that cannot be fed back of which an error says why."""

AnyLetters = str | PathLike[str] | Iterable[DeadLetter]
"""What can be fed back: the path of a file, or letters, as `result.dead_letters`."""


class FedPort(InPort):
    """An input that tells when the node is done with a packet of a dead letter: it has it in its hands no more."""

    __slots__ = ("_fed", "_in_hand")

    def __init__(self, node: Node, name: str, key: int | str | None = None) -> None:
        self._fed: Fed | None = None
        self._in_hand: Any = NOTHING
        super().__init__(node, name, key)

    @property
    def last(self) -> Any:
        """The packet in the node's hands."""
        return self._in_hand

    @last.setter
    def last(self, value: Any) -> None:
        self._in_hand = value
        if self._fed is not None:
            fed, self._fed = self._fed, None
            fed.is_done_at(self.name)

    def take(self) -> Any:
        """Take the next packet, and see whether it is of a dead letter."""
        value = super().take()
        feed: Feed = self.node.feed  # type: ignore[attr-defined]
        self._fed = feed.letter_of(self.peek_hand())
        return value

    def hand_over(self) -> Taken:
        """Take the packet out of the node's hands, with which the node is not done."""
        taken = self.peek_hand()
        self._fed = None
        self.last = NOTHING
        return taken

    def give_up(self) -> Fed | None:
        """Return the letter whose packet is in the node's hands, and expect no more of it."""
        fed, self._fed = self._fed, None
        return fed


class Fed:
    """A dead letter that was fed back: at which ports it is still to be done, and at which it has failed again."""

    __slots__ = ("box", "failed", "feed", "letter", "pending", "why")

    def __init__(self, feed: Feed, letter: DeadLetter, box: LetterBox) -> None:
        self.feed = feed
        self.box = box
        self.letter = letter
        self.pending = set(letter.values)
        self.failed: dict[str, Any] = {}
        self.why: NodeError | None = None

    def is_done_at(self, port: str) -> None:
        """Hear that the node is done with the packet of a port."""
        if port in self.pending:
            self.pending.discard(port)
            if not self.pending:
                self.feed.settle(self)

    def has_failed_with(self, values: Mapping[str, Any], error: NodeError) -> bool:
        """Hear that packets have failed again; say whether that could be written down."""
        before = self.pending, self.failed, self.why
        self.pending = self.pending - values.keys()
        self.failed = {**self.failed, **values}
        self.why = error
        if self.pending or self.feed.settle(self):
            return True
        self.pending, self.failed, self.why = before
        return False


class Feed:
    """Dead letters that are fed back in one run, from a file or as they are. To be opened before, and closed after.

    A letter leaves its file when its firing has succeeded. One that fails again stays, with its count raised. `ids` are
    what the letters are called. `alone` leaves out what else the net would begin with: its sources do not begin.
    """

    def __init__(self, given: AnyLetters, *, alone: bool = False) -> None:
        self._alone = alone
        self._file: LetterFile | None = None
        self._given: list[DeadLetter] = []
        if isinstance(given, str | PathLike):
            # Loaded here, for few nets keep letters in files.
            from fbcore.formats.letter_file import LetterFile

            self._file = LetterFile(given)
        else:
            self._given = _letters_in(given)
        self._open = ExitStack()
        self.ids: set[str] = set()
        self._letters: dict[str, list[DeadLetter]] = {}
        self._laid: dict[str, list[Fed]] = {}
        self._notices: list[str] = []

    # -- before the run ----------------------------------------------------------------------------

    def open(self, graph: Graph) -> None:
        """Read the letters, keep others from feeding them too, and see whether they fit a graph.

        Raises:
            LoadError: the file cannot be read, or somebody else feeds from it.
            InputError: a letter does not fit; then none is fed, and all are kept.
        """
        if self._file is not None:
            self._file.read()
            self._open.enter_context(self._file.feeding())
        try:
            letters, wrong = self._read(graph.name)
            fit = Fit(graph)
            wrong += [f"{letter.id}: {why}" for letter in letters for why in islice(fit.misfits(letter), 1)]
            if wrong:
                raise self._refusal(wrong)
        except BaseException:
            self.close()
            raise
        for letter in letters:
            self.ids.add(letter.id)
            self._letters.setdefault(letter.node, []).append(letter)

    def _read(self, name: str) -> tuple[list[DeadLetter], list[str]]:
        if self._file is None:
            return list(self._given), []
        found: list[DeadLetter] = []
        wrong: list[str] = []
        contents = self._file.read()
        self._notices += [f"line {broken.number} is skipped: {broken.what}" for broken in contents.broken]
        others = {record.net for record in contents.records.values()} - {name}
        if others:
            self._notices.append(f"letters of other nets stay: {', '.join(sorted(others))}")
        for record in contents.records.values():
            if record.net != name:
                continue
            try:
                found.append(record.letter())
            except DataError as error:
                wrong.append(f"{record.id}: {error.address}: {error.what}")
        return found, wrong

    def _refusal(self, wrong: list[str]) -> InputError:
        many = f"{len(wrong):,} dead letter{' does' if len(wrong) == 1 else 's do'} not fit, and none was fed back"
        rest = f"\n- and {len(wrong) - _MOST:,} more" if len(wrong) > _MOST else ""
        what = f"{many}:" + "".join(f"\n- {each}" for each in wrong[:_MOST]) + rest
        file = self._file.name if self._file is not None else "feed_dead_letters"
        hint = "mend the graph"
        if self._file is not None:
            hint += f", or take them out: fbdev dead-letters {file} {wrong[0].partition(':')[0]} --remove"
        return InputError(what, file, hint)

    def close(self) -> None:
        """Let others feed the letters that are left."""
        self._open.close()

    # -- in the run --------------------------------------------------------------------------------

    def feeds(self, address: str) -> bool:
        """Say whether anything is fed to a node."""
        return address in self._letters

    def lay(self, net: Net) -> None:
        """Lay the packets of all letters before their ports, where they come before any others."""
        for notice in self._notices:
            net.watching.notice(self._file.name if self._file is not None else SOURCE, notice)
        nodes = {node.address: node for node in net.nodes}
        for node in net.nodes if self._alone else ():
            if node.component == "initial":
                net.initials[node.address] = []
            elif not node.is_fed and node.component != "input":
                node.cancel()
        for address, letters in self._letters.items():
            box = nodes[address].box  # type: ignore[attr-defined]
            fed = [Fed(self, letter, box) for letter in letters]
            for port in dict.fromkeys(port for letter in letters for port in letter.values):
                self._lay(net, nodes[address].ins[port], [each for each in fed if port in each.letter.values])

    def _lay(self, net: Net, port: InPort, fed: list[Fed]) -> None:
        address = f"{SOURCE}.{port.address}"
        source = Node(net, address, "initial")
        source.outs["out"] = out = source.new_out("out")
        out.address = address
        edge = Edge(f"{address}->{port.address}", out, port, None)
        out.attach(edge)
        port.attach(edge)
        net.edges.append(edge)
        net.add(source)
        net.initials[address] = [each.letter.values[port.name] for each in fed]
        self._laid[address] = fed

    def letter_of(self, taken: Taken) -> Fed | None:
        """Return the letter that a packet is of which was taken, None for any other packet."""
        fed = self._laid.get(taken.edge.source.address)
        return fed[taken.id.number] if fed is not None else None

    def settle(self, fed: Fed) -> bool:
        """Write down that a letter is done, or has failed again; say whether that was possible."""
        letter, box = fed.letter, fed.box
        if fed.why is not None:
            again = DeadLetter(
                letter.node,
                fed.failed,
                fed.why,
                id=letter.id,
                net=letter.net,
                time=box.now,
                times=letter.times + 1,
            )
            return box.keep(again, self._file)
        try:
            if self._file is not None:
                self._file.done(letter.id)
        except FlowError as error:
            box.node.net.watching.notice(letter.node, f"dead letter {letter.id} is done, and stays: {error.what}")
            return False
        fed_back = box.node.net.fed
        fed_back[letter.node] = fed_back.get(letter.node, 0) + 1
        return True


def _letters_in(given: Any) -> list[DeadLetter]:
    """Return letters that were given as such.

    Raises:
        InputError: they are none.
    """
    several = list(given) if isinstance(given, Iterable) else [given]
    for each in several:
        if not isinstance(each, DeadLetter):
            hint = "give the path of a file, or letters, as `result.dead_letters`"
            raise InputError(f"{shown(each)} is no dead letter", "feed_dead_letters", hint)
    return several


# -- whether a letter fits -------------------------------------------------------------------------------


class Fit:
    """Whether letters fit a graph; what is known of a node is looked up once for all its letters."""

    def __init__(self, graph: Graph) -> None:
        self._nodes = flatten(graph).nodes
        self._connected: dict[str, set[str]] = {}
        for edge in flatten(graph).edges:
            self._connected.setdefault(edge.target[0], set()).add(edge.target[1])
        self._checks: dict[tuple[str, str], Callable[[Any], Any] | None] = {}

    def misfits(self, letter: DeadLetter) -> Iterator[str]:
        """Say why a letter cannot be fed back."""
        node, connected = self._nodes.get(letter.node), self._connected.get(letter.node, set())
        if node is None:
            yield f"the graph has no node {letter.node!r}; {nearest(letter.node, [*self._nodes], 'its nodes')}"
            return
        for name, value in letter.values.items():
            check = self._check(letter.node, name)
            if check is None:
                yield f"{letter.node} has no input {name!r} any more that anything is connected to"
                continue
            try:
                check(value)
            except InputError as error:
                yield f"{error.address}: {error.what}"
        for name in sorted(_needed(node, connected) - letter.values.keys()):
            yield f"it has no packet for {letter.node}.{name}, and a firing needs one"

    def _check(self, address: str, name: str) -> Callable[[Any], Any] | None:
        """Return what checks a value for an input; None when there is no such input."""
        if (address, name) not in self._checks:
            port = self._nodes[address].component.port(name)
            is_input = port is not None and port.kind in (PortKind.INPUT, PortKind.SIGNAL)
            is_there = is_input and name in self._connected.get(address, ())
            kind = port.type if port is not None else None
            found = checker(kind, f"{address}.{name}", InputError, strict=True) if is_there else None
            self._checks[address, name] = found
        return self._checks[address, name]


def _needed(node: NodeSpec, connected: set[str]) -> set[str]:
    """Return the inputs of which a firing needs a packet each; none where that is not known, as of classes."""
    if not isinstance(node.component.target, FunctionComponent) or node.options.fires == "any":
        return set()
    inputs = {port.name for port in node.component.of(PortKind.INPUT)} & connected
    return inputs | ({"execute"} & connected)
