"""Work on several things side by side, in threads, each waiting for a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import TypeVar

from harness.pipeline.engine.engine import Engine

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(engine: Engine, do: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """What `do` makes of each item, in their order, as many at once as the engine works on.

    Where that is one, all is done in this thread. The first error ends the others, and is raised.
    """
    if engine.at_once == 1:
        return [do(item) for item in items]
    with ThreadPoolExecutor(engine.at_once, thread_name_prefix="case") as pool:
        futures = [pool.submit(copy_context().run, do, item) for item in items]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            engine.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in futures]
