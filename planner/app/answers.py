"""Answers to what pages ask, worked out once and kept while they may be asked for again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from planner.app import limits
from planner.app.asked import State
from planner.errors import LimitHit
from planner.plan import Plan, Question, answer, read_budget
from planner.report.pages import assemble
from planner.report.pages.blocks import Report
from planner.scenario.changes import Change, change_all
from planner.scenario.digest import digest
from planner.scenario.settle import settle
from planner.scenario.types import Scenario
from planner.solve.search import Progress, Search
from planner.study.alternatives import Alternatives, alternatives
from planner.study.certified import certified_for
from planner.study.dossier import gather
from planner.study.explain import Explanation, explain
from planner.study.ranking import Ranking, rank
from planner.study.what_if import is_light

_SEARCH = Search(time_limit=limits.SOLVE_SECONDS)

#: What is told before an answer is kept: a search whose asker gave up ends early, and what it found
#: by then is no answer; the progress report then raises.
GIVEN_UP = ""

#: Held while a report is worked out and drawn.
_REPORTING = threading.Lock()

#: A scenario's digest, what is changed of it, and the objective.
Key = tuple[str, tuple[Change, ...], str]


@dataclass(eq=False)
class Answer:
    """A plan, and what was asked about it so far.

    A plan's search remembers what it learnt and is used by one thread at a time: `lock`.
    """

    plan: Plan
    lock: threading.Lock = field(default_factory=threading.Lock)
    _ranking: Ranking | None = None
    _kept: Ranking | None = None
    _report: Report | None = None
    _alternatives: Alternatives | None = None
    _explanation: Explanation | None = None

    def ranking(self, progress: Progress) -> Ranking:
        with self.lock:
            if self._ranking is None:
                found = rank(self.plan, seconds=limits.RANKING_SECONDS, progress=progress)
                progress(GIVEN_UP)
                self._ranking = found
            return self._ranking

    def kept(self, progress: Progress) -> Ranking:
        """The ranking with a plan that carries its certificate where there is one, for a file."""
        ranking = self.ranking(progress)
        with self.lock:
            if self._kept is None:
                plan = certified_for(
                    self.plan, _SEARCH.gap, kept=True, seconds=limits.CERTIFICATE_SECONDS
                )
                progress(GIVEN_UP)
                self._kept = replace(ranking, plan=plan)
            return self._kept

    def report(self, progress: Progress) -> Report:
        """All that the command `report` says; LimitHit while another one is being made, so that
        answers never wait for several."""
        if self._report is None:
            if not _REPORTING.acquire(blocking=False):
                raise LimitHit("Another report is being made; try again in a moment.")
            try:
                search = replace(_SEARCH, time_limit=limits.REPORT_PART_SECONDS)
                question = self.plan.question
                found = gather(
                    question.scenario, question.objective, search=search, progress=progress
                )
                progress(GIVEN_UP)
                self._report = assemble.report(found)
            finally:
                _REPORTING.release()
        return self._report

    def alternatives(self, progress: Progress) -> Alternatives | None:
        """None where depth chose: a depth has no shares to compare."""
        if self.plan.by_depth:
            return None
        with self.lock:
            if self._alternatives is None:
                found = alternatives(
                    self.plan,
                    limits.ALTERNATIVES,
                    seconds=limits.ALTERNATIVES_SECONDS,
                    progress=progress,
                )
                progress(GIVEN_UP)
                self._alternatives = found
            return self._alternatives

    def explanation(self, progress: Progress) -> Explanation:
        with self.lock:
            if self._explanation is None:
                found = explain(self.plan, progress=progress)
                progress(GIVEN_UP)
                self._explanation = found
            return self._explanation


class Answers:
    """The latest answers, and the worlds that further questions may share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Key, Answer] = OrderedDict()

    def of(self, scenario: Scenario, state: State, progress: Progress) -> Answer:
        """The answer to a state of the page. Raises as `change_all` and `recommend` do."""
        key = (digest(scenario), state.changes, state.objective)
        with self._lock:
            known = self._found.get(key)
            if known is not None:
                self._found.move_to_end(key)
                return known
        progress("")
        question = self._question(key, change_all(scenario, state.changes))
        progress("")
        budget = read_budget(question.settled, None, None)
        found = Answer(answer(question, budget, None, _SEARCH, progress))
        progress(GIVEN_UP)
        with self._lock:
            self._found[key] = found
            self._trim()
        return found

    def _question(self, key: Key, scenario: Scenario) -> Question:
        """The question; its worlds are those of a kept one that differs in money and rules only."""
        limits.check_size(scenario)
        heavy = _heavy(key)
        with self._lock:
            kept = next((a for k, a in self._found.items() if _heavy(k) == heavy), None)
        if kept is None:
            return Question.of(scenario, key[2])
        return replace(kept.plan.question, scenario=scenario, settled=settle(scenario))

    def _trim(self) -> None:
        """Drop the oldest answers beyond what may be kept; worlds that are shared count once."""
        while len(self._found) > 1:
            worlds = {id(a.plan.question.worlds): a.plan.question.worlds for a in self._values()}
            size = sum(w.failure.nbytes for w in worlds.values())
            if len(self._found) <= limits.ANSWERS and size <= limits.KEPT_BYTES:
                return
            self._found.popitem(last=False)

    def _values(self) -> list[Answer]:
        return list(self._found.values())


def _heavy(key: Key) -> Key:
    """What the worlds depend on."""
    scenario, changes, objective = key
    return scenario, tuple(pair for pair in changes if not is_light(pair[0])), objective
