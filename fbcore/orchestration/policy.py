"""Policies: what is to happen to nodes and firings that fail, take long, or come too fast. Words only, nothing acts.

All times are seconds of the net's loop. A policy that cannot be is refused when it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from os import PathLike, fspath
from typing import Any, Literal

from fbcore.errors import SettingsError, shown
from fbcore.model.answers import AT_ONCE, answers_later
from fbcore.orchestration.named import errors_named, named

_CLOSED: Any = {"extra": "forbid"}
"""What pydantic is told of a policy: fields that it does not have are mistakes."""

Held = Literal["return", "dead-letter", "drop"]
"""What becomes of the packets in a node's hands: back onto their edges, to the dead letters, or dropped and counted."""

_HELD = ("return", "dead-letter", "drop")

WhenToRestart = Literal["never", "on failure", "always"]
Errors = tuple[type[Exception] | str, ...]


# -- around a node ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Restart:
    """When a node is begun anew, how often, and how long it waits before.

    `when` it fails, or always when it has ended, though its inputs have not. At most `most` times within the last
    `window` seconds (in the whole run without one; `most=None` is without bound). The first wait is `backoff`, each
    one after it `factor` times as long, up to `longest`; it is lengthened or shortened at random by the part `jitter`.
    Restarts that are older than the window count for neither.

    `memory` is kept, or reset to what it begins with. The packets in its hands are returned to their edges, put to
    the dead letters, or dropped, unless `error` is connected, or `DeadLetters` are said of the node, which get them.

    Example:
        lives = iter(["fails", "works"])

        class Upper(Component):
            text: In[str]
            loud: Out[str]
            stateless = True

            async def run(self) -> None:
                life = next(lives)
                async for text in self.text:
                    if text == "b" and life == "fails":
                        raise ConnectionError("try again")
                    await self.loud.send(text.upper())

        settings = NetSettings(nodes={"*": NodeSettings(restart=Restart(most=3, backoff=0.01))})
        result = BatchRuntime(Upper, settings=settings).run(inputs={"text": Each("abc")})
        print(result.outputs.loud, result.restarts)
        #> ['A', 'B', 'C'] {'upper': 1}
    """

    __pydantic_config__ = _CLOSED

    when: WhenToRestart = "on failure"
    most: int | None = 5
    window: float | None = None
    backoff: float = 0.1
    factor: float = 2.0
    longest: float = 60.0
    jitter: float = 0.1
    memory: Literal["keep", "reset"] = "keep"
    held: Held = "return"

    def __post_init__(self) -> None:
        _one_of(self, "when", ("never", "on failure", "always"))
        _one_of(self, "memory", ("keep", "reset"))
        _one_of(self, "held", _HELD)
        _count(self, "most", least=0, optional=True)
        _seconds(self, "window", positive=True, optional=True)
        _seconds(self, "backoff")
        _seconds(self, "longest")
        _at_least_one(self, "factor")
        _part(self, "jitter")
        if self.most is None and self.backoff == 0:
            hint = "give `most`, or a `backoff` of at least a millisecond"
            raise SettingsError("nothing bounds these restarts, neither a number nor a wait", "restart.most", hint)


