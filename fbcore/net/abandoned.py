"""Threads that were left behind: they do not end, nobody waits for them, and what they still say is not heard."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from fbcore.errors import is_machinery

log = logging.getLogger("fbcore")

_STDLIB = threading.__file__.rpartition("threading")[0]


class AbandonedThread(NamedTuple):
    """A thread that was left behind, and the node whose work it did."""

    address: str
    thread: threading.Thread

    def __str__(self) -> str:
        return f"the thread of {self.address}{place_in(self.thread)}"


def place_in(thread: threading.Thread) -> str:
    """Say in words where a thread is, in the user's code if it is there at all; "" when it has ended."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        code = frame.f_code
        is_library = code.co_filename.startswith(_STDLIB) or "site-packages" in code.co_filename
        if not is_library and not is_machinery(code.co_filename):
            return f", in {code.co_qualname} at {code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def each_once(outliving: Sequence[str]) -> list[str]:
    """Return what is said of threads, once where it is said of several."""
    return [f"{what} ({count} threads)" if count > 1 else what for what, count in Counter(outliving).items()]


def report_outliving(net: str, abandoned: Sequence[AbandonedThread]) -> tuple[str, ...]:
    """Name those that outlive their net, on the log and by a `ResourceWarning`, which Python hides by default."""
    outliving = tuple(str(each) for each in abandoned if each.thread.is_alive())
    if outliving:
        count = "1 thread outlives" if len(outliving) == 1 else f"{len(outliving):,} threads outlive"
        places = each_once(outliving)
        text = f"{count} the net {net}: {'; '.join(places[:10])}{'; ...' if len(places) > 10 else ''}"
        log.warning(text)
        # Where warnings are errors: the result of a net is not to be lost on account of it, and the log has said it.
        with suppress(ResourceWarning):
            warnings.warn(text, ResourceWarning, stacklevel=2)
    return outliving
