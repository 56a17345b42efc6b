"""What a user may hang on executions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fbdev.explore.execution import Execution
    from fbdev.explore.words import Step


class Hooks:
    """Called at the begin and end of each execution, at each step, and when processes come and go; derive from it.

    A replayed step is a step: the hooks are called whenever processes run, whatever they run for.

    Example:
        from fbdev.explore import Hooks, explore

        class Count(Hooks):
            begun = 0

            def begin(self, execution):
                self.begun += 1

        count = Count()
        result = explore(lambda: {}, hooks=count)
        print(result.verdict.kind, count.begun > 0)
        #> inconclusive True
    """

    def begin(self, execution: Execution) -> None:
        """Called when an execution was made."""

    def end(self, execution: Execution) -> None:
        """Called when an execution has ended or is given up, before what still runs is closed."""

    def step(self, execution: Execution, process: str, step: Step) -> None:
        """Called after a step."""

    def created(self, execution: Execution, process: str) -> None:
        """Called when there is a new process."""

    def ended(self, execution: Execution, process: str, step: Step) -> None:
        """Called when a process has made its last step."""
