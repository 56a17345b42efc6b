"""How a program is explored."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from fbdev.explore.budget import Budget
from fbdev.explore.progress import Listener
from fbdev.explore.words import ExploreError

Search = Literal["auto", "states", "labels", "races", "every", "preemptions", "sample", "random", "pos", "pct"]

Place = str | Path | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a program is explored: the options of `explore`."""

    search: Search = "auto"
    budget: Budget = field(default_factory=Budget)
    samples: int = 1000
    seed: int = 0
    audit: int = 0
    keep_going: bool = False
    chance: bool = False
    keep: Place = None
    continues: Place = None
    cores: int = 1
    progress: Listener | None = None

    @property
    def is_kept(self) -> bool:
        """Whether what is left is kept in a file."""
        return self.keep is not None or self.continues is not None

    def __post_init__(self) -> None:
        if self.search not in get_args(Search):
            hint = f"there are {', '.join(get_args(Search))}"
            raise ExploreError(f"there is no search {self.search!r}", "explore", hint)
        if self.cores < 1:
            raise ExploreError(f"there are no {self.cores} cores", "explore", "give 1 or more")
