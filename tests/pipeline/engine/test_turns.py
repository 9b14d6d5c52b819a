"""What is measured has nothing of ours beside it."""

from __future__ import annotations

import threading

from harness.pipeline.engine.turns import Turns

LONGEST_S = 30


def test_who_is_alone_waits_for_the_others_and_keeps_out_who_comes_later() -> None:
    """One job runs, one wants to be alone, a third comes after that: they follow each other in this order."""
    turns, order = Turns(), []
    first_may_end = threading.Event()

    def together(name: str, entered: threading.Event, may_end: threading.Event) -> None:
        with turns.taken(alone=False):
            order.append(f"{name} in")
            entered.set()
            may_end.wait(LONGEST_S)
            order.append(f"{name} out")

    def alone() -> None:
        with turns.taken(alone=True):
            order.append("alone in")
            order.append("alone out")

    first_in, third_in, done = threading.Event(), threading.Event(), threading.Event()
    done.set()
    threads = [threading.Thread(target=together, args=("first", first_in, first_may_end))]
    threads[0].start()
    assert first_in.wait(LONGEST_S)
    threads.append(threading.Thread(target=alone))
    threads[1].start()
    while not turns._waiting:
        threading.Event().wait(0.01)
    threads.append(threading.Thread(target=together, args=("third", third_in, done)))
    threads[2].start()
    first_may_end.set()
    for thread in threads:
        thread.join(LONGEST_S)
    assert order == ["first in", "first out", "alone in", "alone out", "third in", "third out"]


def test_many_are_in_at_once() -> None:
    turns, inside = Turns(), threading.Barrier(3, timeout=LONGEST_S)

    def together() -> None:
        with turns.taken(alone=False):
            inside.wait()

    threads = [threading.Thread(target=together) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST_S)
    assert not inside.broken


def test_a_turn_ends_where_its_block_fails() -> None:
    turns = Turns()
    for alone in (True, False, True):
        try:
            with turns.taken(alone):
                raise ValueError
        except ValueError:
            pass
    with turns.taken(alone=True):
        assert turns._together == 0
