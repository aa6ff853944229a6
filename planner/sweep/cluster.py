"""A Dask cluster as an executor: the same calls, on other machines."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

from planner.errors import BadInput, EnvironmentFailed, MissingExtra

#: Seconds to wait for the scheduler to answer.
PATIENCE = 15.0


class Cluster:
    """A connection to the scheduler at an address such as tcp://10.0.0.1:8786."""

    def __init__(self, address: str) -> None:
        self.address = address
        distributed = _distributed()
        try:
            self._client: Any = distributed.Client(
                address, timeout=PATIENCE, set_as_default=False, name="planner-sweep"
            )
        except ValueError as error:
            raise BadInput.option(
                "--cluster",
                f"{address!r} is no address: {error}.",
                "Write the scheduler's address, such as tcp://10.0.0.1:8786.",
            ) from error
        except (OSError, TimeoutError) as error:
            raise EnvironmentFailed(
                f"No scheduler answers at {address}. Start one with `dask scheduler`, and give "
                "the address that it prints."
            ) from error
        self.executor: Executor = self._client.get_executor(pure=False)

    @property
    def lost(self) -> bool:
        """Whether the scheduler is gone."""
        return bool(self._client.status != "running")

    def threads(self) -> int:
        """How many calls the cluster runs at once just now; 0 where nobody knows of it."""
        info = self._client.scheduler_info(n_workers=-1)  # empty where the scheduler is gone
        return sum(int(worker["nthreads"]) for worker in info.get("workers", {}).values())

    @property
    def worker_losses(self) -> tuple[type[BaseException], ...]:
        """What a call raises that killed whoever ran it."""
        killed: type[BaseException] = _distributed().scheduler.KilledWorker
        return (killed,)

    def close(self) -> None:
        """Leave the cluster; whatever it still computes for this sweep is dropped there."""
        self._client.close(timeout=PATIENCE)


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtra(
            "--cluster needs Dask, which is not installed. Install it with "
            'pip install "alignment-planner[cluster]".'
        ) from error
    return distributed
