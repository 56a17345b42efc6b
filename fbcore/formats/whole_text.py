"""Text files that are whole at every moment: the old one, or the new one."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex


def write_whole(path: Path, text: str) -> None:
    """Write a text beside a file, see it on the disk, and put it in the file's place.

    Raises:
        OSError: it cannot be written there; the file that was there stays, and nothing lies beside it.
    """
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
