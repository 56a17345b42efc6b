"""What a config or a memory does where it is taken for the value that it holds."""

from __future__ import annotations

from typing import NoReturn

from fbcore.errors import PortError, shown


class HeldValue:
    """Refuses what would silently go wrong: `if self.dry_run:` is always true, `self.size == 10` never.

    To compare with `>`, to add and to iterate, Python refuses itself.

    Raises:
        PortError: it was taken for its value.
    """

    __slots__ = ()

    address: str
    called: str
    """What such a thing is called."""

    def __bool__(self) -> NoReturn:  # noqa: PLE0304 - refuses
        self._refuse("asked whether it is true")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HeldValue):
            self._refuse(f"compared with {shown(other)}")
        return self is other

    __hash__ = object.__hash__

    def __format__(self, form: str) -> str:
        self._refuse("put into a text")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        what = f"{self.address}: the {self.called} has no attribute {name!r}"
        raise AttributeError(f"{what}; its value is `self.{self._name}.value`")

    def _refuse(self, what: str) -> NoReturn:
        hint = f"its value is `self.{self._name}.value`"
        raise PortError(f"the {self.called} itself is {what}, not its value", self.address, hint)

    @property
    def _name(self) -> str:
        return self.address.rpartition(".")[2]
