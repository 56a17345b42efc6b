"""What a factory returns: processes, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from types import CoroutineType, GeneratorType
from typing import Any

from fbcore.model.graph import Graph
from fbdev.explore.net_scene import NetScene
from fbdev.explore.reading import Reader
from fbdev.explore.words import ExploreError, NotWholeError

Process = Generator[Any, Any, Any] | Coroutine[Any, Any, Any] | NetScene
Processes = Mapping[str, Process] | Iterable[Process]

_MAIN = "main"


@dataclass(slots=True)
class Scene:
    """The processes of one execution, what they share, and objects of which each process has a state of its own.

    `shared` is handed to invariants. `snapshot` reads all that the processes share, instead of the explorer doing it.
    `context` are objects whose attributes belong to the process that runs: they are swapped at every switch.
    With `until` the execution ends when that process has ended, whatever others still do.

    Example:
        from fbdev.explore import Scene

        def steps():
            yield "half way"

        print(sorted(Scene({"a": steps(), "b": steps()}, shared=[]).named()))
        #> ['a', 'b']
    """

    processes: Processes
    shared: Any = None
    snapshot: Callable[[Any], Hashable] | None = None
    context: tuple[Any, ...] = field(default=())
    until: str = ""

    def named(self) -> dict[str, Process]:
        """Return the processes by name: their keys, or the names of their functions, numbered where one recurs."""
        if isinstance(self.processes, Mapping):
            found = dict(self.processes)
        else:
            found = {}
            for process in self.processes:
                found[new_name(getattr(process, "__name__", "process"), found)] = process
        for name, process in found.items():
            if not isinstance(name, str) or not name:
                raise ExploreError(f"{name!r} is no name of a process", "", "name processes by strings")
            check_process(process, name)
        if self.until and self.until not in found:
            raise ExploreError(f"there is no process {self.until}", "until", f"there are {', '.join(found)}")
        return found

    def end_key(self, ends: Hashable) -> Hashable:
        """Return what tells an end from others: how each process ended, and what they share, where it can be seen."""
        if self.snapshot is not None:
            return ends, self.snapshot(self.shared)
        reader = Reader()
        try:
            reader.add(self.shared)
        except NotWholeError:
            return ends, None
        return ends, reader.value()


Factory = Callable[[], Scene | Processes]
"""Makes the processes of one execution."""


def new_name(name: str, taken: Mapping[str, object]) -> str:
    """Return a name that is not taken: this one, or with a number."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def check_process(process: object, name: str) -> None:
    """Refuse what is neither a generator, nor a coroutine, nor a net.

    Raises:
        ExploreError: saying what it is instead.
    """
    if not isinstance(process, CoroutineType | NetScene):
        check_generator(process, name)


def check_generator(process: object, name: str) -> None:
    """Refuse what is no generator.

    Raises:
        ExploreError: saying what it is instead.
    """
    if not isinstance(process, GeneratorType):
        hint = "call the function" if callable(process) else "make it a function that yields, and call it"
        raise ExploreError(f"it is no generator but {type(process).__name__}", f"process {name}", hint)


def scene_of(made: object) -> Scene:
    """Return what a factory returned as a scene.

    Raises:
        ExploreError: when it returned nothing that has processes.
    """
    if isinstance(made, Scene):
        return made
    if isinstance(made, CoroutineType | NetScene):
        return Scene({_MAIN: made}, until=_MAIN)
    if isinstance(made, GeneratorType):
        raise ExploreError(
            "a factory returns processes, and not one generator", "factory", "return {'name': generator} or a list"
        )
    if not isinstance(made, Mapping | Iterable):
        raise ExploreError(
            f"a factory returns processes, and not {made!r}",
            "factory",
            "return NetScene(graph)" if isinstance(made, Graph) else "return {'name': generator}, a list, or a Scene",
        )
    return Scene(made)
