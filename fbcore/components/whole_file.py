"""Files that are there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO

from fbcore.errors import ConfigError


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    r"""Write a text file beside its place, and move it there when the block has ended well.

    Who reads meanwhile sees the old file, or none; when the block fails, or is cancelled, the old one stays.
    Folders that are missing are made.

    Raises:
        ConfigError: the file cannot be written there.

    Example:
        from pathlib import Path
        from fbcore.components.whole_file import whole_file

        with whole_file(Path("out/means.csv")) as file:
            file.write("sky,mean\n")
            print(list(Path("out").glob("*.csv")))
            #> []
        print(Path("out/means.csv").read_text().strip())
        #> sky,mean
    """
    partial = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = partial.open("x", encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}", hint="choose another place") from error
    try:
        with file:
            yield file
        _move(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _move(partial: Path, path: Path) -> None:
    try:
        partial.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}", hint="choose another place") from error
