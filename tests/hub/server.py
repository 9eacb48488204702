"""The server: reads a request, asks the faults, lets a route answer."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from huggingface_hub import HfApi
from typing_extensions import Self

from tests.hub.faults import Fault, Faults
from tests.hub.routes import Answer, Request, Route, find
from tests.hub.state import WRITER, State


class HubServer:
    """A Hub on a free port of this machine; a context manager."""

    def __init__(self) -> None:
        self.state = State()
        self.faults = Faults()
        hub = self

        class Handler(_Handler):
            state, faults = hub.state, hub.faults

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def endpoint(self) -> str:
        """URL for HF_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def client(self, token: str = WRITER) -> HfApi:
        """The real client."""
        return HfApi(endpoint=self.endpoint, token=token)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _DroppedError(Exception):
    """The connection is to be cut without an answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: State
    faults: Faults

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _serve(self) -> None:
        request = self._request()
        found = find(request)
        name = found[0].name if found else "unknown"
        try:
            rule = self.faults.take(name, request.method, request.token)
            if rule is not None and not rule.after:
                if rule.action is not None:
                    rule.action()
                if rule.fault is not None:
                    return self._fail(name, request, rule.fault)
            answer = self._answer(request, found)
            if rule is not None and rule.after:
                if rule.action is not None:
                    rule.action()
                if rule.fault is not None:
                    return self._fail(name, request, rule.fault)
        except _DroppedError:
            self.close_connection = True
            return None
        return self._send(name, request, answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        headers = {name.lower(): text for name, text in self.headers.items()}
        said = headers.get("authorization", "").removeprefix("Bearer ").strip() or query.get("signed", [""])[0]
        return Request(
            method=self.command, path=parts.path, query=query, headers=headers, body=self._body(),
            base=f"http://{headers['host']}", token=said or None,
        )  # fmt: skip

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while length := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, request: Request, found: tuple[Route, object] | None) -> Answer:
        if found is None:
            return Answer.of({"error": f"no route for {request.method} {request.path}"}, 404)
        route, match = found
        with self.state.lock:
            known = self.state.writers | self.state.readers
            if request.token is not None and request.token not in known:
                return Answer.error(401, "", "Invalid credentials in Authorization header")
            if route.writes and request.token is None:
                return Answer.error(401, "", "Please log in")
            if route.writes and request.token not in self.state.writers:
                return Answer.error(403, "", "You don't have the rights to write to this repo")
            return route.handler(self.state, request, match)  # type: ignore[arg-type]

    def _fail(self, name: str, request: Request, fault: Fault) -> None:
        if fault.status is None:
            with self.state.lock:
                self.state.log.append((name, request.method, 0))
            raise _DroppedError
        self._send(name, request, Answer.of({"error": "fault on request"}, fault.status, **dict(fault.headers)))

    def _send(self, name: str, request: Request, answer: Answer) -> None:
        with self.state.lock:
            self.state.log.append((name, request.method, answer.status))
        self.send_response(answer.status)
        for header, text in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(header, text)
        self.end_headers()
        if request.method != "HEAD":
            self.wfile.write(answer.body)
