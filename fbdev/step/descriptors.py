"""What is written to standard output and error below Python, by programs that a component starts, say."""

import codecs
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def caught(take: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Keep the screen from what is written to descriptors 1 and 2, while the screen itself goes on to be painted.

    What is yielded hands over what was written since it was called last. Where files cannot be read at a place of
    one's own, on Windows, nothing is caught.
    """
    out, err = sys.__stdout__, sys.__stderr__
    if not hasattr(os, "pread") or out is None or err is None:
        yield lambda: None
        return
    out.flush()
    err.flush()
    saved = {1: os.dup(1), 2: os.dup(2)}
    screen = os.fdopen(os.dup(2), "w", encoding=err.encoding, errors="replace")
    with tempfile.TemporaryFile() as file:
        try:
            for descriptor in saved:
                os.dup2(file.fileno(), descriptor)
            # This is where textual looks for the terminal and its size.
            sys.__stdout__ = sys.__stderr__ = screen  # type: ignore[misc]
            at = 0
            # What is written may be half a character so far.
            decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

            def hand_over() -> None:
                nonlocal at
                size = os.fstat(file.fileno()).st_size
                if size > at:
                    text = os.pread(file.fileno(), size - at, at)
                    at += len(text)
                    take(decoder.decode(text))

            yield hand_over
        finally:
            sys.__stdout__, sys.__stderr__ = out, err  # type: ignore[misc]
            for descriptor, copy in saved.items():
                os.dup2(copy, descriptor)
                os.close(copy)
            with suppress(OSError):
                # The terminal may have gone.
                screen.close()
