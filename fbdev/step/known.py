"""What goes into a net that is stepped, known beforehand as far as that can be, so that a snapshot can be written."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from fbcore.model.packet import Each

_MOST = 10_000
"""Items of an input that are read before the net begins; what comes after them is read as the net takes it."""


def known(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs with lists in the place of iterators, where these are not too long and all of them can be read."""
    return {name: _known(value) if isinstance(value, Each) else value for name, value in inputs.items()}


def _known(each: Each[Any]) -> Each[Any]:
    if not isinstance(each.items, Iterable):
        return each
    items: list[Any] = []
    rest = iter(each.items)
    try:
        items.extend(islice(rest, _MOST))
    except Exception as error:
        # It is the net that is to fail, at this item, and not the beginning.
        return Each(chain(items, _raising(error)))
    return Each(items) if len(items) < _MOST else Each(chain(items, rest))


def _raising(error: Exception) -> Iterator[Any]:
    yield from ()
    raise error
