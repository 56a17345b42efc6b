"""An execution whose processes are generators."""

from __future__ import annotations

import contextvars
import random
from collections.abc import Generator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from fbdev.explore.data import own_data, shared_data
from fbdev.explore.deadlock import deadlock_text
from fbdev.explore.generator_process import GeneratorProcess, Swapped
from fbdev.explore.naming import check_renaming
from fbdev.explore.program import Program
from fbdev.explore.reading import Reader
from fbdev.explore.scene import Scene, check_generator, new_name
from fbdev.explore.shared import Lock, Notes, Shared, Use
from fbdev.explore.sharing import hidden_sharing
from fbdev.explore.spawn import TIME, Waiter
from fbdev.explore.words import (
    Access,
    Accesses,
    Blocked,
    ExploreError,
    Finished,
    NotEnabled,
    NotWholeError,
    Raised,
    Step,
)

_ANNOUNCING = (Access, tuple)
"""What a process may yield to say what its next step touches."""


class Stage(NamedTuple):
    """What a factory has made, and where: its context, and what it noted."""

    notes: Notes
    context: contextvars.Context
    scene: Scene
    processes: Mapping[str, Generator[Any, Any, Any]]


class GeneratorExecution:
    """An execution of what a factory makes, called once for it. See `Execution`."""

    def __init__(self, program: Program, stage: Stage) -> None:
        self._program = program
        self._hooks = program.hooks
        self._notes = stage.notes
        self._processes: dict[str, GeneratorProcess] = {}
        self._sorted: list[str] = []
        self._available: list[str] | None = None
        self._swapped: Swapped | None = None
        self.sentinel_error: Exception | None = None
        self.accesses: Accesses = {}
        self.woken: list[str] = []
        self.withdrawn: Sequence[str] = ()
        self._before = stage.context
        scene = self._scene = stage.scene
        self.shared = scene.shared
        program.has_snapshot = scene.snapshot is not None
        self._swapped = Swapped(scene.context) if scene.context else None
        self._notes.spawn = self._spawn
        for name, process in stage.processes.items():
            self._create(name, process)
        self._sentinel: Generator[Any, Any, Any] | None = None
        self._numbers = self._number() if program.names_objects else {}
        self._sentinel = self._begin_sentinel()
        is_watched = program.hooks or program.remap or self._sentinel or self._swapped
        self._is_plain = not is_watched and not program.conditions_fail
        if self._hooks:
            self._hooks.begin(self)
        if program.remap:
            self._rename()

    def _begin_sentinel(self) -> Generator[Any, Any, Any] | None:
        if self._program.sentinel is None:
            return None
        sentinel = self._program.sentinel(self.shared)
        check_generator(sentinel, "sentinel")
        self._advance(sentinel, None)
        return sentinel

    # -- what can be seen ------------------------------------------------------------------------------

    @property
    def available(self) -> Sequence[str]:
        """See `Execution`."""
        if self._available is None:
            uses = len(self._notes.uses)
            self._available = [
                name
                for name, one in self._processes.items()
                if one.ended is None and (one.blocked is None or one.is_open())
            ]
            del self._notes.uses[uses:]
        return self._available

    @property
    def state(self) -> Mapping[str, str]:
        """See `Execution`."""
        return {name: process.text() for name, process in self._processes.items()}

    @property
    def waiting(self) -> Mapping[str, Accesses]:
        """See `Execution`."""
        return {
            name: self._awaited(name, process)
            for name, process in self._processes.items()
            if process.blocked is not None and not process.ended and name not in self.available
        }

    def pending(self, process: str) -> Accesses:
        """Return what the next step of a process is known to touch, or None where this is not known before."""
        one = self._processes[process]
        return one.announced if one.blocked is None else self._awaited(process, one)

    def has_waited(self, process: str) -> bool:
        """Tell whether what a process said last was that it waits."""
        return self._processes[process].blocked is not None

    def fault(self) -> None:
        """See `Execution`: there is nothing else."""

    def deadlock(self) -> str:
        """See `Execution`."""
        processes = self._processes
        waiting = {name: blocked for name in self.waiting if (blocked := processes[name].blocked) is not None}
        return deadlock_text(waiting, self.endings)

    def hidden_sharing(self) -> Mapping[str, set[str]]:
        """See `Execution`."""
        generators = {name: process.generator for name, process in self._processes.items() if not process.ended}
        contexts = {name: process.context for name, process in self._processes.items()}
        return hidden_sharing(generators, contexts, self._program.invariant, self.shared)

    def data(self) -> Mapping[str, Mapping[str, str]]:
        """See `Execution`: the variables of each process, and what they share."""
        if self._swapped:
            self._swapped.keep()
        with self.unnoted():
            live = {name: process for name, process in self._processes.items() if not process.ended}
            own = {name: own_data(process.generator, process.held) for name, process in live.items()}
            shared = shared_data(self.shared, [process.generator for process in self._processes.values()])
        return {**own, new_name("shared", self._processes): shared} if shared else own

    @contextmanager
    def unnoted(self) -> Iterator[None]:
        """See `Execution`."""
        uses = len(self._notes.uses)
        try:
            yield
        finally:
            del self._notes.uses[uses:]

    @property
    def uses(self) -> Sequence[Use]:
        """See `Execution`."""
        return [use for use in self._notes.uses if isinstance(use, Use)]

    @property
    def endings(self) -> Mapping[str, Step]:
        """The last steps of the processes that have ended."""
        return {name: process.ended for name, process in self._processes.items() if process.ended}

    def place(self, process: str) -> str:
        """Return file and line that a process has come to."""
        return self._processes[process].place() if process in self._processes else ""

    # -- steps -----------------------------------------------------------------------------------------

    def next(self, process: str) -> Step:
        """See `Execution`."""
        if process not in self.available:
            return NotEnabled(process, self._why_not(process))
        one = self._processes[process]
        notes = self._notes
        if notes.uses:
            notes.uses.clear()
        notes.maker = process
        if self.woken:
            self.woken.clear()
        self._available = None
        announced = one.announced if one.blocked is None else self._awaited(process, one)
        if self._swapped:
            self._swapped.to(one)
        if one.failed is not None:
            self._program.conditions_fail = True
        step: Step
        try:
            one.yielded = one.make_step()
        except StopIteration as end:
            step = one.end(Finished(end.value))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._program.leave(error)
            step = one.end(Raised(error))
        else:
            step = one.take()
            one.announced = self._announced(one) if type(one.yielded) in _ANNOUNCING else None
        is_silent = announced is None and not notes.uses and not self._program.unseen
        self.accesses = {} if is_silent else self._touched(process, announced)
        if not self._is_plain:
            self._attend(process, one, step)
        return step

    def replay(self, path: Sequence[str]) -> None:
        """See `Execution`."""
        if not self._is_plain:
            for name in path:
                self.next(name)
            return
        processes, notes = self._processes, self._notes
        for name in path:
            one = processes[name]
            notes.maker = name
            try:
                one.yielded = one.run(one.send, None)
            except StopIteration as end:
                one.end(Finished(end.value))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._program.leave(error)
                one.end(Raised(error))
        notes.uses.clear()
        self._available = None
        for one in processes.values():
            if not one.ended:
                one.take()
                one.announced = self._announced(one) if type(one.yielded) in _ANNOUNCING else None

    def _attend(self, name: str, one: GeneratorProcess, step: Step) -> None:
        """Let everybody look who wants to after a step: the sentinel, then the hooks; then processes are renamed."""
        if self._sentinel is not None:
            self.accesses = None
            self._advance(self._sentinel, self.state)
        if self._hooks:
            self._hooks.step(self, name, step)
            if one.ended:
                self._hooks.ended(self, name, step)
        if self._program.remap and (one.ended or self.woken):
            self._rename()

    def _advance(self, sentinel: Generator[Any, Any, Any], state: Mapping[str, str] | None) -> None:
        self._notes.maker = "sentinel"
        try:
            self._before.run(sentinel.send, state)
        except StopIteration:
            self._sentinel = None
        except Exception as error:
            self.sentinel_error = error

    def _why_not(self, name: str) -> str:
        if name not in self._processes:
            return "there is no such process"
        return "it has ended" if self._processes[name].ended else "it waits"

    # -- processes that come and go --------------------------------------------------------------------

    def _create(self, name: str, generator: Generator[Any, Any, Any], blocked: Blocked | None = None) -> Any:
        process = GeneratorProcess(generator, self._before.copy(), blocked)
        self._processes[name] = process
        self._sorted = sorted(self._processes)
        self._available = None
        if self._swapped:
            self._swapped.admit(process)
        if self._hooks:
            self._hooks.created(self, name)
        return process

    def _spawn(self, generator: Generator[Any, Any, Any], name: str, blocked: Blocked | None) -> GeneratorProcess:
        check_generator(generator, name or "spawn")
        called = getattr(generator, "__name__", "process")
        given = name or f"{self._notes.maker}.{called}"
        if name and name in self._processes:
            raise ExploreError(f"there is a process {name} already", "spawn", "leave the name out, or use another")
        free = new_name(given, self._processes)
        self.woken.append(free)
        process: GeneratorProcess = self._create(free, generator, blocked)
        return process

    def _rename(self) -> None:
        assert self._program.remap is not None
        live = [name for name, process in self._processes.items() if not process.ended]
        dead = [name for name, process in self._processes.items() if process.ended]
        renaming = self._program.remap(live, dead, self.state) or {}
        if not renaming:
            return
        check_renaming(renaming, live, dead)
        kept = {renaming.get(name, name): name for name in (*dead, *live)}
        self._processes = {new: self._processes[old] for new, old in kept.items()}
        self._sorted = sorted(self._processes)
        self.woken[:] = [renaming.get(name, name) for name in self.woken]
        self._available = None

    # -- accesses --------------------------------------------------------------------------------------

    def _touched(self, name: str, announced: Accesses) -> Accesses:
        if announced is None and self._program.unseen and self._is_unseen(name):
            return None
        touched: dict[Hashable, bool] = dict(announced) if announced else {}
        for use in self._notes.uses:
            if use[1] or use[0] not in touched:
                touched[use[0]] = use[1]
        return touched

    def _announced(self, one: GeneratorProcess) -> Accesses:
        said = one.yielded
        announced: dict[Hashable, bool] = {}
        for access in said if isinstance(said, tuple) else (said,):
            if type(access) is not Access or (name := self._name_of(access.obj)) is None:
                return None
            announced[name] = announced.get(name, False) or access.mode == "write"
        self._program.announces = True
        return announced

    def _is_unseen(self, name: str) -> bool:
        return name.partition(".")[0] in self._program.unseen

    def _awaited(self, name: str, process: GeneratorProcess) -> Accesses:
        """Return what the next step of a process that waits will touch: what it waits for, and what it reads for it."""
        assert process.blocked is not None
        uses, on = self._notes.uses, process.blocked.on
        before = len(uses)
        process.is_open()
        awaited: dict[Hashable, bool] = {}
        for use in uses[before:]:
            awaited[use[0]] = awaited.get(use[0], False) or use[1]
        del uses[before:]
        if self._is_unseen(name):
            if on is None or isinstance(on, Shared | Lock | Waiter):
                return None
            self._program.announces = True
        if on is not None:
            named = self._name_of(on)
            return None if named is None else {**awaited, named: True}
        return awaited

    def _name_of(self, obj: object) -> Hashable | None:
        """Name an object so that it has the same name in every execution, or return None."""
        if isinstance(obj, str):
            return obj
        if isinstance(obj, Shared | Lock):
            return obj.name
        if isinstance(obj, Waiter):
            return TIME
        self._program.names_objects = True
        number = self._numbers.get(id(obj))
        return None if number is None else ("object", number)

    def _number(self) -> dict[int, int]:
        reader = Reader(self._before)
        try:
            self._read(reader)
        except NotWholeError:
            return {}
        return reader.numbers()

    # -- the whole state -------------------------------------------------------------------------------

    def key(self) -> Hashable:
        """See `Execution`."""
        reader = Reader(self._before)
        self._read(reader)
        self._program.note_read(reader)
        return reader.value()

    def _read(self, reader: Reader) -> None:
        scene = self._scene
        if scene.snapshot is not None:
            uses = len(self._notes.uses)
            reader.tokens(scene.snapshot(scene.shared))
            del self._notes.uses[uses:]
            reader.skip(scene.shared)
        if self._swapped:
            self._swapped.keep()
        for name in self._sorted:
            reader.found.append(name)
            try:
                self._processes[name].read(reader, self._before)
            except (NotWholeError, RecursionError) as error:
                what = error.what if isinstance(error, NotWholeError) else "it is nested too deep to be read"
                raise NotWholeError(f"process {name}: {what}") from None
        reader.add(self._sentinel)
        if scene.snapshot is None:
            reader.add(scene.shared)
        for root in self._program.roots:
            reader.add(root)
        if self._program.random_state is not None:
            reader.tokens(random.getstate())
        if self._notes.draws:
            reader.tokens(*sorted(self._notes.draws.items()))

    def labels_key(self) -> Hashable:
        """Return the labels of all processes, and nothing else."""
        processes = self._processes
        return tuple([(name, processes[name].text()) for name in self._sorted])

    def end_key(self) -> Hashable:
        """See `Execution`."""
        return self._scene.end_key(self.labels_key())

    def close(self) -> None:
        """See `Execution`."""
        if self._hooks:
            self._hooks.end(self)
        for process in self._processes.values():
            if not process.ended:
                process.close()
        if self._sentinel is not None:
            self._sentinel.close()
        if self._swapped:
            self._swapped.restore()
