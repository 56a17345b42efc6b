"""An execution whose processes are coroutines: asyncio code, each step a turn of a task, a callback, or a timer.

Generators may be among them, and nets: all run on the same loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import random
from collections.abc import Generator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CoroutineType
from typing import Any

from fbcore.driver import CALLBACKS, TIMER
from fbdev.explore.data import own_data, shared_data
from fbdev.explore.driven import Held, call, driven, ended, unasked, with_not_begun
from fbdev.explore.execution import Fault, ForeignError
from fbdev.explore.explored_loop import FACTORY, ExploredLoop, ExploredTask, owner
from fbdev.explore.generator_process import GeneratorProcess, Swapped
from fbdev.explore.naming import check_renaming
from fbdev.explore.net_process import run_net
from fbdev.explore.net_scene import NetScene
from fbdev.explore.program import Program
from fbdev.explore.reading import Reader
from fbdev.explore.reading_tasks import contexts_of, read_loop
from fbdev.explore.scene import check_generator, new_name, scene_of
from fbdev.explore.shared import NOTES, Notes, Use
from fbdev.explore.sharing import hidden_sharing
from fbdev.explore.spawn import TIME
from fbdev.explore.standing import label_of, place_of
from fbdev.explore.waits import Holders, waits_text
from fbdev.explore.words import (
    Accesses,
    Blocked,
    NotEnabled,
    Raised,
    Step,
    Yielded,
    ending_text,
)

_WAKES_A_FUTURE = "_set_result_unless_cancelled"
_WHY_ALL = "generators or nets run among coroutines"


class LoopExecution:
    """An execution of what a factory makes, called once for it, on a loop of its own. See `Execution`.

    It ends when nothing can go on, or with the process that the scene says; tasks that nobody named may be left then.
    """

    def __init__(self, program: Program, *, places: bool = False) -> None:
        self._program = program
        self._hooks = program.hooks
        self._notes = notes = Notes(places=places)
        notes.spawn = self._spawn
        self._loop = loop = ExploredLoop(notes)
        notes.clock = loop.users_time
        self._holders = Holders(loop)
        self._generators: dict[str, GeneratorProcess] = {}
        self._held: dict[str, Held] = {}
        self._swapped: Swapped | None = None
        self._endings: dict[str, Step] = {}
        self._failed: list[tuple[str, ExploredTask]] = []
        self._steps: dict[str, str] | None = None
        self._touched_all = False
        self._known: dict[str, ExploredTask] = {}
        self._sentinel: Generator[Any, Any, Any] | None = None
        self.sentinel_error: Exception | None = None
        self.woken: list[str] = []
        self.withdrawn: list[str] = []
        self._before = contextvars.copy_context()
        self._before.run(NOTES.set, notes)
        if program.random_state is not None:
            random.setstate(program.random_state)
        try:
            scene = self._scene = scene_of(loop.call(program.factory, self._before))
        except BaseException:
            loop.close()
            raise
        self._holders.look(FACTORY)
        self.shared = scene.shared
        program.has_snapshot = scene.snapshot is not None
        self._swapped = Swapped(scene.context) if scene.context else None
        self._named = scene.named()
        for name, process in self._named.items():
            self._begin(name, process, None)
        if program.sentinel is not None:
            self._sentinel = program.sentinel(self.shared)
            check_generator(self._sentinel, "sentinel")
            self._advance(None)
        self._known = dict(loop.tasks)
        if self._hooks:
            self._hooks.begin(self)
        self._rename()

    def _begin(self, name: str, process: Any, blocked: Blocked | None) -> None:
        context = self._before.copy()
        if isinstance(process, NetScene):
            self._program.why_unseen = _WHY_ALL
            process = run_net(process)
        elif not isinstance(process, CoroutineType):
            self._program.why_unseen = _WHY_ALL
            own = self._generators[name] = GeneratorProcess(process, context, blocked)
            own.run = call
            process = driven(own)
        self._loop.create_task(process, name=name, context=context)
        self._admit(name)

    def _admit(self, name: str) -> None:
        if self._swapped:
            self._held[name] = held = Held()
            self._swapped.admit(held)
        if self._hooks:
            self._hooks.created(self, name)

    def _spawn(self, generator: Generator[Any, Any, Any], name: str, blocked: Blocked | None) -> GeneratorProcess:
        check_generator(generator, name or "spawn")
        wanted = name or f"{self._notes.maker}.{getattr(generator, '__name__', 'process')}"
        free = new_name(wanted, self._loop.tasks)
        self._begin(free, generator, blocked)
        return self._generators[free]

    # -- what can be seen ------------------------------------------------------------------------------

    @property
    def available(self) -> Sequence[str]:
        """See `Execution`."""
        if self._steps is None:
            self._steps = self._next_steps()
        return list(self._steps)

    def _next_steps(self) -> dict[str, str]:
        """Return the steps that can be made: timers by whose they are, not by how many there were before."""
        loop, until = self._loop, self._scene.until
        if until and until not in loop.tasks:
            return {}
        steps = {name: name for name in loop.ready if self._can_go_on(name)}
        for name in loop.due:
            steps[new_name(f"{TIMER}of {owner(name)}", steps)] = name
        return steps

    def _can_go_on(self, name: str) -> bool:
        own = self._generators.get(name)
        if own is None:
            return True
        with self.unnoted():
            return own.is_open()

    @property
    def state(self) -> Mapping[str, str]:
        """See `Execution`: where tasks stand; those that the factory did not name are left out when they have ended."""
        tasks = self._loop.tasks
        found = {name: self._text(name) for name in self._named if name in tasks or name in self._endings}
        return {**found, **{name: self._text(name) for name in tasks if name not in found}}

    def _text(self, name: str) -> str:
        task = self._loop.tasks.get(name)
        if task is None:
            return ending_text(self._endings[name])
        return self._generators[name].text() if name in self._generators else label_of(task.get_coro())

    @property
    def waiting(self) -> Mapping[str, Accesses]:
        """See `Execution`: the processes of the factory that wait; what they will touch shows who wakes them."""
        tasks, ready = self._loop.tasks, self.available
        waits = [name for name, task in tasks.items() if name not in ready and not self._is_cancelled(name)]
        if not any(name in self._named for name in waits) or (self._scene.until and self._scene.until not in tasks):
            return {}
        return {name: None if name in self._generators else {} for name in waits}

    def _is_cancelled(self, name: str) -> bool:
        return name in self._generators and self._generators[name].ended is not None

    @property
    def accesses(self) -> Accesses:
        """See `Execution`."""
        if self._touched_all:
            return None
        touched: dict[Hashable, bool] = {}
        for use in self._notes.uses:
            if use[1] or use[0] not in touched:
                touched[use[0]] = use[1]
        return touched

    @property
    def uses(self) -> Sequence[Use]:
        """See `Execution`."""
        return [use for use in self._notes.uses if isinstance(use, Use)]

    @property
    def endings(self) -> Mapping[str, Step]:
        """See `Execution`."""
        return self._endings

    def pending(self, process: str) -> Accesses:
        """Return None: what a coroutine will touch it does not say."""
        return None

    def has_waited(self, process: str) -> bool:
        """See `Execution`: tasks say so by not being ready."""
        own = self._generators.get(process)
        return own is not None and own.blocked is not None

    def place(self, process: str) -> str:
        """See `Execution`."""
        own = self._generators.get(process)
        if own is not None:
            return own.place()
        task = self._loop.tasks.get(process)
        return place_of(task.get_coro()) if task is not None else ""

    def fault(self) -> Fault | None:
        """See `Execution`: a task has failed, and nobody has asked for it."""
        return unasked((name, task) for name, task in self._failed if name not in self._named)

    def deadlock(self) -> str:
        """See `Execution`."""
        waiting = {name: self._loop.tasks[name].get_coro() for name in self.waiting}
        return waits_text(self._loop, self._holders, waiting, self._endings)

    def hidden_sharing(self) -> Mapping[str, set[str]]:
        """See `Execution`."""
        if self._program.why_unseen:
            return {}
        found = hidden_sharing(
            self._roots(), contexts_of(self._loop, self._before), self._program.invariant, self.shared
        )
        for kind, names in self._loop.strangers.items():
            found.setdefault(f"a {kind} that was not made by the factory or a process", set()).update(names)
        return found

    def data(self) -> Mapping[str, Mapping[str, str]]:
        """See `Execution`: the variables of each task, and what they share."""
        if self._swapped:
            self._swapped.keep()
        with self.unnoted():
            roots = self._roots()
            held = {name: self._held[name].held if name in self._held else [] for name in roots}
            own = {name: own_data(root, held[name]) for name, root in roots.items()}
            shared = shared_data(self.shared, list(roots.values()))
        return {**own, new_name("shared", own): shared} if shared else own

    def _roots(self) -> dict[str, Any]:
        """Return the coroutines and generators that have not ended."""
        roots: dict[str, Any] = {name: task.get_coro() for name, task in self._loop.tasks.items()}
        return roots | {name: process.generator for name, process in self._generators.items() if name in roots}

    @contextmanager
    def unnoted(self) -> Iterator[None]:
        """See `Execution`: outside of steps nothing is noted of tasks; of what is shared it is forgotten."""
        uses = len(self._notes.uses)
        try:
            yield
        finally:
            del self._notes.uses[uses:]

    # -- steps -----------------------------------------------------------------------------------------

    def next(self, process: str) -> Step:
        """See `Execution`.

        Raises:
            ForeignError: a process wants what lies outside of the loop.
        """
        if process not in self.available:
            return NotEnabled(process, self._why_not(process))
        assert self._steps is not None
        loop, name, could = self._loop, self._steps[process], self._steps
        task, before = loop.tasks.get(name), len(loop.tasks)
        self._make_step(process, name)
        step = self._reached(process, name, task)
        if len(loop.tasks) != before or task is None or name not in loop.tasks:
            self._welcome()
        self.woken = loop.woken()
        if self._sentinel is not None:
            self._touched_all = True
            self._advance(self.state)
        if self._hooks:
            self._hooks.step(self, process, step)
            if name in self._endings and name not in loop.tasks:
                self._hooks.ended(self, process, step)
        self._rename()
        # What was armed anew has the name of what it replaces.
        can = self._next_steps() if loop.armed else could
        self.withdrawn = [each for each in could if each != process and can.get(each) != could[each]]
        return step

    def _make_step(self, process: str, name: str) -> None:
        loop, notes = self._loop, self._notes
        self._steps = None
        notes.uses.clear()
        notes.maker = owner(name)
        loop.readied.clear()
        loop.armed.clear()
        self._touched_all = self._is_unseen(name)
        if self._swapped and (held := self._held.get(name)) is not None:
            self._swapped.to(held)
        if (own := self._generators.get(name)) is not None and own.failed is not None:
            self._program.conditions_fail = True
        loop.step(name)
        self._holders.look(process)
        if loop.foreign:
            raise ForeignError(f"{process} waits for {loop.foreign}, which lies outside of what can be stepped")

    def _is_unseen(self, name: str) -> bool:
        """Tell whether a step can touch anything; of a timer that lets a task go on it is known."""
        if name == CALLBACKS or self._program.why_unseen or self._sentinel is not None:
            return True
        if name.startswith(TIMER):
            timer = self._loop._timers.find(name)
            self._notes.note(TIME, True)
            return getattr(timer._callback, "__name__", "") != _WAKES_A_FUTURE if timer else True
        return name.partition(".")[0] in self._program.unseen

    def _reached(self, process: str, name: str, task: ExploredTask | None) -> Step:
        loop = self._loop
        if loop.strange:
            loop.strangers.setdefault(loop.strange, set()).add(owner(name))
            loop.strange = ""
            self._touched_all = True
        if loop.errors:
            self._program.leave(loop.errors[-1])
            return Raised(loop.errors.pop())
        if task is None:
            return Yielded("called back" if name == CALLBACKS else f"at {loop._now:g} s")
        if not task.done():
            own = self._generators.get(name)
            if own is not None and own.blocked is not None:
                return own.blocked
            return Yielded(self._text(name))
        loop.forget(name)
        self._generators.pop(name, None)
        self._held.pop(name, None)
        step = ended(task)
        self._endings[name] = step
        if isinstance(step, Raised):
            self._program.leave(step.error)
            # The maker of a task may want to know; if nobody asks, the end of the execution tells.
            self._failed.append((name, task))
        return step if name in self._named else Yielded(ending_text(step))

    def _welcome(self) -> None:
        """Note the tasks that the step has created."""
        known = self._known
        for name, task in self._loop.tasks.items():
            if known.get(name) is not task and name not in self._generators:
                self._admit(name)
        self._known = dict(self._loop.tasks)

    def _advance(self, state: Mapping[str, str] | None) -> None:
        assert self._sentinel is not None
        self._notes.maker = "sentinel"
        try:
            self._before.run(self._sentinel.send, state)
        except StopIteration:
            self._sentinel = None
        except Exception as error:
            self.sentinel_error = error

    def replay(self, path: Sequence[str]) -> None:
        """See `Execution`."""
        for name in path:
            if name not in self.available:
                raise KeyError(name)
            self.next(name)

    def _why_not(self, name: str) -> str:
        if name in self._loop.tasks:
            return "it waits"
        return "it has ended" if name in self._endings else "there is no such process"

    def _rename(self) -> None:
        program, loop = self._program, self._loop
        if program.remap is None:
            return
        live, dead = list(loop.tasks), [name for name in self._endings if name not in loop.tasks]
        renaming = program.remap(live, dead, self.state) or {}
        check_renaming(renaming, live, dead)
        endings = {renaming.get(name, name): self._endings.pop(name) for name in dead}
        self._endings |= endings
        kept = {renaming.get(name, name): (name, loop.tasks[name]) for name in live}
        for new, (old, _) in kept.items():
            for each in (self._generators, self._held):
                if old != new and old in each:
                    each[new] = each.pop(old)  # type: ignore[assignment]
        loop.rename_all({old: new for new, (old, _) in kept.items() if old != new})
        self._known = dict(loop.tasks)
        self.woken[:] = [renaming.get(name, name) for name in self.woken]
        self._steps = None

    # -- the whole state -------------------------------------------------------------------------------

    def key(self) -> Hashable:
        """See `Execution`."""
        reader, scene = Reader(self._before), self._scene
        if scene.snapshot is not None:
            with self.unnoted():
                reader.tokens(scene.snapshot(scene.shared))
            reader.skip(scene.shared)
        if self._swapped:
            self._swapped.keep()
        for name in self._named:
            if name not in self._loop.tasks:
                ended = self._endings[name]
                reader.tokens(name, type(ended), ending_text(ended))
        read_loop(reader, self._loop, self._before, NOTES)
        for name in sorted(self._held):
            if name in self._loop.tasks:
                reader.add(self._held[name].held)
        reader.add(self._sentinel)
        if scene.snapshot is None:
            reader.add(scene.shared)
        for root in self._program.roots:
            reader.add(root)
        reader.tokens(*sorted(self._notes.draws.items()))
        if self._program.random_state is not None:
            reader.tokens(random.getstate())
        self._program.note_read(reader)
        return reader.value()

    def labels_key(self) -> Hashable:
        """See `Execution`."""
        return tuple(sorted(self.state.items()))

    def end_key(self) -> Hashable:
        """See `Execution`."""
        return self._scene.end_key(self.labels_key())

    def close(self) -> None:
        """See `Execution`."""
        if self._loop.is_closed():
            return
        if self._hooks:
            self._hooks.end(self)
        for task in list(self._loop.tasks.values()):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            for each in with_not_begun(task.get_coro()):
                with contextlib.suppress(BaseException):
                    each.close()
        for _, task in self._failed:
            asyncio.Future.exception(task)
        if self._sentinel is not None:
            self._sentinel.close()
        if self._swapped:
            self._swapped.restore()
        self._loop.close()
