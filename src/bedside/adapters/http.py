"""HTTP by starlette: routes, limits, and errors as JSON that never repeat what was sent.

Nothing a client sends is logged: no bodies, no query strings, no text of an exception.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from bedside.core.errors import BedsideError, DataError
from bedside.core.spec import Plain

log = logging.getLogger("bedside.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost."""

    bytes: int = 4 << 20
    """Largest body."""
    rows: int = 10_000
    """Most patients in one request."""
    seconds: float = 30.0
    """Longest time for the body to arrive."""
    files: bool = False
    """Whether a body may be an image file instead of JSON."""


class Service(Protocol):
    """What is behind the routes."""

    def predict(self, request: object) -> Plain:
        """The answer to a request; DataError where it is out of schema (422)."""

    def ready(self) -> Mapping[str, Plain]:
        """What is served; raises BedsideError where it cannot be (503)."""

    def page(self, name: str) -> tuple[str, bytes]:
        """Media type and content of a page: `schema`, `card`, or `` for the first page."""


class _RefusedError(Exception):
    """A request that is refused before anything looks at its rows."""

    def __init__(self, status: int, expected: str, found: str) -> None:
        super().__init__(status)
        self.status, self.expected, self.found = status, expected, found


def make_asgi(service: Service, limits: Limits) -> Starlette:
    """The ASGI application: POST /predict, GET /health /ready /schema /card /."""

    async def predict(request: Request) -> Response:
        body = await _body(request, limits)
        if _media(request) != JSON:
            asked = {"inputs": {"image": body}, "explain": "explain" in request.query_params}
            return _json(200, await run_in_threadpool(service.predict, asked))
        return _json(200, await run_in_threadpool(_predict, service, limits, body))

    async def health(_: Request) -> Response:
        return _json(200, {"alive": True})

    async def ready(_: Request) -> Response:
        return _json(200, dict(await run_in_threadpool(service.ready)))

    def page(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def give(_: Request) -> Response:
            media, content = service.page(name)
            return Response(content, media_type=media, headers=_HEADERS)

        return give

    routes = [
        Route("/predict", _guarded(predict, "predict"), methods=["POST"]),
        Route("/health", _guarded(health, "health")),
        Route("/ready", _guarded(ready, "ready")),
        *(Route(f"/{name}", _guarded(page(name), "page")) for name in ("", "schema", "card")),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_here})


JSON = "application/json"
FILES = (
    "application/dicom", "application/octet-stream", "application/gzip", "image/png", "image/jpeg",
    "image/tiff",
)  # fmt: skip
"""Media types of a body that is itself the one file of a request."""
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'self'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; frame-ancestors 'none'",
}


def _guarded(
    endpoint: Callable[[Request], Awaitable[Response]], where: str
) -> Callable[[Request], Awaitable[Response]]:
    """Every way to fail, as an answer; an unexpected one is logged by type and place alone."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except _RefusedError as refused:
            return _error(refused.status, where, refused.expected, refused.found)
        except DataError as error:
            return _error(422, error.where, error.expected, error.found, error.hint)
        except BedsideError as error:
            log.error("%s: %s", where, error)
            return _error(503, where, "to be able to answer", "not now; see the log")
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:  # noqa: BLE001  # its text may hold a patient's value
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            log.error("%s: %s at %s", where, type(error).__name__, place)
            return _error(500, where, "an answer", "a mistake of bedside's own")

    return guarded


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


async def _body(request: Request, limits: Limits) -> bytes:
    if _media(request) not in (JSON, *(FILES if limits.files else ())):
        also = ", or that of an image file" if limits.files else ""
        raise _RefusedError(415, f"the content type {JSON}{also}", "another one")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _RefusedError(415, "a body that is not compressed", "a content encoding")
    too_large = _RefusedError(413, f"a body of at most {limits.bytes} bytes", "a larger one")
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > limits.bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(limits.seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.bytes:
                    raise too_large
    except TimeoutError as error:
        raise _RefusedError(408, f"the body within {limits.seconds:g} s", "a slower one") from error
    return bytes(body)


def _predict(service: Service, limits: Limits, body: bytes) -> Plain:
    try:  # orjson refuses NaN and infinity, wrong UTF-8, and nesting beyond 1024
        request: Plain = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _RefusedError(
            400, "valid JSON in UTF-8", f"other text at character {error.pos}"
        ) from None
    inputs = request.get("inputs") if isinstance(request, dict) else None
    if isinstance(inputs, list) and len(inputs) > limits.rows:
        raise _RefusedError(413, f"at most {limits.rows} rows in a request", f"{len(inputs)}")
    return service.predict(request)


def _json(status: int, value: Plain) -> Response:
    return Response(
        orjson.dumps(value), status_code=status, media_type="application/json", headers=_HEADERS
    )


def _error(status: int, where: str, expected: str, found: str, hint: str = "") -> Response:
    parts: dict[str, Plain] = {
        "where": where, "expected": expected, "found": found, "hint": hint,
    }  # fmt: skip
    return _json(status, {"error": parts})


def _not_here(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    routes = "POST /predict, GET /health, /ready, /schema, /card or /"
    return _error(status, "request", routes, "another path or method")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back from an application that was called in this process."""

    status: int
    body: bytes

    def json(self) -> Plain:
        """The body, decoded."""
        value: Plain = orjson.loads(self.body)
        return value


def call(
    app: ASGIApp, path: str, body: bytes | None = None, *, headers: Mapping[str, str] | None = None
) -> Reply:
    """Call an ASGI application without a socket: GET, or POST where there is a body."""
    sent = {"content-type": "application/json"} if headers is None else headers
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": "GET" if body is None else "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "client": None, "server": None,
        "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items()],
    }  # fmt: skip
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    async def act() -> None:
        await app(scope, receive, send)

    with ThreadPoolExecutor(1) as pool:  # a thread of its own: the caller may run a loop already
        pool.submit(asyncio.run, act()).result()
    content = b"".join(m.get("body", b"") for m in messages if m["type"] == "http.response.body")
    return Reply(status=int(messages[0]["status"]), body=content)
