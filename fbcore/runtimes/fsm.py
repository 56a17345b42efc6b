"""FSMRuntime: a net as a state machine, of which one step after the other is made, and taken back."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fbcore.driver import Driver, first_come
from fbcore.errors import DataError, FlowError, GraphError, SnapshotError, StepError
from fbcore.model.component import Component
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import Graph
from fbcore.net.net import Net
from fbcore.net.options import Check, Tracking
from fbcore.net.report import Result
from fbcore.orchestration.orchestrator import Orchestrator, orchestrator_of
from fbcore.orchestration.settings import NetSettings, settings_of
from fbcore.runtimes.around import graph_around
from fbcore.runtimes.choice import Choice, Enabled, Step
from fbcore.runtimes.looking import Looking
from fbcore.runtimes.repeatable import repeatable
from fbcore.runtimes.snapshot import check, damaged, given_in, read, snapshot_of, write
from fbcore.runtimes.stepping import Stepping
from fbcore.runtimes.token import Token, check_one_token
from fbcore.runtimes.until import Until
from fbcore.runtimes.visited import Visited

STOP = "stop"
"""A choice that is always there until the net is stopping, and is made by `FSMRuntime.stop`."""


class FSMRuntime(Looking):
    """Runs a net as a state machine: says what can happen next, and makes one step after the other.

    A step is one turn of a node, which ends at its next port operation, sleep or other wait. `enabled` lists the
    choices; which of them is taken is all that is not determined, so that `choices` is a recording: the same
    choices make the same run. Time is virtual: it jumps when a timer is chosen, and stands still otherwise.

    `driver` chooses where `step` is not told what: first come, unless said otherwise. `tracking`, `keep`, `check`,
    `settings`, `orchestrator`, `elements` and `error` are as those of `BatchRuntime`. Breakpoints are conditions after
    which `run` stops.
    Of a state machine (`Graph(name, token=True)`) it says in which state it is (`active`). A step after which there
    are two tokens, or none, raises: it was made, is the last of `choices`, and has to be undone before any other.
    With `visited=True` the runtime notes the states that the net comes to, and what led from one to another.

    Close it, or use it in a `with` block: nodes are then cancelled, as their `finally` blocks expect.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        with FSMRuntime(double).start(inputs={"number": Each([1, 2])}) as fsm:
            print(list(fsm.enabled()))
            #> ['double', 'inputs.number']
            step = fsm.run_until(port="double.out")
            print(step.number, fsm.state()["edges"]["double.out->outputs.out"])
            #> 7 [2]
            fsm.undo()
            print(fsm.enabled()["double"].does)
            #> sends 2 by out
            print(fsm.run().outputs.out)
            #> [2, 4]
    """

    def __init__(
        self,
        graph: Graph | type[Component] | FunctionComponent[..., Any, Any],
        *,
        driver: Driver = first_come,
        elements: Sequence[str] = (),
        error: bool = False,
        settings: NetSettings | Mapping[str, Any] | str | Path | None = None,
        orchestrator: Orchestrator | None = None,
        tracking: Tracking | None = None,
        keep: int | str | None = None,
        check: Check = None,
        visited: bool = False,
    ) -> None:
        self.graph = graph_around(graph, elements, error=error)
        self._visited = Visited(self.graph.name) if visited else None
        self.settings = settings_of(settings, tracking=tracking, keep=keep, check=check)
        self.orchestrator = orchestrator_of(orchestrator)
        self.options = self.settings.options(stepwise=True)
        self.driver = driver
        self.choices: list[str] = []
        self.breakpoints: list[Until] = []
        self._begin: Callable[[], Stepping] | None = None
        self._inputs: Mapping[str, Any] = {}
        self._configs: Mapping[str, Any] = {}
        self._stepping: Stepping | None = None
        self._forgotten: weakref.finalize[..., Any] | None = None

    # -- beginning and ending ----------------------------------------------------------------------

    def start(self, /, *, inputs: Mapping[str, Any] | None = None, **configs: Any) -> Self:
        """Make a net, and bring it to where its nodes are about to begin; called again, begin anew.

        `inputs` gives a value for every input of the graph, `Each(iterable)` sends its items one by one; other
        keywords are the graph's configs. Returns the runtime itself.

        Raises:
            GraphError: the graph cannot run.
            ConfigError, InputError: a value is missing, unknown, or does not fit its type.
        """
        check_one_token(self.graph, inputs)
        self._start(repeatable(inputs), configs, None)
        return self

    def _start(self, inputs: Mapping[str, Any], configs: Mapping[str, Any], image: Any) -> None:
        # Nothing that a net keeps may lead back to the runtime, or it could not be forgotten.
        build = self.orchestrator.build
        make = partial(build, self.graph, self.settings, inputs, configs, options=self.options)
        before = self._begin, self._inputs, self._configs
        remembers = self._visited is not None
        begin = partial(Stepping, make, image, run=self.orchestrator.run, remembers=remembers)
        self._begin, self._inputs, self._configs = begin, inputs, configs
        try:
            self._restart([])
        except BaseException:
            self._begin, self._inputs, self._configs = before
            raise

    def _restart(self, choices: Sequence[str]) -> None:
        """Begin anew, and make the steps that were recorded."""
        assert self._begin is not None
        stepping = self._begin()
        self.close()
        self._stepping = stepping
        self._forgotten = weakref.finalize(self, stepping.abandon)
        self.choices = []
        self._token = Token(stepping, self.graph) if self.graph.token else None
        if self._visited is not None:
            self._visited.begin(stepping)
        for number, name in enumerate(choices):
            try:
                self._make(name, is_again=True)
            except StepError as error:
                if self._token is not None and error is self._token.wrong:
                    raise
                what = f"choice {number} of the recording no longer fits: {error.what}"
                raise StepError(what, error.address, error.hint) from None

    def close(self) -> None:
        """Cancel the nodes that have not ended; what was learnt of the net can be looked at no more."""
        if self._stepping is not None and self._forgotten is not None:
            self._forgotten.detach()
            self._stepping.close()
        self._stepping = self._forgotten = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _there(self) -> Stepping:
        if self._stepping is None:
            raise StepError("no net was started", self.graph.name, "call `start(inputs=..., **configs)` first")
        return self._stepping

    @property
    def net(self) -> Net:
        """The net that is stepped."""
        return self._there.net

    @property
    def result(self) -> Result | None:
        """How the net ended, with all that came out; None while it has not."""
        return self._there.result

    @property
    def time(self) -> float:
        """The virtual time, in seconds from the start."""
        return self._there.loop.time()

    # -- choosing and stepping ---------------------------------------------------------------------

    def enabled(self) -> Mapping[str, Choice]:
        """Return what can happen next, by name: turns in the order in which they became possible, then timers.

        Empty when the net has ended. It shows the net as it is, also after later steps.
        """
        return Enabled(self._there)

    def step(self, choice: Choice | str | None = None) -> Step:
        """Make one step: the one that is named, or that of the driver.

        Raises:
            StepError: it is not enabled, or the net has ended; nothing has changed then.

        Example:
            @component
            def double(number: int) -> int:
                return 2 * number

            with FSMRuntime(double).start(inputs={"number": 21}) as fsm:
                print(fsm.step("inputs.number").node, fsm.step().node)
            #> inputs.number double
        """
        stepping = self._there
        name = choice.name if isinstance(choice, Choice) else choice
        if name is None:
            name = stepping.first()
            if name is None:
                raise StepError(*self._over())
            if self.driver is not first_come:
                names = stepping.names()
                name = names[self.driver(names)]
        return self._make(name)

    def _make(self, name: str, *, is_again: bool = False) -> Step:
        stepping = self._there
        if self._token is not None and self._token.wrong is not None:
            raise self._token.wrong
        if name == STOP:
            node, moves = stepping.stop("asked to stop", self.settings)
        elif stepping.is_enabled(name):
            node, moves = stepping.make(name)
        else:
            names = stepping.names()
            raise StepError(*(self._not_enabled(name, names) if names else self._over()))
        self.choices.append(name)
        if self._visited is not None:
            self._visited.note(name, stepping, is_again=is_again)
        if self._token is not None:
            self._token.follow(node, moves, len(self.choices))
        return Step(len(self.choices), name, node, stepping.loop.time(), moves)

    def _not_enabled(self, name: str, names: Sequence[str]) -> tuple[str, str, str]:
        shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        return f"{name!r} is not enabled", self.graph.name, f"enabled are: {shown}"

    def _over(self) -> tuple[str, str, str]:
        result = self._there.result
        how = f", {result.outcome}" if result is not None else ""
        return f"the net has ended{how}, and no step is left", self.graph.name, "`undo()` takes a step back"

    def steps(self) -> Iterator[Step]:
        """Make steps until the net has ended, and yield each."""
        while self.enabled():
            yield self.step()

    def run_until(
        self,
        predicate: Callable[[FSMRuntime], object] | None = None,
        *,
        node: str | None = None,
        port: str | None = None,
        packet: Any = None,
        time: float | None = None,
        blocked: bool = False,
    ) -> Step | None:
        """Make steps until one meets the condition, and return that; None when a breakpoint or the end came first.

        `node`: it was a turn of this node. `port`: a packet went by this port (`parse.out`) or edge. `packet`: this
        packet moved (a `Packet`, a `PacketId`, or a value). `time`: so many seconds of virtual time have passed.
        `blocked`: nothing else can happen. `predicate(runtime)`: it says so. Of several, all must hold.

        Raises:
            StepError: the net has no such node or port.

        Example:
            @component
            def half(number: int) -> int:
                return number // 2

            graph = Graph("halves")
            graph.inputs.number >> graph.add(half).number
            graph["half"].out >> graph.outputs.halves
            with FSMRuntime(graph).start(inputs={"number": Each([4, 8])}) as fsm:
                step = fsm.run_until(port="half.out", packet=4)
                print(step)
            #>    9  0 s  half: sent 4 to half.out->outputs.halves
        """
        until = Until(predicate, node=node, port=port, packet=packet, time=time, blocked=blocked)
        until.check(self)
        for step in self.steps():
            if until.is_met(self, step):
                return step
            if self._is_at_breakpoint(step):
                return None
        return None

    def run(self) -> Result | None:
        """Make steps until the net has ended, and return how; None when a breakpoint came first."""
        for step in self.steps():
            if self._is_at_breakpoint(step):
                return None
        return self.result

    def break_at(self, predicate: Callable[[FSMRuntime], object] | None = None, **condition: Any) -> Until:
        """Add a breakpoint: a condition as that of `run_until`, at which runs stop from now on.

        Take it out of `breakpoints` again when it is no longer wanted.

        Raises:
            StepError: the net has no such node or port.
        """
        until = Until(predicate, **condition)
        until.check(self)
        self.breakpoints.append(until)
        return until

    def _is_at_breakpoint(self, step: Step) -> bool:
        return any(until.is_met(self, step) for until in self.breakpoints)

    def undo(self, steps: int = 1) -> None:
        """Take steps back: begin anew, and make the recorded steps but for the last ones.

        Components are run again for that, so that what they do outside the net is done again.

        Raises:
            StepError: so many steps were not made; or a component did something else than the first time.
        """
        self._there  # noqa: B018 - says when nothing was started
        if not 0 <= steps <= len(self.choices):
            what = f"{steps} steps cannot be taken back, for {len(self.choices)} were made"
            raise StepError(what, self.graph.name, "undo fewer")
        self._restart(self.choices[: len(self.choices) - steps])

    def replay(self, choices: Sequence[str]) -> None:
        """Begin anew, and make the steps that were recorded in `choices`, of this runtime or another.

        Raises:
            StepError: a step is not enabled; the error says which, and the net stands before it.
        """
        self._there  # noqa: B018 - says when nothing was started
        self._restart(list(choices))

    def stop(self) -> None:
        """Ask the net to stop, as a signal would: in the steps that follow it drains, or is cancelled, as settings say.

        Recorded as a choice.
        """
        self._make(STOP)

    # -- snapshots ---------------------------------------------------------------------------------

    def snapshot(self, path: str | Path) -> Path:
        """Write the net as it is into a file of JSON, from which `restore` goes on, in this process or another.

        Works for functions, and for classes whose state is in their `Memory` (or that are `stateless`): what else a
        node has in its variables cannot be written. Values are written with their types. The file is replaced at
        once, or not at all. Returns the path.

        Raises:
            SnapshotError: there are nodes that cannot be written down, all of which are named with what to change; or
                the net has ended or is ending; or an input is fed by an iterator; or the file cannot be written.
            DataError: a packet, a config or a memory holds a value that cannot be written.
        """
        data = snapshot_of(self._there, self.graph, self._inputs, self._configs)
        write(data, Path(path))
        return Path(path)

    def restore(self, path: str | Path) -> Self:
        """Go on from a snapshot of the same graph; `choices` begin anew. Returns the runtime itself.

        Functions that were in the middle of a firing begin it again, and do not send again what they had sent.

        Raises:
            SnapshotError: the file is damaged, of a newer version, or of another graph; or a component does not come
                back to where it stood. The net that was stepped before goes on then.
            DataError: a value in it cannot be read.

        Example:
            import tempfile

            @component
            def double(number: int) -> int:
                return 2 * number

            with tempfile.TemporaryDirectory() as folder:
                with FSMRuntime(double).start(inputs={"number": Each([1, 2, 3])}) as fsm:
                    fsm.run_until(port="double.out")
                    fsm.snapshot(f"{folder}/double.json")
                with FSMRuntime(double).restore(f"{folder}/double.json") as fsm:
                    print(fsm.run().outputs.out)
            #> [2, 4, 6]
        """
        source = str(path)
        data = read(Path(path))
        try:
            check(data, self.graph, source)
            inputs, configs = given_in(data)
            self._start(inputs, configs, data)
        except (SnapshotError, DataError, GraphError):
            raise
        except (FlowError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise damaged(error, source) from error
        return self

    # -- looking -----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return the net as it is, as plain data: time, nodes, edges, timers, and what is enabled.

        Of each node its phase, how many turns it has had, its memory, the packets it holds and those that it is
        about to send; of each edge its packets, the oldest first; of each timer when it is due.

        Example:
            @component
            def double(number: int) -> int:
                return 2 * number

            with FSMRuntime(double).start(inputs={"number": 21}) as fsm:
                fsm.run_until(port="double.number")
                print(fsm.state()["edges"]["inputs.number->double.number"])
            #> [21]
        """
        return self._there.state()

    def addresses(self) -> tuple[list[str], list[str]]:
        """Return the addresses of all nodes, and those of all ports and edges."""
        net = self.net
        ports = []
        for node in net.nodes:
            ports += [port.address for port in node.ins.values()]
            ports += [port.address for port in node.outs.values()]
            ports += [node.error.address] if node.component not in ("input", "initial") else []
        edges = [edge.address for edge in net.edges]
        ends = [end for edge in edges for end in edge.split("->")]
        return [node.address for node in net.nodes], list(dict.fromkeys([*ports, *ends, *edges]))
