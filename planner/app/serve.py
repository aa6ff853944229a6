"""The server process: listens on 127.0.0.1 alone, until Ctrl-C."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from planner.app.server import build_app
from planner.errors import EnvironmentFailed
from planner.scenario.types import Scenario

ADDRESS = "127.0.0.1"
#: Connections at a time, and seconds that an idle one is kept.
CONNECTIONS = 256
IDLE_SECONDS = 30


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready()


def serve(scenario: Scenario | None, port: int, browser: bool, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C, which is raised as KeyboardInterrupt.

    `port` 0 takes any free one. `say` is called with the address once the page can be opened;
    `browser` opens it. Raises EnvironmentFailed where the port is taken.
    """
    with _listening(port) as listening:
        own = int(listening.getsockname()[1])
        url = f"http://{ADDRESS}:{own}/"

        def ready() -> None:
            say(url)
            if browser:
                # In a thread of its own: some browsers return only when they are closed.
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

        config = uvicorn.Config(
            build_app(scenario, own),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            ws="none",
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=2,
        )
        _Server(config, ready).run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
    except OSError as error:
        listening.close()
        reason = error.strerror or "it cannot be used"
        raise EnvironmentFailed(
            f"Port {port} is not free ({reason}). Choose another with --port, or --port 0 for any."
        ) from error
    return listening
