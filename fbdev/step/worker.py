"""The one thread in which a net is stepped, so that the screen lives while a turn takes its time."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Does one job after the other, in a thread that does not hold up the end of the process."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="fbdev step", daemon=True)
        self._thread.start()
        self.doing = 0

    def ask(self, job: Callable[[], T]) -> Future[T]:
        """Put a job behind those that wait, and return what will be its result."""
        future: Future[T] = Future()
        self.doing += 1
        self._jobs.put((job, future))
        return future

    def do(self, job: Callable[[], T]) -> T:
        """Do a job, and wait for its result."""
        return self.ask(job).result()

    def close(self, patience: float = 1.0) -> bool:
        """End the thread when its jobs are done; say whether that was so within so many seconds."""
        self._jobs.put(None)
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (asked := self._jobs.get()) is not None:
            job, future = asked
            try:
                result = job()
            except BaseException as error:
                self.doing -= 1
                future.set_exception(error)
            else:
                self.doing -= 1
                future.set_result(result)
