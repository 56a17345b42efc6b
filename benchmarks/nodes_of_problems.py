"""The nodes of the standard problems as nets: who is asked, who asks, and leases."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from fbcore import Component, Config, In, Memory, Out

# -- nodes that are asked ----------------------------------------------------------------------------------


class Asked(Component):
    """Answers two others out of what it knows, one after the other, and tells at the end what it has come to."""

    one: In[str]
    other: In[str]
    to_one: Out[Any]
    to_other: Out[Any]
    known: Memory[dict[str, int]] = Memory({})
    total: Out[dict[str, int]]

    async def run(self) -> None:
        async for hit in self.select(self.one, self.other):
            answer = self.answer(hit.value, self.known.value)
            if answer is not None:
                await (self.to_one if hit.port is self.one else self.to_other).send(answer)
        await self.total.send(dict(self.known.value))

    def answer(self, asked: str, known: dict[str, int]) -> Any:
        """Act on what comes, and return what is to be answered, or None."""
        raise NotImplementedError


class Count(Asked):
    """A number that is read and written, or added to."""

    def answer(self, asked: str, known: dict[str, int]) -> int | None:
        count = known.setdefault("count", 0)
        if asked == "read":
            return count
        known["count"] = count + 1 if asked == "add" else int(asked)
        return None


class Flag(Asked):
    """A flag that is tested and taken, and given back; it knows how many had it at once."""

    def answer(self, asked: str, known: dict[str, int]) -> str | None:
        taken = known.setdefault("taken", 0)
        if asked == "leave":
            known["taken"] -= 1
        elif asked == "take" or (asked == "test and take" and not taken):
            known["taken"] += 1
            known["most"] = max(known.get("most", 0), known["taken"])
        return None if asked in ("take", "leave") else "taken" if taken else "free"


class Board(Asked):
    """Where work is shown, and somebody waits for it: he is called if he waits when it comes; mended, also before."""

    mended: Config[bool]

    async def run(self) -> None:
        async for hit in self.select(self.one, self.other):
            known = self.known.value
            known[hit.value] = 1
            if hit.value == "look":
                await self.to_one.send("work" if "work" in known else "none")
            elif "wait" in known and (hit.value == "work" or (self.mended.value and "work" in known)):
                await self.to_one.send("work")


class Shop(Asked):
    """What there is of something, in pieces: a look at it, and taking one, or taking one if there is one."""

    pieces: Config[int] = Config(default=1)

    def answer(self, asked: str, known: dict[str, int]) -> int | None:
        left = known.setdefault("left", self.pieces.value)
        if asked == "look":
            return left
        known["left"] = left if asked == "take if there" and left <= 0 else left - 1
        return None


class Thing(Asked):
    """Something that is made in two steps: not there, shown, ready. Who gets its lock is told anew how it stands."""

    async def run(self) -> None:
        known = self.known.value
        async for hit in self.select(self.one, self.other):
            who = 1 if hit.port is self.one else 2
            if hit.value == "look" or (hit.value == "lock" and not known.get("holder")):
                await self.tell(who, takes_lock=hit.value == "lock")
            elif hit.value == "lock":
                known["waiting"] = who
            elif hit.value == "let go":
                known["holder"] = 0
                if "waiting" in known:
                    await self.tell(known.pop("waiting"), takes_lock=True)
            else:
                known[hit.value] = 1

    async def tell(self, who: int, *, takes_lock: bool) -> None:
        known = self.known.value
        if takes_lock:
            known["holder"] = who
        state = next((state for state in ("ready", "shown") if state in known), "nothing")
        await (self.to_one if who == 1 else self.to_other).send(state)


class Service(Asked):
    """A service that is down until somebody starts it."""

    def answer(self, asked: str, known: dict[str, int]) -> str | None:
        if asked == "start":
            known["up"] = 1
            return None
        return "up" if "up" in known else "down"


class Lock(Component):
    """A lock of two. It takes the first packet of one, whose second then has room: he has it, until he ends."""

    one: In[str]
    other: In[str]

    async def run(self) -> None:
        async for hit in self.select(self.one, self.other):
            async for _ in self.one if hit.port is self.one else self.other:
                pass


async def take(lock: Out[str]) -> None:
    """Wait until a lock is taken."""
    await lock.send("wants it")
    await lock.send("has it")


# -- nodes that ask ----------------------------------------------------------------------------------------


class Asks(Component):
    """One of two who ask a node; what, says `run`."""

    mended: Config[bool]
    ask: Out[str]
    answer: In[Any]

    async def asked(self, what: str) -> Any:
        """Return the answer."""
        await self.ask.send(what)
        return await self.answer.receive()


class Adds(Asks):
    """Adds one, by reading and then writing; mended, by one packet."""

    async def run(self) -> None:
        await self.ask.send("add" if self.mended.value else str(await self.asked("read") + 1))


class Makes(Asks):
    """Takes the only one if it is there; mended, that is looked at where it is taken."""

    async def run(self) -> None:
        if self.mended.value:
            await self.ask.send("take if there")
        elif await self.asked("look") > 0:
            await self.ask.send("take")


class Buys(Asks):
    """Looks at what there is, asks somebody else, and takes it; mended, it is looked at again where it is taken."""

    async def run(self) -> None:
        if await self.asked("look") > 0:
            await asyncio.sleep(1)
            await self.ask.send("take if there" if self.mended.value else "take")


class Waits(Asks):
    """Looks for work, and waits to be called when there is none."""

    done: Out[str]

    async def run(self) -> None:
        if await self.asked("look") == "none":
            await self.asked("wait")
        await self.done.send("work")


class Gets(Asks):
    """Makes a thing if it is not there, under a lock, and uses it; mended, it is shown when it is ready."""

    used: Out[str]

    async def run(self) -> None:
        state = await self.asked("look")
        if state == "nothing":
            state = await self.asked("lock")
            if state == "nothing":
                if not self.mended.value:
                    await self.ask.send("shown")
                await self.ask.send("ready")
                state = "ready"
            await self.ask.send("let go")
        await self.used.send(state)


class TakesBoth(Component):
    """Takes two locks, the one after the other."""

    first: Out[str]
    second: Out[str]

    async def run(self) -> None:
        await take(self.first)
        await take(self.second)


class Says(Component):
    """Says one word."""

    word: Config[str]
    out: Out[str]

    async def run(self) -> None:
        await self.out.send(self.word.value)


class Spins(Asks):
    """Asks again until a flag is free, and takes it; mended, both by one packet."""

    has_asked: Memory[bool] = Memory(False)

    async def run(self) -> None:
        question = "test and take" if self.mended.value else "test"
        if not self.has_asked.value:
            await self.ask.send(question)
            self.has_asked.value = True
        while await self.answer.receive() == "taken":
            await self.ask.send(question)
        if not self.mended.value:
            await self.ask.send("take")
        await self.ask.send("leave")


class Tries(Asks):
    """Tries again until a service is up; with the bug it gives up after two tries."""

    tries: Memory[int] = Memory(0)
    done: Out[str]

    async def run(self) -> None:
        if not self.tries.value:
            await self.ask.send("up?")
            self.tries.value = 1
        while await self.answer.receive() == "down":
            if not self.mended.value:
                self.tries.value += 1
                if self.tries.value > 2:
                    return
            await self.ask.send("up?")
        await self.done.send("done")


# -- leases ------------------------------------------------------------------------------------------------


class Keeper(Component):
    """Lends a lease to the one; when that is back, or after ten seconds, one with a higher number to the other."""

    to_one: Out[int]
    to_other: Out[int]
    back: In[int]

    async def run(self) -> None:
        await self.to_one.send(1)
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await self.back.receive()
        await self.to_other.send(2)


class Leads(Component):
    """Works when it has the lease, and gives it back; mended, it shows the lease, and works by one packet."""

    mended: Config[bool]
    lease: In[int]
    work: Out[str]
    back: Out[int]
    stateless = True

    async def run(self) -> None:
        number = await self.lease.receive()
        for what in ("work",) if self.mended.value else ("begin", "end"):
            await self.work.send(f"{what} {number}")
        if self.back.is_connected:
            await self.back.send(number)


class Site(Component):
    """Where leaders work; work of a lease that is older than another it has seen is refused."""

    todo: In[str]
    seen: Memory[dict[str, int]] = Memory({"inside": 0, "most": 0, "newest": 0})
    most: Out[int]

    async def run(self) -> None:
        seen = self.seen.value
        async for todo in self.todo:
            what, number = todo.split()
            is_new = int(number) >= seen["newest"]
            if what == "begin":
                seen["inside"] += 1
            elif what == "end":
                seen["inside"] -= 1
            elif is_new:
                seen["newest"] = int(number)
            seen["most"] = max(seen["most"], seen["inside"] + (what == "work" and is_new))
        await self.most.send(seen["most"])
