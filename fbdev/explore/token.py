"""Replay tokens: schedules as text that can be mailed, kept in a test, and tried on another Python."""

from __future__ import annotations

import base64
import itertools
import json
import zlib
from collections.abc import Callable, Sequence

from fbdev.explore.words import ExploreError

_PLAIN, _PACKED = "x1.", "x1z."
_LONG = 200
_UNPACK: dict[str, Callable[[bytes], bytes]] = {_PLAIN: bytes, _PACKED: zlib.decompress}


def token_of(path: Sequence[str], labels: Sequence[str]) -> str:
    """Write a schedule, and what each of its steps reached, as a token.

    Example:
        from fbdev.explore.token import steps_of, token_of

        print(steps_of(token_of(["a", "b"], ["read", "finished"])))
        #> [('a', 'read'), ('b', 'finished')]
    """
    runs = [
        [name, [label for _, label in group]]
        for name, group in itertools.groupby(zip(path, labels, strict=True), key=lambda each: each[0])
    ]
    text = json.dumps(runs, separators=(",", ":")).encode()
    if len(text) > _LONG:
        return _PACKED + base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")
    return _PLAIN + base64.urlsafe_b64encode(text).decode().rstrip("=")


def steps_of(token: str) -> list[tuple[str, str]]:
    """Read a token: the process of each step, and what it reached.

    Raises:
        ExploreError: when it is no token.
    """
    try:
        kind, _, packed = token.partition(".")
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        runs = json.loads(_UNPACK[f"{kind}."](data))
        return [(str(name), str(label)) for name, labels in runs for label in labels]
    except (ValueError, TypeError, KeyError, zlib.error):
        what = f"{token[:40]!r} is no replay token"
        raise ExploreError(what, "replay", "copy the whole of it, from x1 to the end") from None
