"""An endpoint on loopback that speaks as OpenAI's does, and misbehaves as told.

It keeps accounts: ``sold`` counts the answers that it gave in full by what was asked, ``charged`` the distinct
``Idempotency-Key`` s of them, which is what an endpoint that knows that header asks money for.
"""

from __future__ import annotations

import collections
import json
import random
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TROUBLES = ("busy", "error", "drop", "stall", "broken", "half", "empty")


class Endpoint:
    """Use as a context manager; ``address`` is its ``/v1``.

    Args:
        trouble: Called with the request's body and how often it came before; a name of `TROUBLES`, a status with its
            text (and headers), or None for an answer.
        answer: Called with the body; the text of the answer.
        pause_s: Seconds that each answer takes.
        port: A free one by default.
    """

    def __init__(self, trouble=lambda body, before: None, answer=None, pause_s=0.0, port=0):
        self.trouble, self.pause_s = trouble, pause_s
        self.answer = answer or (lambda body: f"{body['messages'][-1]['content']} #{body.get('seed')}")
        self.sold, self.seen = collections.Counter(), collections.Counter()
        self.charged, self.bodies, self.headers, self.paths = set(), [], [], []
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()
        self.over = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                endpoint.handle(self)

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

            def handle_error(self, request, client_address):
                """A client that was killed drops its connection."""
                if not isinstance(sys.exc_info()[1], ConnectionError):
                    super().handle_error(request, client_address)

        self.server = Server(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def handle(self, request):
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        asked = json.dumps(body, sort_keys=True)
        with self.lock:
            self.bodies.append(body)
            self.paths.append(request.path)
            self.headers.append({name.title(): value for name, value in request.headers.items()})
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            before = self.seen[asked]
            self.seen[asked] += 1
        try:
            trouble = self.trouble(body, before)
            if trouble is None:
                self.over.wait(self.pause_s)
                self.sell(request, body, asked)
            else:
                self.misbehave(request, trouble, body)
        except (BrokenPipeError, ConnectionResetError):  # the client is gone
            request.close_connection = True
        finally:
            with self.lock:
                self.under_way -= 1

    def sell(self, request, body, asked):
        with self.lock:
            self.sold[asked] += 1
            self.charged.add(request.headers["Idempotency-Key"])
        self.send(request, 200, self.completion(request, body))

    def completion(self, request, body):
        text = self.answer(body) if "messages" in body else None
        if isinstance(text, dict):
            return text
        if text is None:
            return [{"translation_text": f"{body['inputs']} [{body['parameters'].get('tgt_lang')}]"}]
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return {"id": "1", "created": 1, "model": f"{body['model']}-2026", "choices": [choice], "usage": usage,
                "object": "chat.completion", "system_fingerprint": "f"}  # fmt: skip

    def misbehave(self, request, trouble, body):
        if isinstance(trouble, tuple):
            self.send(request, trouble[0], {"error": {"message": trouble[1]}}, *trouble[2:])
        elif trouble == "busy":
            self.send(request, 429, {"error": {"message": "slow down"}}, {"Retry-After": "0.05"})
        elif trouble == "error":
            self.send(request, 503, {"error": {"message": "overloaded"}})
        elif trouble == "stall":
            self.over.wait(30)
        elif trouble == "broken":
            self.send(request, 200, '{"choices": [{"message": {"content": "hal')
        elif trouble == "empty":
            self.send(request, 200, {"choices": []})
        else:
            if trouble == "half":
                request.send_response(200)
                request.send_header("Content-Length", "5000")
                request.end_headers()
                request.wfile.write(b'{"choices": [{')
                request.wfile.flush()
            request.close_connection = True
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.shutdown(socket.SHUT_RDWR)

    def send(self, request, status, content, headers=None):
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        request.send_response(status)
        for name, text in {**(headers or {}), "Content-Length": str(len(data))}.items():
            request.send_header(name, text)
        request.end_headers()
        request.wfile.write(data)


def unreliable(share=0.4, *, seed=0, kinds=TROUBLES):
    """Trouble for a share of the first two tries of each request, whatever comes first."""

    def trouble(body, before):
        draw = random.Random(f"{seed} {json.dumps(body, sort_keys=True)} {before}")
        return draw.choice(kinds) if before < 2 and draw.random() < share else None

    return trouble
