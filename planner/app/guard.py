"""Who may talk to the page, and what a browser may do with it: an ASGI wrapper.

The page listens on this machine only, but any web site that is open in the same browser can send
requests there. So every request must name this machine as its host (a name that was rebound to
127.0.0.1 is refused), must not come from another origin, and, beyond the files of the page itself,
must carry a header that no other site can set without being allowed to.
"""

from __future__ import annotations

import os
import sys
import traceback

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Sent by the page's own script with every request.
OWN_HEADER = "x-planner"
#: Set to see the traceback of what should not have happened.
TRACEBACK = "PLANNER_TRACEBACK"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Wraps the application that listens at the port."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        if port == 80:
            self.hosts |= {"127.0.0.1", "localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            # No websocket is served; the server closes it.
            return
        started = False

        async def sealed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(raw=message["headers"])
                for name, value in _HEADERS.items():
                    headers[name] = value
                message["headers"] = headers.raw
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, sealed)
            return
        try:
            await self.app(scope, receive, sealed)
        except Exception as error:
            # The last resort: whatever it is, a browser gets a sentence, and never a traceback.
            if os.environ.get(TRACEBACK):
                traceback.print_exc(file=sys.stderr)
            if not started:
                await bug(error)(scope, receive, sealed)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self.hosts or len(headers.getlist("host")) != 1:
            return _refuse(421, "This address does not name this machine.")
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in {f"http://{own}" for own in self.hosts}:
            return _refuse(403, "Another site may not use the planner.")
        # Following a link to the page is all that another site may do.
        followed = scope["path"] == "/" and headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not followed:
            return _refuse(403, "Another site may not use the planner.")
        if scope["path"].startswith("/api/") and headers.get(OWN_HEADER) != "1":
            return _refuse(403, "Only the planner's own page may ask this.")
        return None


def _refuse(status: int, sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n", status)


def bug(error: Exception) -> Response:
    """What should not have happened, in a sentence."""
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    message = f"This is a bug in the planner: {what}"
    return JSONResponse({"error": {"code": 5, "message": message, "findings": []}}, 500)
