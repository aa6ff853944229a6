"""Only the planner's own page, opened as this machine, may talk to the planner."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:PORT",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil:PORT",
        "[::1]:PORT",
    ],
)
@pytest.mark.parametrize("path", ["/", "/app.css", "/api/start"])
def test_a_rebound_host_is_refused(client: Any, path: str, host: str) -> None:
    told = {"Host": host.replace("PORT", str(client.base_url.port))}
    got = client.request("POST" if path.startswith("/api") else "GET", path, headers=told)
    assert got.status_code == 421
    assert "agenda" not in got.text
    assert "scenario" not in got.text


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_a_foreign_origin_is_refused(client: Any, origin: str) -> None:
    for method, path in (("POST", "/api/start"), ("OPTIONS", "/api/start"), ("GET", "/")):
        got = client.request(method, path, headers={"Origin": origin})
        assert got.status_code == 403
        assert "access-control-allow-origin" not in got.headers


def test_a_fetch_without_cors_is_refused(client: Any) -> None:
    """No-cors requests send no Origin with GET, but browsers say where they come from."""
    told = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    for path in ("/", "/main.js", "/icon.svg"):
        assert client.get(path, headers=told).status_code == 403
    told["Sec-Fetch-Site"] = "same-site"
    assert client.get("/main.js", headers=told).status_code == 403


def test_there_is_no_websocket_to_talk_to(client: Any) -> None:
    """A page of a rebound host name may open one without asking: here nothing answers it."""
    told = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for path in ("/", "/api/start", "/_stcore/stream"):
        assert client.get(path, headers=told).status_code != 101
        evil = {**told, "Host": "evil.example", "Origin": "http://evil.example"}
        assert client.get(path, headers=evil).status_code == 421


def test_a_link_to_the_page_may_be_followed(client: Any) -> None:
    told = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=told).status_code == 200
    assert client.get("/main.js", headers=told).status_code == 403


def test_what_no_other_site_can_send_is_asked_for(client: Any) -> None:
    """A form of another site can post text, but no header of its own."""
    got = client.post("/api/start", content="{}", headers={"X-Planner": "0"})
    assert got.status_code == 403


def test_its_own_page_is_served(client: Any) -> None:
    for host in (f"127.0.0.1:{client.base_url.port}", f"localhost:{client.base_url.port}"):
        told = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert client.post("/api/start", json={}, headers=told).status_code == 200


@pytest.mark.parametrize("path", ["/", "/main.js", "/app.css", "/nothing", "/api/start"])
def test_every_answer_carries_a_policy_that_runs_no_text(client: Any, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_the_page_asks_for_nothing_beyond_this_machine(client: Any) -> None:
    names = ["/", "/app.css", "/main.js", "/build.js", "/state.js", "/inputs.js", "/answer.js"]
    for name in [*names, "/server.js"]:
        text = client.get(name).text.replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text
        assert "https:" not in text
        assert "innerHTML" not in text


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/..%2f..%2fpyproject.toml", "/app.py"])
def test_no_name_leads_to_another_file(client: Any, path: str) -> None:
    got = client.get(path)
    assert got.status_code == 404
    assert "planner" not in got.text


def test_a_bug_is_told_without_a_traceback(
    client: Any, monkeypatch: pytest.MonkeyPatch, paper: dict[str, Any]
) -> None:
    from planner.app import server

    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret place")

    monkeypatch.setattr(server, "_part", broken)
    got = client.post("/api/answer", json={"scenario": paper["digest"]})
    assert got.status_code == 500
    assert "bug in the planner" in got.json()["error"]["message"]
    assert "Traceback" not in got.text
    assert ".py" not in got.text


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"nonsense", b"\xff\xfe", b"[" * 100_000, b'{"scenario": 5}', b'{"changes": 1}'],
)
def test_what_is_no_question_is_a_finding(client: Any, body: bytes) -> None:
    got = client.post("/api/answer", content=body)
    assert got.status_code == 422
    assert got.json()["error"]["findings"]


def test_a_request_beyond_the_cap_is_refused(client: Any) -> None:
    got = client.post("/api/answer", content=b" " * (2**20 + 1))
    assert got.status_code == 503
    assert "larger" in got.json()["error"]["message"]
