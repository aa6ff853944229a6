"""Solves are bounded in number and time, and the newest question of a page wins."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import pytest
from app_server import PAPER

from planner.app.answers import Answers
from planner.app.asked import State
from planner.app.pool import GivenUp, Pool
from planner.errors import LimitHit
from planner.plan import recommend
from planner.scenario.read import read
from planner.solve.backend import STOP
from planner.solve.master import Deadline
from planner.solve.search import Progress
from planner.study.ranking import rank


class Busy:
    """Work that goes on, step by step, until it is given up or let go."""

    def __init__(self) -> None:
        self.running = threading.Event()
        self.free = threading.Event()

    def __call__(self, progress: Progress) -> str:
        self.running.set()
        while not self.free.wait(0.005):
            progress("still at it")
        return "done"


def test_a_newer_job_takes_the_place_of_a_running_one() -> None:
    pool, busy = Pool(1, 10, 60), Busy()
    old = pool.submit("page", busy)
    assert busy.running.wait(10)
    new = pool.submit("page", lambda _: "new")
    assert new.future.result(10) == "new"
    with pytest.raises((GivenUp, CancelledError)):
        old.future.result(10)
    pool.stop()


def test_a_job_that_waits_is_given_up_without_being_started() -> None:
    pool, busy, started = Pool(1, 10, 60), Busy(), []
    first = pool.submit("one", busy)
    assert busy.running.wait(10)
    waiting = pool.submit("two", lambda _: started.append(1))
    pool.cancel("two")
    busy.free.set()
    assert first.future.result(10) == "done"
    assert pool.submit("three", lambda _: "after").future.result(10) == "after"
    assert waiting.future.cancelled()
    assert started == []
    pool.stop()


def test_pages_do_not_take_each_others_place() -> None:
    pool, busy = Pool(1, 10, 60), Busy()
    first = pool.submit("one", busy)
    others = [pool.submit(f"page {k}", lambda _, k=k: k) for k in range(5)]
    busy.free.set()
    assert first.future.result(10) == "done"
    assert [job.future.result(10) for job in others] == [0, 1, 2, 3, 4]
    pool.stop()


def test_no_more_than_so_many_wait() -> None:
    pool, busy = Pool(1, 2, 60), Busy()
    pool.submit("", busy)
    assert busy.running.wait(10)
    for _ in range(2):
        pool.submit("", lambda _: None)
    with pytest.raises(LimitHit, match="Too many"):
        pool.submit("", lambda _: None)
    busy.free.set()
    pool.stop()


def test_a_job_beyond_its_time_ends() -> None:
    pool = Pool(1, 10, 0.01)
    with pytest.raises(LimitHit, match="the most that the page allows"):
        pool.submit("", Busy()).future.result(10)
    pool.stop()


def test_a_stopped_pool_takes_nothing_and_ends_what_runs() -> None:
    pool, busy = Pool(2, 10, 60), Busy()
    job = pool.submit("page", busy)
    assert busy.running.wait(10)
    pool.stop(10)
    with pytest.raises((GivenUp, CancelledError)):
        job.future.result(0)
    with pytest.raises(LimitHit):
        pool.submit("page", lambda _: None)


def test_a_search_within_one_step_ends_where_its_asker_gives_up() -> None:
    """Without a progress report: its deadline is over, and the solver that it has asked is stopped
    by the event that its limits carry (tests/solve has that a backend obeys it)."""
    pool, running = Pool(1, 10, 60), threading.Event()
    found: list[bool] = []

    def work(_: Progress) -> None:
        deadline, stop = Deadline(600), STOP.get()
        assert stop is not None
        found.append(deadline.over())
        running.set()
        assert stop.wait(60)
        found.extend([deadline.over(), Deadline(None).over()])

    job = pool.submit("page", work)
    assert running.wait(10)
    pool.cancel("page")
    with pytest.raises((GivenUp, CancelledError)):
        job.future.result(60)
    after = pool.submit("page", lambda _: Deadline(600).over())
    assert after.future.result(10) is False
    assert found == [False, True, True]
    assert not Deadline(600).over()
    pool.stop()


def test_what_a_search_found_until_it_was_given_up_is_not_kept() -> None:
    """The answer is asked for again: it is the proven one."""
    scenario, asked = read(PAPER), State()
    answers, given_up = Answers(), threading.Event()

    def progress(_: str) -> None:
        if given_up.is_set():
            raise GivenUp

    answer = answers.of(scenario, asked, progress)
    token = STOP.set(given_up)
    given_up.set()
    try:
        with pytest.raises(GivenUp):
            answer.ranking(progress)
        with pytest.raises(GivenUp):
            answer.alternatives(progress)
    finally:
        STOP.reset(token)
    given_up.clear()
    whole = rank(recommend(scenario))
    assert [row.replacement_cost for row in answer.ranking(progress).rows] == [
        row.replacement_cost for row in whole.rows
    ]
