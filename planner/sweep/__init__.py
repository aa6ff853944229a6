"""Many cases, answered by many hands: the case list, the executors, the ledger of what is done.

from planner import read
from planner.sweep.cases import Sweep
from planner.sweep.results import sweep_cases

found = sweep_cases(Sweep((read("scenarios/three"),), draws=1000, seed=1))
found.to_frame()
"""
