"""Where the dead letters of a node go: a list in memory, or a file."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import count, filterfalse
from typing import TYPE_CHECKING, Any

from fbcore.errors import FlowError, NodeError
from fbcore.model.letter import DeadLetter
from fbcore.orchestration.policy import DeadLetters

if TYPE_CHECKING:
    from fbcore.formats.letter_file import LetterFile
    from fbcore.net.node import Node
    from fbcore.orchestration.feeding import Fed


class LetterBox:
    """Takes the dead letters of one node. `refused` says why it did not take the last one, or is "".

    Whoever steps or explores a net makes it again and again, and would fill the file with letters that never were:
    their letters stay in memory.
    """

    __slots__ = ("_file", "_names", "_run", "node", "refused")

    def __init__(self, node: Node, policy: DeadLetters) -> None:
        self.node = node
        self.refused = ""
        self._file: LetterFile | None = None
        if policy.file:
            # Loaded here, for few nets keep letters in files.
            from fbcore.formats.letter_file import LetterFile

            self._file = LetterFile(policy.file)
        self._run = ""
        self._names = count(1)

    def put(self, error: NodeError, values: Mapping[str, Any]) -> bool:
        """Take the packets that a node could not process; say whether that was possible."""
        net = self.node.net
        file = self._file if self.node.trace is None else None
        if file is not None and not self._run:
            from uuid import uuid4

            self._run = f"{uuid4().hex[:8]}-"
        prefix = self._run if file is not None else f"{self.node.address}-"
        id = next(filterfalse(self._is_fed, (f"{prefix}{number}" for number in self._names)))
        letter = DeadLetter(self.node.address, values, error, id=id, net=net.name, time=self.now)
        return self.keep(letter, file)

    def _is_fed(self, id: str) -> bool:
        """Say whether a letter that was fed back is called so."""
        feed = getattr(self.node, "feed", None)
        return feed is not None and id in feed.ids

    def put_again(self, letters: Sequence[Fed], values: Mapping[str, Any], error: NodeError) -> bool:
        """Take packets of letters that were fed back and have failed again, each with what else was in hand."""
        rest = {name: value for name, value in values.items() if not any(name in fed.pending for fed in letters)}
        is_kept = True
        for fed in letters:
            own = {name: value for name, value in values.items() if name in fed.pending}
            is_kept = fed.has_failed_with({**own, **rest}, error) and is_kept
            rest = {}
        return is_kept

    @property
    def now(self) -> float:
        """The time to be written on a letter: virtual where the loop's is."""
        net = self.node.net
        return net.loop.time() if net.is_stepped else time.time()

    def keep(self, letter: DeadLetter, file: LetterFile | None) -> bool:
        """Put a letter into a file, or where there is none, into memory; say whether that was possible."""
        net = self.node.net
        self.refused = ""
        if file is not None:
            try:
                from fbcore.formats.letter_file import record_of

                file.append(record_of(letter))
            except FlowError as problem:
                self.refused = f"its packets cannot be kept as a dead letter: {problem.address}: {problem.what}"
                return False
        net.letters.note(letter, file)
        net.watching.dead_letter(letter)
        return True
