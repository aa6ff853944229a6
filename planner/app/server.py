"""The page and what it asks for: routes over the planner's verbs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

import planner
from planner.app import limits
from planner.app.answer_view import alternatives_view, plan_view, ranking_view
from planner.app.answers import Answers
from planner.app.asked import Asked, read_asked, read_json
from planner.app.downloads import offered
from planner.app.explain_view import explain_view
from planner.app.guard import Guard, bug
from planner.app.pool import GivenUp, Pool
from planner.app.scenario_view import scenario_view
from planner.app.shelf import Shelf, read_upload
from planner.app.ways_view import ways_view
from planner.errors import BadInput, LimitHit, NoStack, PlannerError
from planner.report.glossary import GLOSSARY, meaning
from planner.report.style import tokens
from planner.report.wording import ASSUMPTION
from planner.scenario.changes import change_all
from planner.scenario.types import Scenario
from planner.solve.search import Progress

T = TypeVar("T")

#: How an error of the planner is told to a browser, by its exit code.
_STATUS = {1: 409, 2: 422, 3: 409, 4: 503, 5: 500}
#: Nobody waits for the answer any more.
_GIVEN_UP = 499
#: Seconds between two looks at whether the browser still waits.
_LOOK = 0.2
_MEDIA = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


@dataclass(eq=False)
class Desk:
    """All that the page works with."""

    shelf: Shelf
    answers: Answers = field(default_factory=Answers)
    pool: Pool = field(
        default_factory=lambda: Pool(limits.WORKERS, limits.WAITING, limits.JOB_SECONDS)
    )

    async def run(
        self,
        request: Request,
        client: str,
        work: Callable[[Progress], T],
        seconds: float | None = None,
    ) -> T:
        """Work done in the pool; given up where the browser no longer waits for it."""
        job = self.pool.submit(client, work, seconds)
        future = asyncio.wrap_future(job.future)
        try:
            while True:
                done, _ = await asyncio.wait({future}, timeout=_LOOK)
                if future.cancelled():
                    raise GivenUp
                if done:
                    result: T = future.result()
                    return result
                if await request.is_disconnected():
                    raise GivenUp
        finally:
            if not future.done():
                job.cancel()


def build_app(scenario: Scenario | None, port: int) -> ASGIApp:
    """The application that listens at a port of 127.0.0.1; `scenario` is open from the start."""
    desk = Desk(Shelf(scenario))

    @contextlib.asynccontextmanager
    async def alive(_: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(desk.pool.stop)

    app = Starlette(
        routes=[
            *(Route(path, _static(path)) for path in _STATIC),
            Route("/api/start", _start, methods=["POST"]),
            Route("/api/open", _open, methods=["POST"]),
            Route("/api/answer", _answer, methods=["POST"]),
            Route("/api/cancel", _cancel, methods=["POST"]),
            Route("/api/download/{name}", _download, methods=["POST"]),
        ],
        exception_handlers={
            PlannerError: _told,
            GivenUp: _given_up,
            ClientDisconnect: _given_up,
            Exception: _bug,
        },
        lifespan=alive,
    )
    app.state.desk = desk
    return Guard(app, port)


_STATIC = {
    "/": "index.html",
    "/app.css": "app.css",
    "/main.js": "main.js",
    "/state.js": "state.js",
    "/inputs.js": "inputs.js",
    "/answer.js": "answer.js",
    "/build.js": "build.js",
    "/parts.js": "parts.js",
    "/server.js": "server.js",
    "/icon.svg": "icon.svg",
}


def _static(path: str) -> Callable[[Request], Response]:
    """A file of the page, read once."""
    name = _STATIC[path]
    text = resources.files("planner.app").joinpath("static", name).read_text(encoding="utf-8")
    if name.endswith(".css"):
        text = tokens() + text
    media = _MEDIA[name[name.rindex(".") :]]

    def serve(_: Request) -> Response:
        return Response(text, media_type=f"{media}; charset=utf-8")

    return serve


async def _start(request: Request) -> Response:
    """What the page needs to draw itself; `scenario` in the request names one by its digest."""
    desk: Desk = request.app.state.desk
    body = read_json(await _body(request, limits.BODY_BYTES))
    wanted = body.get("scenario")
    key = wanted if isinstance(wanted, str) and desk.shelf.get(wanted) else desk.shelf.first
    scenario = None if key is None else desk.shelf.get(key)
    return JSONResponse(
        {
            "scenario": None if scenario is None else scenario_view(scenario),
            "downloads": [{"name": k, "label": d.label} for k, d in offered().items()],
            "glossary": {word: meaning(word) for word in GLOSSARY},
            "version": planner.__version__,
            "assumption": ASSUMPTION,
        }
    )


async def _open(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    body = read_json(await _body(request, limits.OPEN_BYTES))

    def work(_: Progress) -> dict[str, Any]:
        scenario = read_upload(body.get("files"))
        desk.shelf.put(scenario)
        return scenario_view(scenario)

    return JSONResponse(await desk.run(request, "", work))


async def _answer(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    asked, scenario = await _read(request)

    def work(progress: Progress) -> dict[str, Any]:
        return _part(desk, scenario, asked, progress)

    return JSONResponse(await desk.run(request, asked.client, work))


def _part(desk: Desk, scenario: Scenario, asked: Asked, progress: Progress) -> dict[str, Any]:
    answer = desk.answers.of(scenario, asked.state, progress)
    match asked.part:
        case "ranking":
            return ranking_view(answer.ranking(progress))
        case "alternatives":
            return alternatives_view(answer.alternatives(progress))
        case "explain":
            return explain_view(answer.explanation(progress))
    try:
        saved = desk.answers.of(scenario, asked.saved, progress).plan
    except PlannerError:
        # A base that has no answer is nothing to compare with; the answer stands by itself.
        saved = answer.plan
    return plan_view(answer.plan, saved, asked.state.changes)


async def _cancel(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    asked = read_json(await _body(request, limits.BODY_BYTES))
    client = asked.get("client")
    if isinstance(client, str):
        desk.pool.cancel(client)
    return JSONResponse({})


async def _download(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    found = offered().get(request.path_params["name"])
    if found is None:
        return PlainTextResponse("There is no such file.\n", 404)
    asked, scenario = await _read(request)

    def work(progress: Progress) -> bytes:
        return found.make(desk.answers.of(scenario, asked.state, progress), progress)

    own = asked.client and f"{asked.client} download"
    data = await desk.run(request, own, work, limits.FILE_SECONDS)
    disposition = f'attachment; filename="{found.file}"'
    return Response(data, media_type=found.media, headers={"Content-Disposition": disposition})


async def _read(request: Request) -> tuple[Asked, Scenario]:
    desk: Desk = request.app.state.desk
    asked = read_asked(read_json(await _body(request, limits.BODY_BYTES)))
    scenario = desk.shelf.get(asked.scenario)
    if scenario is None:
        raise BadInput.option(
            "scenario",
            "The planner no longer holds this scenario.",
            "Open its file again; the link keeps your changes.",
        )
    # For those who say why there is no answer: the scenario as the page changed it.
    request.state.changed = partial(change_all, scenario, asked.state.changes)
    return asked, scenario


async def _body(request: Request, most: int) -> bytes:
    """The request's body, refused where it is larger than allowed or does not arrive."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise LimitHit(f"The request is larger than {most:,} bytes.")
                parts.append(part)
    except TimeoutError:
        raise LimitHit("The request did not arrive in time.") from None
    return b"".join(parts)


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, PlannerError)
    findings = [finding.to_dict() for finding in error.findings]
    document: dict[str, Any] = {"code": error.code, "message": str(error), "findings": findings}
    changed = getattr(request.state, "changed", None)
    if isinstance(error, NoStack) and error.ways_out and changed is not None:
        document["ways_out"] = ways_view(error.ways_out, changed())
    return JSONResponse({"error": document}, _STATUS.get(error.code, 500))


async def _bug(_: Request, error: Exception) -> Response:
    return bug(error)


async def _given_up(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": {"code": 0, "message": "Given up.", "findings": []}}, _GIVEN_UP)
