"""Nets as processes: every turn of a node is a step, and the net itself is one when nothing else can happen."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from typing import Any

from fbcore.errors import LoopError
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.report import Outcome, Result
from fbcore.net.trace import Move
from fbcore.runtimes.choice import in_words
from fbcore.runtimes.identity import end_of, state_digest
from fbcore.runtimes.stepping import Stepping
from fbdev.explore.around import Around
from fbdev.explore.data import net_data, shown_all
from fbdev.explore.execution import Fault
from fbdev.explore.failure import FailureKind
from fbdev.explore.known import Known
from fbdev.explore.net_scene import NetScene
from fbdev.explore.private import NotReducedError, breaks_reduction, ends_early, private_step
from fbdev.explore.program import Program
from fbdev.explore.shared import NOTES, Notes, Use
from fbdev.explore.times import Times
from fbdev.explore.watch import Watch
from fbdev.explore.whereabouts import Whereabouts
from fbdev.explore.words import Accesses, ExploreError, Finished, NotEnabled, NotWholeError, Step, Yielded

_LONGEST_END = 10_000
"""Steps in which a net that is cancelled must have ended, or it is left as it is."""

_WAY = 128
"""Steps without a choice after which a state is read all the same, so that circles are seen."""


class Played:
    """A net that is explored, as checks see it."""

    __slots__ = ("_stepping", "saw_all")

    def __init__(self, stepping: Stepping) -> None:
        self._stepping = stepping
        self.saw_all = False
        """Whether somebody has looked at more than outputs and result."""

    def state(self) -> dict[str, Any]:
        """Return the net as it is, as `FSMRuntime.state` does."""
        self.saw_all = True
        return self._stepping.state()

    @property
    def outputs(self) -> dict[str, list[Any]]:
        """What has come out so far, by output."""
        return {name: sink.values() for name, sink in self._stepping.net.sinks.items()}

    @property
    def result(self) -> Result | None:
        """How the net ended; None while it has not."""
        return self._stepping.result


class Repeating(Stepping):
    """A net whose nodes are not asked what they did: for who makes steps that were made before."""

    def __init__(self, make_net: Callable[[], Net], *, remembers: bool) -> None:
        super().__init__(make_net)

    def _note(self, node: Node, name: str, before: tuple[str, list[str]], moves: tuple[Move, ...]) -> None:
        """Take down nothing."""


class NetExecution:
    """An execution of a net. See `Execution`.

    While the program is reduced, a step that no other can race with is the only one that is available: whatever else
    can happen, can happen after it as well. One that only `repeats` another is not looked into on its way: of what its
    nodes share and remember the first one has told.
    """

    def __init__(self, program: Program, scene: NetScene, *, repeats: bool = False) -> None:
        if program.remap:
            what = "nodes keep their names: none of a net is made anew while it runs, so that none can pass for another"
            raise ExploreError(what, "explore", "leave `identity` and `remap` out")
        self._program = program
        self._scene = scene
        if program.known is None:
            program.known = Known(scene.graph, scene.inputs, scene.configs, scene.context)
        self._known: Known = program.known
        self._known.learns = program.learns
        self._known.put_back()
        if program.random_state is not None:
            random.setstate(program.random_state)
        self._notes = notes = Notes()
        context = copy_context()
        context.run(NOTES.set, notes)
        kind = Repeating if repeats else program.stepping or Stepping
        self._stepping: Stepping = context.run(scene.begin, kind)
        self._times = Times(self._stepping)
        notes.clock = self._times.tell
        self._watch = None if repeats else Watch(self._known, self._stepping, draws=program.random_state is not None)
        self._whereabouts = Whereabouts(self._stepping.net.nodes, self._stepping.trails)
        self._available: list[str] | None = None
        self._base: Hashable = None
        self._base_at = self._read_at = self._steps = 0
        self._first = ""
        self.shared = Played(self._stepping)
        self.sentinel_error: Exception | None = None
        self.accesses: Accesses = None
        self.woken: list[str] = []
        self.withdrawn: Sequence[str] = ()
        self._around = Around(program, self.shared, scene.context, self._stepping)
        self._around.begin(self)

    # -- what can be seen ------------------------------------------------------------------------------

    @property
    def available(self) -> Sequence[str]:
        """See `Execution`."""
        if self._available is None:
            self._available = self._next_steps()
        return self._available

    def _next_steps(self) -> list[str]:
        stepping = self._stepping
        alone = None
        if self._program.reduces:
            alone = private_step(stepping, self._known, shows=self._program.invariant is not None)
        if alone is not None:
            return [alone]
        return _without_insisting(stepping) if stepping.net.is_cancelled else stepping.names()

    @property
    def state(self) -> Mapping[str, str]:
        """See `Execution`: of each node where it stands; at the end how the net ended, and what came out."""
        stepping = self._stepping
        if stepping.result is not None:
            outputs = {f"outputs.{name}": shown_all(values) for name, values in self.shared.outputs.items()}
            return {"outcome": str(stepping.result.outcome), **outputs}
        return self._whereabouts.tell()

    @property
    def waiting(self) -> Mapping[str, Accesses]:
        """See `Execution`: the net itself says who waits, by its outcome."""
        return {}

    @property
    def endings(self) -> Mapping[str, Step]:
        """How the net ended, when it has."""
        return {}

    @property
    def uses(self) -> Sequence[Use]:
        """Nothing: what a node uses besides its ports nobody notes."""
        return ()

    def hidden_sharing(self) -> Mapping[str, set[str]]:
        """See `Execution`: what was seen to be changed, in this execution or one before."""
        return self._known.shared()

    def data(self) -> Mapping[str, Mapping[str, str]]:
        """See `Execution`: of each node what it holds and remembers, and what lies on edges and has come out."""
        return net_data(self._stepping.state(), self.shared.outputs, self._known.contents())

    def unnoted(self) -> AbstractContextManager[None]:
        """See `Execution`."""
        return nullcontext()

    def deadlock(self) -> str:
        """Return nothing: see `fault`."""
        return ""

    def pending(self, process: str) -> Accesses:
        """Return None: what a node will touch it does not say."""
        return None

    def has_waited(self, process: str) -> bool:
        """Tell whether a process said that it waits."""
        return False

    def place(self, process: str) -> str:
        """Return what the step would do."""
        return self._stepping.choice(process).does if self._stepping.is_enabled(process) else ""

    def fault(self) -> Fault | None:
        """See `Execution`."""
        result = self._stepping.result
        if result is None or result.outcome in self._scene.allowed:
            return None
        if result.errors:
            first = result.errors[0]
            return Fault("exception", f"{first.address}: {first.what}", first.address, first.traceback)
        kind: FailureKind = "deadlock" if result.outcome is Outcome.DEADLOCKED else "end"
        return Fault(kind, f"{result.outcome}: {result.reason}")

    # -- steps -----------------------------------------------------------------------------------------

    def next(self, process: str) -> Step:
        """See `Execution`."""
        stepping = self._stepping
        if process not in (self._available or ()) and not stepping.is_enabled(process):
            return NotEnabled(process, "it is not enabled")
        does = stepping.choice(process).does if self._program.tells else ""
        was_cancelled = stepping.net.is_cancelled
        address, moves = self._make(process)
        if self._program.reduces and not was_cancelled:
            why = breaks_reduction(stepping, address)
            if why:
                raise NotReducedError(why)
        if stepping.net.is_cancelled:
            self._wind_up()
        if stepping.result is not None:
            step: Step = Finished(str(stepping.result.outcome))
        else:
            step = Yielded((in_words(moves) or does) if self._program.tells else process)
        self.sentinel_error = self._around.after(self, process, step)
        return step

    def replay(self, path: Sequence[str]) -> None:
        """See `Execution`."""
        for name in path:
            if not self._around.is_empty:
                if type(self.next(name)) is NotEnabled:
                    raise KeyError(name)
                continue
            try:
                self._make(name)
            except LoopError:
                # It is no step that can be made.
                raise KeyError(name) from None
            if self._stepping.net.is_cancelled:
                self._wind_up()

    def _make(self, name: str) -> tuple[str, tuple[Move, ...]]:
        """Make a step, and see what it has changed behind the ports."""
        self._available = None
        if self._steps == self._base_at:
            self._first = name
        self._steps += 1
        address = self._around.before(name)
        self._notes.maker = address
        self._notes.uses.clear()
        if self._watch is None:
            return self._stepping.make(name)
        self._watch.before(address)
        found = self._stepping.make(name)
        self._watch.after(address, found[1])
        if self._times.was_told:
            self._known.note_clock()
        if self._times.were_asked() and address:
            self._known.note_apart([address])
        node = self._stepping.trails[address].node if address and self._program.reduces else None
        if node is not None and node.ended and not self._stepping.net.is_stopping:
            self._known.note_apart(ends_early(node))
        return found

    def _wind_up(self) -> None:
        """Let a net end that is cancelled: how it ends is decided, in whatever order nodes are cancelled."""
        stepping = self._stepping
        for _ in range(_LONGEST_END if self._program.winds_up else 0):
            first = stepping.first() if stepping.net.is_cancelled else None
            if first is None:
                return
            stepping.make(first)

    # -- the whole state -------------------------------------------------------------------------------

    def key(self) -> Hashable:
        """See `Execution`."""
        since = self._steps - self._base_at
        had_no_choice = self._program.reduces and self._base is not None and len(self.available) == 1
        if had_no_choice and since < _WAY and self._steps == self._read_at + 1:
            # What it has come to is told by where it came from, and how far.
            self._read_at += 1
            return self._base, self._first, since
        self._base = self._whole_key()
        self._base_at = self._read_at = self._steps
        return self._base

    def _whole_key(self) -> Hashable:
        for address, trail in self._stepping.trails.items():
            if trail.has_own_tasks and not self._stepping.pasts[address].knows_tasks:  # type: ignore[index]
                raise NotWholeError(f"node {address} {trail.strayed}")
        if self._program.reduces and self.shared.saw_all:
            raise NotReducedError("the invariant looks at the whole state")
        now = self._stepping.loop.time() if self._known.is_timed else None
        drawn = tuple(sorted(self._notes.draws.items()))
        behind = self._watch.key() if self._watch is not None else None
        return state_digest(self._stepping), behind, self._around.key(), now, drawn

    def labels_key(self) -> Hashable:
        """Return where all nodes stand, and nothing else."""
        return tuple(sorted(self.state.items()))

    def end_key(self) -> Hashable:
        """See `Execution`: the outcome, and what came out."""
        found = end_of(self._stepping)
        return found["outcome"], repr(found["outputs"]), repr(found["order"])

    def done(self) -> tuple[int, ...]:
        """Return what tells what was done: the port operations of each node, and the packets that passed each edge."""
        net = self._stepping.net
        operations = [node.trace.count for node in net.nodes if node.trace is not None]
        return *operations, *[edge.passed for edge in net.edges]

    def close(self) -> None:
        """See `Execution`."""
        if self._stepping.loop.is_closed():
            return
        self._around.end(self)
        if self._stepping.result is not None:
            self._known.done = self.done()
        self._stepping.close()
        self._known.put_back()


def _without_insisting(stepping: Stepping) -> list[str]:
    """Return what can happen to a net that is cancelled, without that it cancels again while nodes have turns.

    It does so every five seconds, and could for ever before a node had its next turn.
    """
    names, ready = stepping.names(), stepping.addresses_ready()
    return [name for name in names if not ready or name in stepping.loop.ready or stepping.node_of(name) is not None]
