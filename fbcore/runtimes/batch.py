"""BatchRuntime: run a net from its inputs to its end, and say what came out and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from os import PathLike
from typing import TYPE_CHECKING, Any

from fbcore.model.component import Component
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import Graph
from fbcore.model.packet import Each
from fbcore.net.build import build_net
from fbcore.net.net import Net
from fbcore.net.observe import Observer
from fbcore.net.options import DEFAULTS, UNLESS_SAID, Check, HowToStop, Tracking
from fbcore.net.report import Result, Snapshot
from fbcore.runtimes.around import graph_around
from fbcore.runtimes.blocking import run_blocking
from fbcore.runtimes.running import AGAIN, Running
from fbcore.runtimes.stream import Stream
from fbcore.runtimes.token import check_one_token

if TYPE_CHECKING:
    from fbcore.orchestration.feeding import AnyLetters, Feed
    from fbcore.orchestration.orchestrator import Orchestrator
    from fbcore.orchestration.settings import NetSettings


class BatchRuntime:
    """Runs nets of one graph, each from its inputs to its end.

    The net ends when all its nodes have ended. When nothing can move any more and nothing is outstanding, it
    is called blocked at once: a deadlocked or starved net is ended, a quiescent one (a loop that has run dry)
    is brought to its end by closing the inputs of one node after the other.

    A component may stand for the graph: its inputs, outputs and configs are then those of the graph. `error=True`
    makes its port `error` an output too, and `elements` names the elements of its array ports, as `["items[0]"]`.

    Any number of runs may go on at the same time, of one runtime or of several, in one loop or in several
    threads; each has a net of its own.

    `tracking="history"` keeps what became of every packet, for `result.packets` (by default only those in flight
    are known), and `keep` the values of so many of them at each node: a number of packets, or bytes (`"10 MB"`).
    `check="edges"` checks the type of every value on every edge, `check="mutation"` finds values that were changed
    after they had been sent; both take time.

    These are short for `settings`: a `NetSettings`, or the path of a TOML or JSON file, which can say more, of single
    nodes too. What is given here counts, and so does what a run is given. The `orchestrator` builds the nets.

    Example:
        @component
        def scale(number: float, factor: float = 2.0) -> float:
            return number * factor

        graph = Graph("scales")
        node = graph.add(scale)
        graph.inputs.number >> node.number
        graph.configs.factor >> node.factor
        node.out >> graph.outputs.scaled

        result = BatchRuntime(graph).run(inputs={"number": Each([1.0, 2.0])}, factor=2.5)
        print(result.outcome, result.outputs.scaled)
        #> finished [2.5, 5.0]
        print(BatchRuntime(scale).run(inputs={"number": 4.0}).outputs.out)
        #> [8.0]
    """

    def __init__(
        self,
        graph: Graph | type[Component] | FunctionComponent[..., Any, Any],
        *,
        elements: Sequence[str] = (),
        error: bool = False,
        settings: NetSettings | Mapping[str, Any] | str | PathLike[str] | None = None,
        orchestrator: Orchestrator | None = None,
        tracking: Tracking | None = None,
        keep: int | str | None = None,
        check: Check = None,
    ) -> None:
        self.graph = graph_around(graph, elements, error=error)
        self.options = DEFAULTS
        if any(each is not None for each in (settings, orchestrator, tracking, keep, check)):
            # Loaded here, for most nets are run without.
            from fbcore.orchestration.orchestrator import orchestrator_of
            from fbcore.orchestration.settings import settings_of

            self.settings = settings_of(settings, tracking=tracking, keep=keep, check=check)
            self.orchestrator = orchestrator_of(orchestrator)
            self.options = self.settings.options()
        self._running: list[Running] = []

    @cached_property
    def settings(self) -> NetSettings:
        """How nets are run."""
        from fbcore.orchestration.settings import NetSettings

        return NetSettings()

    @cached_property
    def orchestrator(self) -> Orchestrator:
        """What builds nets, starts them, and decides for them."""
        from fbcore.orchestration.orchestrator import Orchestrator

        return Orchestrator()

    @property
    def _is_plain(self) -> bool:
        """Whether nobody has said how nets are run, nor asked: what manages them then need not be loaded."""
        return not {"settings", "orchestrator"} & vars(self).keys()

    def run(
        self,
        /,
        *,
        inputs: Mapping[str, Any] | None = None,
        feed_dead_letters: AnyLetters | None = None,
        only_dead_letters: bool = False,
        time_limit: float | None = None,
        grace: float | None = None,
        progress: Callable[[Snapshot], None] | None = None,
        observers: Iterable[Observer] = (),
        raises: bool = True,
        **configs: Any,
    ) -> Result:
        """Run a net from ordinary code, also where a loop runs already, as in a notebook.

        `inputs` gives a value for every input of the graph; `Each(iterable)` sends its items one by one. An
        input that goes to optional inputs only may be left out. After `time_limit` seconds the net is
        cancelled. `progress` is called ten times a second, and at the end, with a `Snapshot`.
        `raises=False` returns the result of a bad run instead of raising. Other keywords are the graph's
        configs. `feed_dead_letters` is a file of dead letters of earlier runs, or a list as `result.dead_letters`: they
        come to the ports that they could not be processed at, before anything else; inputs may then be left out.
        A letter leaves its file when it is done. With `only_dead_letters` the net's sources do not run.

        In the main thread SIGINT and SIGTERM stop the net: they drain it for at most `grace` seconds, or cancel it
        where the settings say `stop="at once"`; a second one cancels it anyway.

        Raises:
            NetError: the net failed, starved, deadlocked, or its time was up. `.result` says where all packets are.
            GraphError: the graph cannot run.
            ConfigError, InputError: a value is missing, unknown, or does not fit its type. An item of an `Each`
                that does not fit fails the net while it runs: a NetError.

        Example:
            from collections.abc import Iterator

            @component
            def words(line: str, sep: str = " ") -> Iterator[str]:
                yield from line.split(sep)

            result = BatchRuntime(words).run(inputs={"line": Each(["a-b", "c"])}, sep="-", time_limit=10)
            print(result.outputs.out)
            #> ['a', 'b', 'c']
        """
        begun: list[Running] = []
        how: dict[str, Any] = {"time_limit": time_limit, "grace": grace, "progress": progress, "raises": raises}

        def begin() -> Running:
            running = self._begin(inputs, configs, observers, feed_dead_letters, only_dead_letters, **how)
            begun.append(running)
            return running

        def stop(times: int) -> None:
            # Only this run: others of this runtime may belong to loops in other threads.
            for running in begun:
                running.stop("asked to stop by a signal" if times == 1 else AGAIN)

        return run_blocking(lambda: _to_its_end(begin), stop)

    async def arun(
        self,
        /,
        *,
        inputs: Mapping[str, Any] | None = None,
        feed_dead_letters: AnyLetters | None = None,
        only_dead_letters: bool = False,
        time_limit: float | None = None,
        grace: float | None = None,
        progress: Callable[[Snapshot], None] | None = None,
        observers: Iterable[Observer] = (),
        raises: bool = True,
        **configs: Any,
    ) -> Result:
        """Run a net inside a running loop; options and errors as of `run`. Installs no signal handlers.

        `grace` is what a `stop` of the runtime gives the net to drain (5 seconds, unless settings say otherwise). When
        the caller is cancelled, the net is, and the `CancelledError` carries the summary as a note.

        Example:
            import asyncio

            @component
            def double(number: int) -> int:
                return 2 * number

            async def main() -> None:
                result = await BatchRuntime(double).arun(inputs={"number": Each([1, 2])})
                print(result.outputs.out)

            asyncio.run(main())
            #> [2, 4]
        """
        return await _to_its_end(
            lambda: self._begin(
                inputs,
                configs,
                observers,
                feed_dead_letters,
                only_dead_letters,
                time_limit=time_limit,
                grace=grace,
                progress=progress,
                raises=raises,
            )
        )

    def stream(
        self,
        /,
        *,
        inputs: Mapping[str, Any] | None = None,
        feed_dead_letters: AnyLetters | None = None,
        only_dead_letters: bool = False,
        time_limit: float | None = None,
        grace: float | None = None,
        progress: Callable[[Snapshot], None] | None = None,
        observers: Iterable[Observer] = (),
        raises: bool = True,
        **configs: Any,
    ) -> Stream:
        """Run a net inside a running loop, and read its packets as they come out; options and errors as of `run`.

        The net waits for its reader: at most as many packets lie at an output as its edge has capacity. The
        time of the reader counts for `time_limit`. `GraphError`, `ConfigError` and `InputError` are raised
        where the stream is entered, `NetError` after the last packet.

        Example:
            import asyncio

            @component
            def double(number: int) -> int:
                return 2 * number

            async def main() -> None:
                async with BatchRuntime(double).stream(inputs={"number": Each([1, 2])}) as results:
                    async for port, value in results:
                        print(port, value)

            asyncio.run(main())
            #> out 2
            #> out 4
        """
        return Stream(
            self.graph.name,
            lambda: self._begin(
                inputs,
                configs,
                observers,
                feed_dead_letters,
                only_dead_letters,
                streamed=True,
                time_limit=time_limit,
                grace=grace,
                progress=progress,
                raises=raises,
            ),
        )

    def stop(self, reason: str = "", grace: float | None = None, how: HowToStop | None = None) -> None:
        """Stop every net that this runtime runs at this moment, from any thread; returns at once.

        They are drained unless `how` is `"at once"`, or the settings say so: sources are cancelled, and what is on its
        way comes out. A net that has not ended after `grace` seconds is cancelled; without it, after those that its run
        was given. One that was asked before is cancelled now. Later runs are not stopped.

        Example:
            import asyncio

            class Clock(Component):
                tick: Out[float]

                async def run(self) -> None:
                    while True:
                        await self.tick.send(self.net.time())

            async def main() -> None:
                runtime = BatchRuntime(Clock)
                asyncio.get_running_loop().call_soon(runtime.stop, "enough")
                result = await runtime.arun()
                print(result.outcome, result.reason)

            asyncio.run(main())
            #> stopped enough
        """
        for running in list(self._running):
            running.stop_from_anywhere(reason, grace, how)

    def _begin(
        self,
        inputs: Mapping[str, Any] | None,
        configs: Mapping[str, Any],
        observers: Iterable[Observer],
        letters: AnyLetters | None,
        alone: bool,
        *,
        streamed: bool = False,
        **options: Any,
    ) -> Running:
        check_one_token(self.graph, inputs)
        for name in ("time_limit", "grace", "stop"):
            if options.get(name) is None:
                options[name] = UNLESS_SAID[name] if self._is_plain else self.settings.origin("", name).value
        if self._is_plain and letters is None:
            net = build_net(self.graph, inputs, configs, observers, self.options, streamed=streamed)
            return Running(net, self._running, Net.run, **options)
        build = partial(self.orchestrator.build, self.graph, self.settings)
        feed = None
        if letters is not None:
            feed, inputs = self._fed(letters, inputs, alone=alone)
            build = partial(build, feed=feed)
        try:
            net = build(inputs, configs, observers, options=self.options, streamed=streamed)
        except BaseException:
            if feed is not None:
                feed.close()
            raise
        return Running(net, self._running, self.orchestrator.run, feed=feed, **options)

    def _fed(
        self, letters: AnyLetters, inputs: Mapping[str, Any] | None, *, alone: bool
    ) -> tuple[Feed, Mapping[str, Any]]:
        """Open a feed of dead letters; inputs that were not given then get nothing."""
        from fbcore.orchestration.feeding import Feed

        self.graph.validate()
        feed = Feed(letters, alone=alone)
        feed.open(self.graph)
        return feed, {**{name: Each(()) for name in self.graph.border("inputs")}, **(inputs or {})}


async def _to_its_end(begin: Callable[[], Running]) -> Result:
    running = begin()
    await running.to_its_end()
    return running.result()
