"""Values that are not to be compared, hashed, or asked whether they are true: stand-ins for arrays and data frames."""

from __future__ import annotations

from typing import Any


class Frame:
    """As a data frame: comparing makes a frame, which has no truth and no hash; its repr is long."""

    def __init__(self, *cells: int) -> None:
        self.cells = cells

    def __eq__(self, other: object) -> Any:
        return Frame(*(0 for _ in self.cells))

    def __ne__(self, other: object) -> Any:
        return Frame(*(1 for _ in self.cells))

    __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise ValueError("the truth value of a Frame is ambiguous")

    def __len__(self) -> int:
        return len(self.cells)

    def __getattr__(self, name: str) -> Any:
        # A column of that name, as frames have it; not for what copying and pickling ask for.
        if name.startswith("_") or name == "cells":
            raise AttributeError(name)
        return Frame()

    def __repr__(self) -> str:
        return "\n".join(f"row {cell}" for cell in self.cells) * 100


class Spiteful(Frame):
    """A frame that cannot be pickled, copied or shown."""

    def __repr__(self) -> str:
        raise RuntimeError("not to be shown")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("not to be pickled")
