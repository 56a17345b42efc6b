"""The dead letters of a run, as its result has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from fbcore.model.letter import DeadLetter

if TYPE_CHECKING:
    from fbcore.formats.letter_file import LetterFile


class Letters(Sequence[DeadLetter]):
    """The dead letters of one run, the oldest first: those kept in memory, then those in files.

    Files are read when somebody asks, so that they take no memory; what was
    taken out of a file meanwhile is not there any more. `counts` has how many there were at each node, and where they
    are: `{"parse": {"failed.jsonl": 3}}`, with "memory" for those in memory.

    Example:
        @component
        def parse(text: str) -> int:
            return int(text)

        settings = NetSettings(dead_letters=DeadLetters("failed.jsonl"))
        letters = BatchRuntime(parse, settings=settings).run(inputs={"text": Each(["1", "two"])}).dead_letters
        print(len(letters), letters.counts, letters[0].values)
        #> 1 {'parse': {'failed.jsonl': 1}} {'text': 'two'}
    """

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        self._kept: list[DeadLetter] = []
        self._in_files: dict[str, set[str]] = {}

    def note(self, letter: DeadLetter, file: LetterFile | None) -> None:
        """Take in a letter that was put into a file, or, without one, is to be kept here."""
        where, name = self.counts.setdefault(letter.node, {}), file.name if file is not None else "memory"
        where[name] = where.get(name, 0) + 1
        if file is not None:
            self._in_files.setdefault(str(file.path), set()).add(letter.id)
        else:
            self._kept.append(letter)

    def __iter__(self) -> Iterator[DeadLetter]:
        yield from self._kept
        if not self._in_files:
            return
        # Loaded here, for who has no letters in files needs none of it.
        from fbcore.formats.letter_file import LetterFile

        for file, ids in self._in_files.items():
            records = LetterFile(file).read().records
            yield from (record.letter() for record in records.values() if record.id in ids)

    def __len__(self) -> int:
        return sum(sum(where.values()) for where in self.counts.values())

    @overload
    def __getitem__(self, number: int) -> DeadLetter: ...
    @overload
    def __getitem__(self, number: slice) -> list[DeadLetter]: ...
    def __getitem__(self, number: Any) -> Any:
        """Return one letter, or several."""
        return self._kept[number] if not self._in_files else [*self][number]

    def in_words(self) -> Iterator[str]:
        """Say of each node how many letters it has left behind, and where they are."""
        for node, places in self.counts.items():
            for place, count in places.items():
                yield f"{node}: {count:,} in {place}"

    def __repr__(self) -> str:
        return f"<{len(self):,} dead letter{'' if len(self) == 1 else 's'}: {self.counts}>"
