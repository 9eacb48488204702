"""The two small real models, loaded once, and a Hub that serves models over loopback."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hfaug.backends import registry
from hfaug.backends.remote import RemoteSettings, configure, settings


@pytest.fixture(scope="session")
def translator(models_folder):
    return registry.translator(str(models_folder / "translate-en-de-fr"), device="cpu")


@pytest.fixture(scope="session")
def digits_pipeline(models_folder):
    return registry.image_pipeline(str(models_folder / "digits-text-to-image"), device="cpu")


@pytest.fixture(autouse=True)
def threads():
    """Sets the number of threads torch may use: one unless told otherwise, many are slow on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """A function that gives the language model behind an endpoint, as a new process would load it."""
    monkeypatch.setattr(settings, "_configured", {})

    def get(endpoint, kind="language_model", model="some/model", **values):
        names = {"answers": str(tmp_path / "answers"), "timeout_s": 0.5, "tries": 5, **values}
        configure(endpoint.address, RemoteSettings(**names))
        return registry.get(kind, model, runtime=endpoint.address)

    yield get
    for runtime in settings._configured:
        registry.forget_runtime(runtime)


@pytest.fixture
def quick(monkeypatch):
    """Waits before a next try are a hundred times shorter than they would be."""
    from hfaug.backends.remote.asking import Asker

    backoff = Asker._backoff
    monkeypatch.setattr(Asker, "_backoff", lambda self, *args: backoff(self, *args) / 100)


@pytest.fixture
def model_hub(tmp_path):
    """A :class:`ModelHub` on a free port."""
    hub = ModelHub(tmp_path / "hub-cache")
    thread = threading.Thread(target=hub.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield hub
    hub.server.shutdown()
    hub.server.server_close()
    thread.join()


class ModelHub:
    """Serves model repos of one commit each: the requests of `hf_hub_download` and of listing a repo."""

    def __init__(self, cache):
        self.cache, self.repos, self.failures, self.log = cache, {}, {}, []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                hub.log.append((self.command, self.path))
                status, headers, body = hub.answer(self.path)
                self.send_response(status)
                for name, text in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, text)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def add(self, name, folder, tags=()):
        """Publish a folder; returns the commit."""
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        commit = hashlib.sha1(name.encode()).hexdigest()
        self.repos[name] = (commit, {commit, "main", *tags}, files)
        return commit

    def fail(self, name, status, code):
        """Answer every request for a repo with this status and error code."""
        self.failures[name] = (status, {"X-Error-Code": code}, b"{}")

    def answer(self, path):
        """Status, headers and body."""
        parts = path.split("?")[0].strip("/").split("/")
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
        if name in self.failures:
            return self.failures[name]
        if name not in self.repos:
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        commit, revisions, files = self.repos[name]
        named = parts[5:6] if parts[0] == "api" else parts[3:4]
        if not revisions.issuperset(named):  # an API request may name none
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        if parts[4:5] == ["tree"]:
            below = "".join(f"{part}/" for part in parts[6:])
            found = [{"type": "file", "path": file, "size": 1, "oid": "0"} for file in files if file.startswith(below)]
            missing = (404, {"X-Error-Code": "EntryNotFound"}, b"{}")
            return (200, {}, json.dumps(found).encode()) if found else missing
        if parts[0] == "api":
            siblings = [{"rfilename": file} for file in sorted(files)]
            return 200, {}, json.dumps({"id": name, "sha": commit, "siblings": siblings, "tags": []}).encode()
        file = "/".join(parts[4:])
        if file not in files:
            return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}, b"{}"
        tag = hashlib.sha1(files[file]).hexdigest()
        return 200, {"X-Repo-Commit": commit, "ETag": f'"{tag}"'}, files[file]

    def python(self, code, *, stdin="", **environment):
        """The lines that a fresh interpreter prints, whose Hub is this one."""
        endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        env = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(self.cache), **environment}
        done = subprocess.run(
            [sys.executable, "-c", code], check=False, capture_output=True, text=True, input=stdin, env=env, timeout=110
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()
