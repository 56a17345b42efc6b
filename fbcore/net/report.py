"""How a run ended: outcome, outputs, and where every packet went."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fbcore.errors import FlowError, NodeError, shown
from fbcore.net.abandoned import each_once
from fbcore.net.letters import Letters

if TYPE_CHECKING:
    from fbcore.net.registry import PacketRegistry


class Outcome(StrEnum):
    """How a net ended.

    - `finished`: every node ended;
    - `quiescent`: nothing could move any more, and nothing was left to move: a loop that has run dry;
    - `starved`: packets lie where nobody will take them, or a join ended with packets on one side only;
    - `deadlocked`: nodes wait for each other in a circle, through at least one full edge;
    - `stopped`: somebody stopped the net, or its time was up;
    - `failed`: a node raised something, and nothing was connected to its port `error`.

    Example:
        @component
        def add(left: int, right: int) -> int:
            return left + right

        runtime = BatchRuntime(add)
        print(runtime.run(inputs={"left": 1, "right": 2}).outcome.is_good)
        #> True
        result = runtime.run(inputs={"left": Each([1, 2]), "right": 2}, raises=False)
        print(result.outcome, result.outcome is Outcome.STARVED)
        #> starved True
    """

    FINISHED = "finished"
    QUIESCENT = "quiescent"
    STARVED = "starved"
    DEADLOCKED = "deadlocked"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_good(self) -> bool:
        """Whether everything arrived: finished, or quiescent."""
        return self in (Outcome.FINISHED, Outcome.QUIESCENT)


class Outputs:
    """What came out: one list of values for each output port, by attribute or by name.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        outputs = BatchRuntime(double).run(inputs={"number": 21}).outputs
        print(list(outputs), outputs.out, outputs["out"])
        #> ['out'] [42] [42]
    """

    def __init__(self, lists: dict[str, list[Any]], read: Collection[str] = ()) -> None:
        self._lists = lists
        self._read = tuple(read)

    def __getattr__(self, name: str) -> list[Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._lists[name]
        except KeyError:
            raise AttributeError(self._why_not(name)) from None

    def __getitem__(self, name: str) -> list[Any]:
        try:
            return self._lists[name]
        except KeyError:
            raise KeyError(self._why_not(name)) from None

    def _why_not(self, name: str) -> str:
        if name in self._read:
            return f"output {name!r} was read as a stream, which keeps no packets; see `.read` and `.unread`"
        known = ", ".join((*self._lists, *self._read)) or "none"
        return f"the net has no output {name!r}; its outputs are: {known}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Outputs, (self._lists, self._read))

    def __repr__(self) -> str:
        return f"Outputs({self._lists!r})"


class NodeState:
    """One node at one moment: phase, and packets that came in and went out so far.

    `pause` is what a policy lets it wait for, and how long, as `retries in 1.2 s`; "" where none does.
    """

    __slots__ = ("address", "component", "pause", "phase", "received", "sent")

    def __init__(self, address: str, component: str, phase: str, received: int, sent: int, pause: str = "") -> None:
        self.address = address
        self.pause = pause
        self.component = component
        self.phase = phase
        self.received = received
        self.sent = sent


class EdgeState:
    """One edge at one moment: packets put and taken so far, packets that lie on it, and its capacity.

    By its policies packets have `expired`, or were `dropped`; `bytes` of `most_bytes` lie there where it has such.
    """

    __slots__ = ("address", "bytes", "capacity", "dropped", "expired", "fill", "most_bytes", "put", "taken")

    def __init__(
        self,
        address: str,
        put: int,
        taken: int,
        fill: int,
        capacity: int | None,
        lost: tuple[int, int] = (0, 0),
        bytes: tuple[int, int | None] = (0, None),
    ) -> None:
        self.address = address
        self.put = put
        self.taken = taken
        self.fill = fill
        self.capacity = capacity
        self.expired, self.dropped = lost
        self.bytes, self.most_bytes = bytes


class Snapshot:
    """A net at one moment: nodes and edges in order of declaration, seconds since the start, and what it waits for.

    `is_stopping` says that the net was asked to stop, or is being ended.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        def show(snapshot: Snapshot) -> None:
            print({address: node.phase for address, node in snapshot.nodes.items()})

        result = BatchRuntime(double).run(inputs={"number": 21}, progress=show)
        #> {'double': 'ended', 'inputs.number': 'ended'}
    """

    __slots__ = ("edges", "is_stopping", "nodes", "outstanding", "seconds")

    def __init__(
        self,
        nodes: dict[str, NodeState],
        edges: dict[str, EdgeState],
        seconds: float,
        outstanding: tuple[str, ...],
        *,
        is_stopping: bool,
    ) -> None:
        self.nodes = nodes
        self.edges = edges
        self.seconds = seconds
        self.outstanding = outstanding
        self.is_stopping = is_stopping


class Result:
    """How a run ended.

    - `outcome`, and `reason`: a sentence that says why;
    - `outputs`: a list of values for each output port; none of a stream, which does not keep what was read;
    - `read`: how many packets of each output were read, if the net was read as a stream;
    - `errors`: what nodes raised;
    - `unread`: packets left on edges, by the edge's address;
    - `held`: packets that a node had taken and not done with when it was cancelled or failed, by port;
      of several firings at once the second by one port is at `fetch.url#2`;
    - `unsent`: values whose send waited when their node was cancelled, by port;
    - `discarded`: how many packets went nowhere, by output port;
    - `retries`: how often policies have tried firings of a node again, by address; `restarts`: how often they have
      begun it anew; `released`: why a policy has ended one;
    - `dropped`: how many packets were dropped as policies say: held by a node, by port, or on an edge, by its address;
    - `expired`: how many packets got too old on an edge, by its address;
    - `forgotten`: how many keys a node does not remember any more, as its policies say, by address;
    - `abandoned`: how many threads of a node were left behind, by address, for they did not end in time; `outliving`:
      those that had not ended either when the net had, and where they were;
    - `dead_letters`: packets that nobody could process, where policies keep them; `fed`: how many of earlier runs were
      fed back to a node and are done, by address;
    - `knot`: the nodes and edges of a deadlock, in the order of the circle;
    - `waits`: what each node that had not ended waited for when the net was called blocked or stopped;
    - `packets`: what is known of the packets, a `PacketRegistry`;
    - `nodes`, `edges`, `seconds`: the last state of the net, and how long it ran.

    `str(result)` is its `summary()`; in a notebook, and printed by rich, it is a table.

    Example:
        @component
        def parse(text: str) -> int:
            return int(text)

        result = BatchRuntime(parse).run(inputs={"text": Each(["1", "two", "3"])}, raises=False)
        assert isinstance(result, Result)
        print(result.outcome, result.outputs.out, result.held, result.unread)
        #> failed [1] {'parse.text': 'two'} {'inputs.text->parse.text': ['3']}
    """

    def __init__(
        self,
        name: str,
        outcome: Outcome,
        reason: str,
        outputs: dict[str, list[Any]],
        final: Snapshot,
        read: dict[str, int] | None = None,
    ) -> None:
        self.name = name
        self.outcome = outcome
        self.reason = reason
        self.read: dict[str, int] = read or {}
        self.outputs = Outputs(outputs, self.read)
        self.nodes = final.nodes
        self.edges = final.edges
        self.seconds = final.seconds
        self.errors: tuple[NodeError, ...] = ()
        self.unread: dict[str, list[Any]] = {}
        self.held: dict[str, Any] = {}
        self.unsent: dict[str, list[Any]] = {}
        self.discarded: dict[str, int] = {}
        self.packets: PacketRegistry
        self.retries: dict[str, int] = {}
        self.restarts: dict[str, int] = {}
        self.released: dict[str, str] = {}
        self.dropped: dict[str, int] = {}
        self.expired: dict[str, int] = {}
        self.dead_letters = Letters()
        self.forgotten: dict[str, int] = {}
        self.abandoned: dict[str, int] = {}
        self.outliving: tuple[str, ...] = ()
        self.fed: dict[str, int] = {}
        self.knot: tuple[str, ...] = ()
        self.waits: dict[str, str] = {}

    def summary(self) -> str:
        """Say in a few lines how the run ended, and where packets went that did not come out."""
        lines = [
            f"{self.name}: {self.outcome} after {self.seconds:.2f} s" + (f" ({self.reason})" if self.reason else "")
        ]
        lines += [f"  error  {error}".replace("\n", "\n         ") for error in self.errors]
        lines += [f"  retried  {address}: {_times(count)}" for address, count in self.retries.items()]
        lines += [f"  restarted  {address}: {_times(count)}" for address, count in self.restarts.items()]
        lines += [f"  released  {address}: {reason}" for address, reason in self.released.items()]
        lines += [f"  forgotten  {address}: {_counted(count, 'key')}" for address, count in self.forgotten.items()]
        lines += [f"  abandoned  {address}: {_counted(count, 'thread')}" for address, count in self.abandoned.items()]
        lines += [f"  outlives the net  {each}" for each in each_once(self.outliving)]
        if self.knot:
            lines.append(f"  circle  {' -> '.join(self.knot)}")
        lines += [f"  waits  {address}: {what}" for address, what in self.waits.items()]
        lines += [f"  unread  {address}: {_few(values)}" for address, values in self.unread.items()]
        lines += [f"  held  {address}: {shown(value)}" for address, value in self.held.items()]
        lines += [f"  unsent  {address}: {_few(values)}" for address, values in self.unsent.items()]
        lines += [f"  dropped  {address}: {_counted(count, 'packet')}" for address, count in self.dropped.items()]
        lines += [f"  fed  {address}: {_letters(count)} done" for address, count in self.fed.items()]
        lines += [f"  expired  {address}: {_counted(count, 'packet')}" for address, count in self.expired.items()]
        lines += [f"  dead letters  {where}" for where in self.dead_letters.in_words()]
        lines += [f"  discarded  {address}: {_counted(count, 'packet')}" for address, count in self.discarded.items()]
        lines += [f"  output  {port}: {_counted(len(self.outputs[port]), 'packet')}" for port in self.outputs]
        lines += [f"  read  {port}: {_counted(count, 'packet')}" for port, count in self.read.items()]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        parts = [f"{port} {len(self.outputs[port]):,}" for port in self.outputs]
        parts += [f"{port} {count:,} read" for port, count in self.read.items()]
        lying = sum(map(len, self.unread.values())) + sum(map(len, self.unsent.values())) + len(self.held)
        dead = len(self.dead_letters)
        letters = "dead letter" if dead == 1 else "dead letters"
        counts = {"left behind": lying, letters: dead, "failed": len(self.errors)}
        parts += [f"{count:,} {what}" for what, count in counts.items() if count]
        return f"<Result of {self.name}: {self.outcome}{'; ' if parts else ''}{', '.join(parts)}>"

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from fbcore.formats.result_html import sheet_to_html
        from fbcore.net.result_sheet import sheet_of

        return sheet_to_html(sheet_of(self))

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        """Show it on a console of rich: `rich.print(result)`."""
        from fbcore.formats.result_rich import sheet_to_rich
        from fbcore.net.result_sheet import sheet_of

        return sheet_to_rich(sheet_of(self), console, options.max_width)


class NetError(FlowError):
    """A run did not end well: `result` says how it ended, `errors` holds what the nodes raised.

    `errors` is an `ExceptionGroup` of `NodeError`, or None when no node failed (the net was starved,
    deadlocked, or its time was up).

    Example:
        @component
        def parse(text: str) -> int:
            return int(text)

        try:
            BatchRuntime(parse).run(inputs={"text": "two"})
        except NetError as error:
            print(error)
            #> parse: failed: parse: ValueError: invalid literal for int() with base 10: 'two' (net.py:3)
            #>   hint: mend the component, or connect `parse.error` to take what fails
            print(error.result.held)
            #> {'parse.text': 'two'}
    """

    def __init__(self, what: str, address: str, hint: str, result: Result) -> None:
        super().__init__(what, address, hint)
        self.result = result
        self.errors = ExceptionGroup(f"errors of net {address}", list(result.errors)) if result.errors else None

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.what, self.address, self.hint, self.result))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _letters(count: int) -> str:
    return f"{count:,} dead letter{'' if count == 1 else 's'}"


def _few(values: list[Any]) -> str:
    first = ", ".join(shown(value) for value in values[:3])
    return f"{_counted(len(values), 'packet')}: {first}{', ...' if len(values) > 3 else ''}"
