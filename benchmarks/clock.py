"""The clock of the benchmarks: processor seconds of this process and of its ended children."""

from __future__ import annotations

import resource
import time


def processor() -> float:
    """Processor seconds (user and system) spent until now.

    Every method runs on one thread, so on an idle machine this is wall time; on a busy one it
    leaves out the waiting for others, which falls on fast and slow methods by chance.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
