"""The page's application in this process (`client`), and as a program that listens (`address`)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from app_server import OWN, PAPER, start, stop

pytest.importorskip("starlette", reason="the extra `app` is not installed")
pytest.importorskip("uvicorn", reason="the extra `app` is not installed")
pytest.importorskip("httpx", reason="httpx is not installed: it is in the extra `dev`")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Talks to the application in this process, through a real socket."""
    import httpx
    import uvicorn

    from planner.app.serve import _listening
    from planner.app.server import build_app
    from planner.scenario.read import read

    with _listening(0) as listening:
        port = listening.getsockname()[1]
        app = build_app(read(PAPER), port)
        config = uvicorn.Config(app, log_config=None, lifespan="on", ws="none", server_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=OWN, timeout=60) as found:
            yield found
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def paper(client: Any) -> dict[str, Any]:
    """The inputs that the page is given for the paper's scenario."""
    found: dict[str, Any] = client.post("/api/start", json={}).json()["scenario"]
    return found


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    server, url = start(str(PAPER), "--port", "0")
    yield url
    stop(server)