@dataclass(frozen=True, slots=True)
class End:
    """When a node is ended, though it could go on.

    `after` so many executions (firings, or runs of a class: what the message `executed` counts). When it is `idle`: it
    has waited for a packet for so many seconds. At a `deadline`, so many seconds after the net has begun. When it is
    not `healthy`: a function, or the name of one as `package.module.function`, is called `every` so many seconds with
    a `NodeView` of the node; when that returns what is false, or raises, the node is ended.

    After its executions, and when it is idle, a node ends as if nothing came any more. A deadline, and a failed check
    of its health, cancel it; the packets in its hands are then `held`: returned to their edges, where they are unread,
    put to the dead letters, or dropped. A node that was ended is not begun anew.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        settings = NetSettings(nodes={"double": NodeSettings(end=End(after=2))})
        result = BatchRuntime(double, settings=settings).run(inputs={"number": Each([1, 2, 3])})
        print(result.outputs.out, result.released)
        #> [2, 4] {'double': 'all its executions are over'}
    """

    __pydantic_config__ = _CLOSED

    after: int | None = None
    idle: float | None = None
    deadline: float | None = None
    healthy: Callable[[Any], object] | str | None = None
    every: float = 10.0
    held: Held = "return"

    def __post_init__(self) -> None:
        _count(self, "after", least=1, optional=True)
        for name in ("idle", "deadline", "every"):
            _seconds(self, name, positive=True, optional=name != "every")
        _one_of(self, "held", _HELD)
        found = named(self.healthy) if isinstance(self.healthy, str) else self.healthy
        if self.healthy is not None and not callable(found):
            raise _refuse(self, "healthy", "give a function, or name it: package.module.function")
        if answers_later(found):
            raise _refuse(self, "healthy", AT_ONCE)
        object.__setattr__(self, "healthy", found)
        if all(each is None for each in (self.after, self.idle, self.deadline, self.healthy)):
            raise SettingsError("nothing says when the node is ended", "end", "give after, idle, deadline or healthy")


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Where packets go that nobody could process, instead of failing the net.

    Without a `file` they are a list in memory, `result.dead_letters`; with one each is a line of JSON in it. A function
    goes on with its next packet, a class is begun anew where a `Restart` says so, else it ends. Packets that go to the
    port `error` are no dead letters.

    Example:
        @component
        def parse(text: str) -> int:
            return int(text)

        settings = NetSettings(nodes={"parse": NodeSettings(dead_letters=DeadLetters("failed.jsonl"))})
        result = BatchRuntime(parse, settings=settings).run(inputs={"text": Each(["1", "two", "3"])})
        print(result.outcome, result.outputs.out, result.dead_letters)
        #> finished [1, 3] <1 dead letter: {'parse': {'failed.jsonl': 1}}>
    """

    __pydantic_config__ = _CLOSED

    file: str | PathLike[str] = ""

    def __post_init__(self) -> None:
        given: object = self.file
        if not isinstance(given, str | PathLike) or "\0" in str(given) or str(given).endswith("/"):
            raise _refuse(self, "file", "give the path of a file, or nothing for a list in memory")
        object.__setattr__(self, "file", fspath(given))


# -- around a firing -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a firing of a function is tried, after which errors, and how long it waits before the next attempt.

    At most `attempts` are made, the first included. The first wait is `backoff`, each one after it `factor` times as
    long, up to `longest`; it is lengthened or shortened at random by the part `jitter`. `on` are the errors that are
    worth another attempt: classes, or their names, as `ConnectionError` or `package.module.Name`.

    Before the next attempt each `Memory` of the function is what it was before the first, and so it is when the last
    has failed. Nothing of an attempt that fails has left the node: what a function returns leaves when it has. One
    that yields can be tried again until its first item has left, unless it is `buffered`.

    Example:
        answers = iter([TimeoutError("no answer"), TimeoutError("no answer"), "rain"])

        @component
        def ask(town: str) -> str:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return f"{town}: {answer}"

        settings = NetSettings(nodes={"ask": NodeSettings(retry=Retry(attempts=3, backoff=0.01))})
        result = BatchRuntime(ask, settings=settings).run(inputs={"town": "Delft"})
        print(result.outputs.out, result.retries)
        #> ['Delft: rain'] {'ask': 2}
    """

    __pydantic_config__ = _CLOSED

    attempts: int = 3
    backoff: float = 0.1
    factor: float = 2.0
    longest: float = 60.0
    jitter: float = 0.1
    on: Errors | type[Exception] | str = (Exception,)

    def __post_init__(self) -> None:
        _count(self, "attempts", least=1)
        _seconds(self, "backoff")
        _seconds(self, "longest")
        _at_least_one(self, "factor")
        _part(self, "jitter")
        object.__setattr__(self, "on", errors_named(self.on, f"{type(self).__name__.lower()}.on"))


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long each attempt of a firing may take: `hard` seconds in all, and `idle` ones without any movement.

    What moves is what comes of the function: each item of one that yields, and else its result, so that of such a
    function both mean the same. The time that items wait until there is room for them does not count. What takes longer
    fails with a `TimeoutError`; what it brings later does not count.

    An async function is cancelled where it waits. Any other one is called in a thread, so that its time is over even
    where it blocks: the thread is then left behind, and counted in `result.abandoned`. Its `Memory` is a copy, and what
    it makes of that holds when it has succeeded. On a stepped loop it is called in place, for no virtual time passes in
    it. The number alone, `timeout=5`, is the `hard` one.

    Example:
        import asyncio

        @component
        async def fetch(page: int) -> str:
            await asyncio.sleep(0 if page == 1 else 3600)
            return f"page {page}"

        graph = Graph("pages")
        node = graph.add(fetch)
        graph.inputs.page >> node.page
        node.out >> graph.outputs.pages
        node.error >> graph.outputs.failed
        settings = NetSettings(nodes={"fetch": NodeSettings(timeout=Timeout(hard=0.05))})
        result = BatchRuntime(graph, settings=settings).run(inputs={"page": Each([1, 2])})
        (failure,) = result.outputs.failed
        print(result.outputs.pages, failure.value, isinstance(failure.error.cause, TimeoutError))
        #> ['page 1'] 2 True
    """

    __pydantic_config__ = _CLOSED

    hard: float | None = None
    idle: float | None = None

    def __post_init__(self) -> None:
        _seconds(self, "hard", positive=True, optional=True)
        _seconds(self, "idle", positive=True, optional=True)
        if self.hard is None and self.idle is None:
            raise SettingsError("a time-out without a time", "timeout", "give `hard`, or `idle`, in seconds")


@dataclass(frozen=True, slots=True)
class Breaker:
    """After how many failures in a row firings of a function are refused, and after how long one is tried again.

    When `failures` firings in a row have failed, each with all its attempts, with one of the errors in `on` (classes,
    or names), the breaker opens. After `reset` seconds one firing is let through: when it succeeds the breaker closes,
    else it opens anew. An error that is not in `on` is an answer: it counts as a success. `meanwhile` says what becomes
    of firings while it is open: `"refuse"` lets them fail at once, with a `BreakerError`, and `"wait"` keeps them until
    one is let through, so that packets lie on their edges and nothing is lost. Those that wait for their next attempt
    when others open it give up likewise, or wait.

    Example:
        tries = []

        @component
        def ask(town: str) -> str:
            tries.append(town)
            if len(tries) < 3:
                raise ConnectionError("no line")
            return f"{town}: rain"

        breaker = Breaker(failures=2, reset=0.05, meanwhile="wait")
        settings = NetSettings(nodes={"ask": NodeSettings(breaker=breaker, dead_letters=DeadLetters())})
        result = BatchRuntime(ask, settings=settings).run(inputs={"town": Each(["Delft", "Oslo", "Rome"])})
        print(result.outputs.out, len(result.dead_letters))
        #> ['Rome: rain'] 2
    """

    __pydantic_config__ = _CLOSED

    failures: int = 5
    reset: float = 30.0
    on: Errors | type[Exception] | str = (Exception,)
    meanwhile: Literal["refuse", "wait"] = "refuse"

    def __post_init__(self) -> None:
        _count(self, "failures", least=1)
        _seconds(self, "reset", positive=True)
        _one_of(self, "meanwhile", ("refuse", "wait"))
        object.__setattr__(self, "on", errors_named(self.on, f"{type(self).__name__.lower()}.on"))


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many firings of a function (`most`) within so many seconds (`per`), evenly spread.

    `Rate(10)` begins one every tenth of a second, and not ten at once. Packets that come quicker lie on their edge;
    a firing that is late moves none of those after it, unless it is very late.

    Example:
        from fbcore.runtimes.blocking import run_on

        @component
        def call(number: int) -> int:
            return number

        settings = NetSettings(nodes={"call": NodeSettings(rate=Rate(10, per=60))})
        runtime = BatchRuntime(call, settings=settings)
        result = run_on(SteppedLoop, lambda: runtime.arun(inputs={"number": Each(range(11))}))
        print(result.seconds)
        #> 60.0
    """

    __pydantic_config__ = _CLOSED

    most: int
    per: float = 1.0

    def __post_init__(self) -> None:
        _count(self, "most", least=1)
        _seconds(self, "per", positive=True)


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many firings of a function go on at once, and in which order their results leave.

    At most `most` firings hold packets; more are taken when one is done. Results leave in the `order` of the packets,
    `"ordered"`, so that a firing which is quicker waits with its result for those before it; or `"unordered"`, as soon
    as there are any. A failure takes its place in the order too.

    With a `key` only firings of the same key keep their order, and go on one after the other: it is the name of an
    input, or a function of the firing's values, one for each input, which may be named as `package.module.function`.
    Keys are such as a dict has. Each key then has a `Memory` of its own; a function with a `Memory` needs a key. At
    most so many `keys` that no firing is about are remembered, where that is said: beyond them the one that has been so
    for longest is forgotten, counted in `result.forgotten`, and begins anew when it comes again.

    Example:
        import asyncio

        @component
        async def fetch(town: str) -> str:
            await asyncio.sleep(0.1 / len(town))
            return town.upper()

        settings = NetSettings(nodes={"fetch": NodeSettings(concurrency=Concurrency(3, "unordered"))})
        result = BatchRuntime(fetch, settings=settings).run(inputs={"town": Each(["Ely", "Bath", "Oxford"])})
        print(result.outputs.out)
        #> ['OXFORD', 'BATH', 'ELY']
    """

    __pydantic_config__ = _CLOSED

    most: int
    order: Literal["ordered", "unordered"] = "ordered"
    key: Callable[..., Any] | str | None = None
    keys: int | None = None

    def __post_init__(self) -> None:
        if self.most is None:
            raise _refuse(self, "most", "give a whole number from 1 on")
        _count(self, "keys", least=0, optional=True)
        if self.keys is not None and self.key is None:
            raise _refuse(self, "keys", "say what the `key` of a firing is: without one nothing is remembered by key")
        _count(self, "most", least=1)
        _one_of(self, "order", ("ordered", "unordered"))
        if self.key is None:
            return
        found = named(self.key) if isinstance(self.key, str) and "." in self.key else self.key
        if not callable(found) and not (isinstance(found, str) and found.isidentifier()):
            raise _refuse(self, "key", "name an input, or give a function, or name it: package.module.function")
        if answers_later(found):
            raise _refuse(self, "key", AT_ONCE)
        if self.order == "unordered":
            raise _refuse(self, "order", "leave it away: firings of one `key` keep their order, and no others do")
        object.__setattr__(self, "key", found)


# -- what a policy can be --------------------------------------------------------------------------------


def _refuse(policy: Any, field: str, must: str) -> SettingsError:
    name = type(policy).__name__
    what = f"`{field}` of {name} cannot be {shown(getattr(policy, field))}"
    setting = "dead_letters" if isinstance(policy, DeadLetters) else name.lower()
    return SettingsError(what, f"{setting}.{field}", must)


def _one_of(policy: Any, field: str, known: tuple[str, ...]) -> None:
    if getattr(policy, field) not in known:
        raise _refuse(policy, field, f"say {', '.join(map(repr, known[:-1]))} or {known[-1]!r}")


def _count(policy: Any, field: str, *, least: int, optional: bool = False) -> None:
    value = getattr(policy, field)
    if not (optional and value is None) and (type(value) is not int or value < least):
        raise _refuse(policy, field, f"give a whole number from {least} on")


def _seconds(policy: Any, field: str, *, positive: bool = False, optional: bool = False) -> None:
    value = getattr(policy, field)
    if not (optional and value is None) and not (is_number(value) and (value > 0 if positive else value >= 0)):
        raise _refuse(policy, field, f"give a number of seconds{', more than 0' if positive else ''}")


def _at_least_one(policy: Any, field: str) -> None:
    value = getattr(policy, field)
    if not (is_number(value) and value >= 1):
        raise _refuse(policy, field, "give a number from 1 on")


def _part(policy: Any, field: str) -> None:
    value = getattr(policy, field)
    if not (is_number(value) and 0 <= value <= 1):
        raise _refuse(policy, field, "give a number from 0 to 1")


def is_number(value: Any) -> bool:
    """Say whether a value is a number that a length of time can be."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


NEVER = Restart("never")
"""What holds of restarts where nobody says anything."""
