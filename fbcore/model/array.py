"""Array ports: one declared port that has any number of elements, by number or by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from fbcore.model.port import In, Out, declared_only

T = TypeVar("T")

Key = int | str
"""What names an element of an array port: a whole number from 0 on, or a text."""


class InArray(Generic[T]):
    """An input port with any number of elements, each an `In[T]` of its own.

    Declared in the body of a component, `items: InArray[int]`, with the options of `In`. In a
    graph `merge.items[0]`, `merge.items["left"]` name an element and `merge.items.new()` makes the next number;
    in `run` it is a mapping from key to input, in order of connection. An element that nobody is connected to
    has ended already.

    Example:
        class Merge(Component):
            items: InArray[str]
            merged: Out[str]

            async def run(self) -> None:
                async for hit in self.select(*self.items.values()):
                    await self.merged.send(f"{hit.key}: {hit.value}")

        graph = Graph("doors")
        merge = graph.add(Merge)
        graph.inputs.front >> merge.items["front"]
        graph.inputs.back >> merge.items["back"]
        merge.merged >> graph.outputs.guests
        print(sorted(BatchRuntime(graph).run(inputs={"front": "Ann", "back": "Bo"}).outputs.guests))
        #> ['back: Bo', 'front: Ann']
    """

    __slots__ = ("optional", "validate")

    def __init__(self, *, optional: bool = False, validate: Callable[[T], Any] | None = None) -> None:
        self.optional = optional
        self.validate = validate

    def __getitem__(self, key: Key) -> In[T]:
        declared_only(self)

    def new(self) -> In[T]:
        """Return the element with the next free number, in a graph."""
        declared_only(self)

    def __iter__(self) -> Iterator[Key]:
        declared_only(self)

    def __len__(self) -> int:  # noqa: PLE0303 - refuses
        declared_only(self)

    def keys(self) -> list[Key]:
        """Return the keys, in order of connection."""
        declared_only(self)

    def values(self) -> list[In[T]]:
        """Return the inputs, in order of connection."""
        declared_only(self)

    def items(self) -> list[tuple[Key, In[T]]]:
        """Return keys with their inputs, in order of connection."""
        declared_only(self)


class OutArray(Generic[T]):
    """An output port with any number of elements, each an `Out[T]` of its own.

    Declared in the body of a component, `parts: OutArray[Row]`. In a graph `split.parts["DE"]` names an element;
    in `run` any key may be sent to: packets for a key that nobody is connected to are counted and discarded. It
    lists the elements that somebody takes from; one whose consumers have ended is not among them.

    Example:
        class ByLength(Component):
            word: In[str]
            words: OutArray[str]

            async def run(self) -> None:
                async for word in self.word:
                    await self.words[len(word)].send(word)

        graph = Graph("lengths")
        split = graph.add(ByLength)
        graph.inputs.word >> split.word
        split.words[2] >> graph.outputs.short
        split.words[5] >> graph.outputs.long
        result = BatchRuntime(graph).run(inputs={"word": Each(["we", "shape", "our", "tools"])})
        print(result.outputs.short, result.outputs.long, result.discarded)
        #> ['we'] ['shape', 'tools'] {'by_length.words[3]': 1}
    """

    __slots__ = ()

    def __getitem__(self, key: Key) -> Out[T]:
        declared_only(self)

    def new(self) -> Out[T]:
        """Return the element with the next free number, in a graph."""
        declared_only(self)

    def __iter__(self) -> Iterator[Key]:
        declared_only(self)

    def __len__(self) -> int:  # noqa: PLE0303 - refuses
        declared_only(self)

    def keys(self) -> list[Key]:
        """Return the keys, in order of connection."""
        declared_only(self)

    def values(self) -> list[Out[T]]:
        """Return the outputs, in order of connection."""
        declared_only(self)

    def items(self) -> list[tuple[Key, Out[T]]]:
        """Return keys with their outputs, in order of connection."""
        declared_only(self)
