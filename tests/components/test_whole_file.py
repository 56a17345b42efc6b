from pathlib import Path

import pytest

from fbcore.components.whole_file import whole_file


def test_readers_see_the_old_file_until_the_end(tmp_path: Path) -> None:
    """While a file is written, its place holds what was there before; afterwards all of the new one."""
    path = tmp_path / "means.csv"
    path.write_text("old")
    with whole_file(path) as file:
        file.write("new\n")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_whatever_happens_nothing_is_left_half(tmp_path: Path, error: type[BaseException]) -> None:
    """When the block is left by any exception, there is no file, neither in its place nor beside it."""

    def write_half() -> None:
        with whole_file(tmp_path / "means.csv") as file:
            file.write("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_two_at_once(tmp_path: Path) -> None:
    """Two who write the same file do not mix; the last to end has its way."""
    path = tmp_path / "means.csv"
    with whole_file(path) as first:
        with whole_file(path) as second:
            first.write("first")
            second.write("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
