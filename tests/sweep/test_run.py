"""The driver: whoever does the work, in whatever order, with whatever deaths, the same records."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from functools import partial
from unittest import mock

import pytest
from helpers_sweep import die, pid, refuse, sleep, small, unpicklable

from planner.errors import EnvironmentFailed
from planner.sweep import executors
from planner.sweep import run as module
from planner.sweep.chunk import Chunk, Span, answer_span
from planner.sweep.executors import Serial, WorkerDied, Workers
from planner.sweep.hands import local, serial
from planner.sweep.ledger import Ledger
from planner.sweep.outcomes import SET_ASIDE, decode
from planner.sweep.run import Hands, run_sweep

SWEEP = small()


@pytest.fixture(scope="module")
def undisturbed() -> list[tuple[int, str]]:
    return answered(serial())


def answered(hands, sweep=SWEEP, before=()):
    """The records of a run in memory."""
    with Ledger.in_memory(sweep.identity()) as ledger, hands as found:
        ledger.record(list(before))
        state = run_sweep(sweep, found, ledger)
        records = list(ledger.records())
    assert state.before + state.done + state.set_aside == len(sweep)
    return records


class Unruly(Executor):
    """Answers in random order, sometimes not at all; never two runs alike."""

    def __init__(self, seed: int, deaths: float = 0.0) -> None:
        self.rng = random.Random(seed)
        self.deaths = deaths
        self.waiting: list[tuple[Future, tuple]] = []

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        self.waiting.append((future, (fn, args, kwargs)))
        return future

    def window(self) -> int:
        """How many chunks may be out: the driver asks before it hands any out."""
        self.rng.shuffle(self.waiting)
        for future, (call, words, names) in self.waiting:
            if self.rng.random() < self.deaths:
                future.set_exception(WorkerDied("gone"))
            else:
                future.set_result(call(*words, **names))
        self.waiting.clear()
        return self.rng.randint(1, 6)


def test_the_records_are_every_case_once(undisturbed):
    assert [number for number, _ in undisturbed] == list(range(len(SWEEP)))
    # Budget 5 cannot pay for Debate at 6 (case numbers 120 to 159 are those draws).
    failed = [n for n, text in undisturbed if type(decode(text)).__name__ == "Failed"]
    assert failed == list(range(120, 160))


@pytest.mark.parametrize("seed", range(3))
def test_order_sizes_and_deaths_change_nothing(undisturbed, seed):
    unruly = Unruly(seed, deaths=0.2)
    hands = Hands(unruly, unruly.window)
    with (
        mock.patch.object(module, "MOST_CASES", 2 + 9 * seed),
        mock.patch.object(module, "MOST_DEATHS", 10**6),
    ):
        assert answered(nullcontext(hands)) == undisturbed


def test_only_what_is_unfinished_is_done(undisturbed):
    spans = []

    def watched(sweep, span):
        spans.append(span)
        return answer_span(sweep, span)

    kept = [record for record in undisturbed if record[0] % 7]
    with mock.patch.object(module, "answer_span", watched):
        assert answered(serial(), before=kept) == undisturbed
    done = [number for span in spans for number in range(span.start, span.stop)]
    assert done == [number for number in range(len(SWEEP)) if number % 7 == 0]


def test_processes_give_the_same_bytes_and_end_with_the_run(undisturbed):
    with local(2) as hands:
        records = answered(nullcontext(hands))
        workers = hands.executor.pids
        assert len(workers) == 2
    assert records == undisturbed
    assert not any(map(alive, workers))


def test_a_case_that_always_kills_its_worker_is_set_aside_and_the_rest_finish(undisturbed):
    """The worker is this process, and its death an exception; the next test kills real ones."""

    def dies(sweep, span):
        if span.start <= 17 < span.stop:
            raise WorkerDied("gone")
        return answer_span(sweep, span)

    with mock.patch.object(module, "answer_span", dies):
        records = answered(serial())
    assert [pair for pair in records if pair[0] != 17] == [p for p in undisturbed if p[0] != 17]
    assert decode(records[17][1]).kind == SET_ASIDE


def test_real_deaths_of_a_worker_end_in_setting_its_case_aside(undisturbed):
    deadly = frozenset({17})
    with mock.patch.object(module, "answer_span", partial(die, deadly=deadly)):
        records = answered(local(1), before=[pair for pair in undisturbed if pair[0] != 17])
    assert len(records) == len(SWEEP)
    assert decode(records[17][1]).kind == SET_ASIDE


def test_what_is_finished_is_written_when_the_run_is_stopped(undisturbed):
    calls = []

    def stopped(sweep, span):
        calls.append(span)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return answer_span(sweep, span)

    with Ledger.in_memory(SWEEP.identity()) as ledger:
        with (
            mock.patch.object(module, "answer_span", stopped),
            pytest.raises(KeyboardInterrupt),
            serial() as hands,
        ):
            run_sweep(SWEEP, hands, ledger)
        found = list(ledger.records())
    assert found == undisturbed[: sum(map(len, calls[:3]))]


def test_an_executor_that_is_gone_or_drops_a_chunk_ends_the_run():
    class Drops(Serial):
        def submit(self, fn, /, *args, **kwargs):  # noqa: ARG002
            future: Future[Chunk] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    def gone() -> None:
        raise EnvironmentFailed("the scheduler is gone")

    with pytest.raises(EnvironmentFailed, match="dropped a chunk"):
        answered(nullcontext(Hands(Drops(), lambda: 1)))
    with pytest.raises(EnvironmentFailed, match="scheduler is gone"):
        answered(nullcontext(Hands(Drops(), lambda: 1, check=gone)))


def test_chunks_grow_to_about_a_second_and_no_further():
    driver = module._Driver(SWEEP, Hands(Serial(), lambda: 1), _Empty(), lambda _: None)
    for size, seconds in ((1, 0.001), (4, 0.004), (16, 0.016)):
        assert driver.size == size
        driver._learn(Chunk(Span(0, size), ("",) * size, 0, seconds))
    driver._learn(Chunk(Span(0, 64), ("",) * 64, 0, 4.0))
    assert driver.size == 16
    driver._learn(Chunk(Span(0, 16), ("",) * 16, 0, 100.0))
    assert driver.size == 1


class _Empty:
    def unfinished(self):
        return []


def test_spans_are_cut_without_gap_or_overlap():
    for length in (1, 2, 7, 8, 9, 100):
        pieces = Span(5, 5 + length).pieces(8)
        assert len(pieces) <= 8
        assert [n for piece in pieces for n in range(piece.start, piece.stop)] == list(
            range(5, 5 + length)
        )


# The workers themselves.


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_answer_fail_and_die_one_call_at_a_time():
    executor = Workers(1)
    first = executor.submit(pid).result(60)
    assert first != os.getpid()
    with pytest.raises(ValueError, match="no"):
        executor.submit(refuse, "no").result(60)
    with pytest.raises(Exception, match=r"pickle|Can't get|worker"):
        executor.submit(unpicklable).result(60)
    current = executor.submit(pid).result(60)
    long, later = executor.submit(sleep, 60), executor.submit(pid)
    while not long.running():
        time.sleep(0.01)
    os.kill(current, signal.SIGKILL)
    with pytest.raises(WorkerDied, match="killed by signal 9"):
        long.result(60)
    # The call that waited its turn was not harmed.
    assert later.result(60) not in (current, os.getpid())
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(pid)


def test_a_worker_that_cannot_be_started_is_said_and_nobody_waits_for_it():
    class NoMore:
        def Pipe(self):
            raise OSError(11, "Resource temporarily unavailable")

    with (
        mock.patch.object(executors.multiprocessing, "get_context", return_value=NoMore()),
        pytest.raises(EnvironmentFailed, match=r"could not be started: .* unavailable"),
    ):
        answered(local(2))


def test_ctrl_c_is_the_drivers_alone_and_a_stop_ends_workers_at_once():
    executor = Workers(1)
    worker = executor.submit(pid).result(60)
    os.kill(worker, signal.SIGINT)
    assert executor.submit(pid).result(60) == worker
    busy, queued = executor.submit(sleep, 60), executor.submit(pid)
    while not busy.running():
        time.sleep(0.01)
    ending = threading.Thread(target=partial(executor.shutdown, cancel_futures=True))
    ending.start()
    ending.join(20)
    assert not ending.is_alive()
    assert not alive(worker)
    assert busy.done()
    assert queued.cancelled()
