"""The requests a release and `load_dataset` make, and their answers in the form of the Hub."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.hub.state import BadCommitError, Commit, ConflictError, Repo, State, Stored

_LFS_SUFFIXES = (".parquet", ".arrow", ".zip")
_LFS_BYTES = 10 << 20
_REPO = r"(?P<repo>[^/]+/[^/]+)"


@dataclass(frozen=True)
class Request:
    """One request, read to its end."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    base: str
    token: str | None

    def json(self) -> Any:
        return json.loads(self.body or b"{}")


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})

    @classmethod
    def error(cls, status: int, code: str, message: str) -> Answer:
        return cls.of({"error": message}, status, X_Error_Code=code, X_Error_Message=message)


Handler = Callable[[State, Request, "re.Match[str]"], Answer]


@dataclass(frozen=True)
class Route:
    """A kind of request: its name, whether it needs the right to write, and who answers."""

    name: str
    methods: str
    pattern: re.Pattern[str]
    handler: Handler
    writes: bool = False


_ROUTES: list[Route] = []


def find(request: Request) -> tuple[Route, re.Match[str]] | None:
    """The route of a request."""
    for route in _ROUTES:
        match = route.pattern.fullmatch(request.path)
        if match and request.method in route.methods.split():
            return route, match
    return None


def _route(name: str, methods: str, pattern: str, *, writes: bool = False) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        _ROUTES.append(Route(name, methods, re.compile(pattern), handler, writes))
        return handler

    return register


def _repo(state: State, request: Request, match: re.Match[str]) -> Repo | None:
    repo = state.repos.get(match["repo"])
    return None if repo is None or (repo.private and request.token is None) else repo


def _missing_repo(match: re.Match[str]) -> Answer:
    return Answer.error(404, "RepoNotFound", f"Repository {match['repo']} not found")


def _missing_revision(revision: str) -> Answer:
    return Answer.error(404, "RevisionNotFound", f"Invalid rev id: {revision}")


def _found(state: State, request: Request, match: re.Match[str], revision: str) -> tuple[Repo, Commit] | Answer:
    repo = _repo(state, request, match)
    if repo is None:
        return _missing_repo(match)
    commit = repo.resolve(revision)
    return _missing_revision(revision) if commit is None else (repo, commit)


@_route("whoami", "GET", "/api/whoami-v2")
def whoami(state: State, request: Request, match: re.Match[str]) -> Answer:
    return Answer.of({"type": "user", "name": "tester", "id": "0", "orgs": []})


@_route("validate-yaml", "POST", "/api/validate-yaml")
def validate_yaml(state: State, request: Request, match: re.Match[str]) -> Answer:
    import yaml

    text = request.json()["content"]
    block = re.match(r"\s*---\n(.*?)\n---", text, re.DOTALL)
    try:
        entries = yaml.safe_load(block[1]) if block else None
    except yaml.YAMLError as error:
        return Answer.of({"errors": [{"message": str(error)}], "warnings": []}, 400)
    if not isinstance(entries, dict) or not isinstance(entries.get("license", ""), (str, list)):
        return Answer.of({"errors": [{"message": "metadata must be a mapping"}], "warnings": []}, 400)
    return Answer.of({"errors": [], "warnings": []})


@_route("create", "POST", "/api/repos/create", writes=True)
def create(state: State, request: Request, match: re.Match[str]) -> Answer:
    asked = request.json()
    name = f"{asked.get('organization') or 'tester'}/{asked['name']}"
    answer = {"url": f"{request.base}/datasets/{name}", "name": name}
    if name in state.repos:
        return Answer.of({**answer, "error": "You already created this dataset repo"}, 409)
    state.repos[name] = Repo(name, private=asked.get("visibility") == "private")
    return Answer.of(answer)


@_route("repo", "GET", rf"/api/datasets/{_REPO}(?:/revision/(?P<rev>.+))?")
def repo_info(state: State, request: Request, match: re.Match[str]) -> Answer:
    found = _found(state, request, match, unquote(match["rev"] or "main"))
    if isinstance(found, Answer):
        return found
    repo, commit = found
    files = [{"rfilename": path} for path in commit.files]
    return Answer.of({"id": repo.id, "sha": commit.oid, "private": repo.private, "siblings": files})


@_route("auth-check", "GET", rf"/api/datasets/{_REPO}/auth-check/write", writes=True)
def auth_check(state: State, request: Request, match: re.Match[str]) -> Answer:
    return _missing_repo(match) if _repo(state, request, match) is None else Answer.of({})


@_route("refs", "GET", rf"/api/datasets/{_REPO}/refs")
def refs(state: State, request: Request, match: re.Match[str]) -> Answer:
    repo = _repo(state, request, match)
    if repo is None:
        return _missing_repo(match)

    def listed(prefix: str) -> list[dict[str, str]]:
        return [
            {"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": oid}
            for ref, oid in repo.refs.items()
            if ref.startswith(prefix)
        ]

    return Answer.of({"branches": listed("refs/heads/"), "converts": [], "tags": listed("refs/tags/")})


@_route("commits", "GET", rf"/api/datasets/{_REPO}/commits/(?P<rev>[^/]+)")
def commits(state: State, request: Request, match: re.Match[str]) -> Answer:
    found = _found(state, request, match, unquote(match["rev"]))
    if isinstance(found, Answer):
        return found
    repo, commit = found
    listed = [
        {
            "id": one.oid, "title": one.title, "message": one.message, "authors": [{"user": "tester"}],
            "date": "2026-01-01T00:00:00.000Z",
        }
        for one in repo.history(commit)
    ]  # fmt: skip
    return Answer.of(listed)


@_route("preupload", "POST", rf"/api/datasets/{_REPO}/preupload/(?P<rev>[^/]+)", writes=True)
def preupload(state: State, request: Request, match: re.Match[str]) -> Answer:
    found = _found(state, request, match, unquote(match["rev"]))
    if isinstance(found, Answer):
        return found
    _, commit = found
    ignore = commit.files.get(".gitignore", Stored(b"", lfs=False)).data.decode().split()
    answers = []
    for asked in request.json()["files"]:
        path, there = asked["path"], commit.files.get(asked["path"])
        large = path.endswith(_LFS_SUFFIXES) or asked["size"] > _LFS_BYTES
        ignored = any(path.startswith(pattern) for pattern in ignore)
        answer = {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": ignored}
        answers.append({**answer, "oid": there.etag} if there else answer)
    return Answer.of({"files": answers})


@_route("lfs-batch", "POST", rf"/datasets/{_REPO}\.git/info/lfs/objects/batch", writes=True)
def lfs_batch(state: State, request: Request, match: re.Match[str]) -> Answer:
    root = f"{request.base}/datasets/{match['repo']}.git/info/lfs/objects"
    objects = []
    for asked in request.json()["objects"]:
        oid = asked["oid"]
        entry: dict[str, Any] = {"oid": oid, "size": asked["size"]}
        if oid not in state.objects:
            put = {"href": f"{request.base}/storage/{oid}?signed={request.token}", "header": {}}
            entry["actions"] = {"upload": put, "verify": {"href": f"{root}/verify", "header": {}}}
        objects.append(entry)
    return Answer.of({"transfer": "basic", "objects": objects})


@_route("lfs-put", "PUT", r"/storage/(?P<oid>[0-9a-f]{64})")
def lfs_put(state: State, request: Request, match: re.Match[str]) -> Answer:
    if hashlib.sha256(request.body).hexdigest() != match["oid"]:
        return Answer.of({"error": "the bytes are not those of the oid"}, 400)
    state.objects[match["oid"]] = request.body
    state.put_bytes += len(request.body)
    return Answer()


@_route("lfs-verify", "POST", rf"/datasets/{_REPO}\.git/info/lfs/objects/verify", writes=True)
def lfs_verify(state: State, request: Request, match: re.Match[str]) -> Answer:
    asked = request.json()
    stored = state.objects.get(asked["oid"])
    ok = stored is not None and len(stored) == asked["size"]
    return Answer.of({}) if ok else Answer.of({"error": "object is not stored"}, 404)


@_route("commit", "POST", rf"/api/datasets/{_REPO}/commit/(?P<rev>[^/]+)", writes=True)
def commit(state: State, request: Request, match: re.Match[str]) -> Answer:
    found = _found(state, request, match, unquote(match["rev"]))
    if isinstance(found, Answer):
        return found
    repo, before = found
    header, *lines = (json.loads(line) for line in request.body.splitlines() if line.strip())
    try:
        files = _applied(state, dict(before.files), lines)
        value = header["value"]
        made = repo.add(
            "refs/heads/main", files, value["summary"], value.get("description", ""), value.get("parentCommit")
        )
    except ConflictError:
        return Answer.of({"error": "A commit has happened since. Please refresh and try again."}, 412)
    except BadCommitError as error:
        return Answer.of({"error": str(error)}, 400)
    return Answer.of(
        {"success": True, "commitOid": made.oid, "commitUrl": f"{request.base}/datasets/{repo.id}/commit/{made.oid}"}
    )


def _applied(state: State, files: dict[str, Stored], lines: list[dict[str, Any]]) -> dict[str, Stored]:
    for line in lines:
        value = line["value"]
        path = value["path"]
        if line["key"] == "file":
            files[path] = Stored(base64.b64decode(value["content"]), lfs=False)
        elif line["key"] == "lfsFile":
            if value["oid"] not in state.objects:
                raise BadCommitError(f"the object of {path} was never uploaded")
            files[path] = Stored(state.objects[value["oid"]], lfs=True)
        elif line["key"] == "deletedFile":
            if path not in files:
                raise BadCommitError(f"A file with this name doesn't exist: {path}")
            del files[path]
        else:
            raise BadCommitError(f"unknown operation {line['key']}")
    return files


@_route("tag", "POST DELETE", rf"/api/datasets/{_REPO}/tag/(?P<rev>.+)", writes=True)
def tag(state: State, request: Request, match: re.Match[str]) -> Answer:
    repo = _repo(state, request, match)
    if repo is None:
        return _missing_repo(match)
    if request.method == "DELETE":
        gone = repo.refs.pop(f"refs/tags/{unquote(match['rev'])}", None)
        return Answer() if gone else _missing_revision(match["rev"])
    target, name = repo.resolve(unquote(match["rev"])), f"refs/tags/{request.json()['tag']}"
    if target is None:
        return _missing_revision(match["rev"])
    if name in repo.refs:
        return Answer.of({"error": "Tag reference exists already"}, 409)
    repo.refs[name] = target.oid
    return Answer()


@_route("tree", "GET", rf"/api/datasets/{_REPO}/tree/(?P<rev>[^/]+)(?:/(?P<path>.+))?")
def tree(state: State, request: Request, match: re.Match[str]) -> Answer:
    found = _found(state, request, match, unquote(match["rev"]))
    if isinstance(found, Answer):
        return found
    _, at = found
    folder, deep = unquote(match["path"] or ""), request.query.get("recursive", ["false"])[0].lower() in {"true", "1"}
    prefix = f"{folder}/" if folder else ""
    if folder and folder not in _folders(at):
        return Answer.error(404, "EntryNotFound", f"{folder} does not exist")
    inside = [path for path in sorted({*at.files, *_folders(at)}) if path.startswith(prefix)]
    entries = [_entry(at, path) for path in inside if deep or "/" not in path.removeprefix(prefix)]
    start = int(request.query.get("cursor", ["0"])[0])
    page, rest = entries[start : start + state.page_size], len(entries) - start - state.page_size
    if rest <= 0:
        return Answer.of(page)
    query = f"recursive={deep}&cursor={start + state.page_size}"
    return Answer.of(page, Link=f'<{request.base}{request.path}?{query}>; rel="next"')


def _folders(at: Commit) -> set[str]:
    return {"/".join(path.split("/")[:depth]) for path in at.files for depth in range(1, path.count("/") + 1)}


def _entry(at: Commit, path: str) -> dict[str, Any]:
    stored = at.files.get(path)
    if stored is None:
        return {"type": "directory", "oid": "0" * 40, "size": 0, "path": path}
    entry: dict[str, Any] = {"type": "file", "oid": stored.git_oid, "size": len(stored.data), "path": path}
    if stored.lfs:
        entry["lfs"] = {"oid": stored.sha256, "size": len(stored.data), "pointerSize": 134}
    return entry


@_route("paths-info", "POST", rf"/api/datasets/{_REPO}/paths-info/(?P<rev>[^/]+)")
def paths_info(state: State, request: Request, match: re.Match[str]) -> Answer:
    found = _found(state, request, match, unquote(match["rev"]))
    if isinstance(found, Answer):
        return found
    _, at = found
    asked = parse_qs(request.body.decode()).get("paths", [])
    return Answer.of([_entry(at, path) for path in asked if path in at.files or path in _folders(at)])


@_route("resolve", "GET HEAD", rf"/datasets/{_REPO}/resolve/(?P<rev>[^/]+)/(?P<path>.+)")
def resolve(state: State, request: Request, match: re.Match[str]) -> Answer:
    found = _found(state, request, match, unquote(match["rev"]))
    if isinstance(found, Answer):
        return found
    _, at = found
    stored = at.files.get(unquote(match["path"]))
    if stored is None:
        missing = Answer.error(404, "EntryNotFound", "Entry not found")
        return Answer(404, missing.body, {**missing.headers, "X-Repo-Commit": at.oid})
    headers = {
        "X-Repo-Commit": at.oid, "ETag": f'"{stored.etag}"', "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
    }  # fmt: skip
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if asked is None:
        return Answer(200, stored.data, headers)
    start, end = int(asked[1]), min(int(asked[2] or len(stored.data)), len(stored.data) - 1)
    if start >= len(stored.data):
        return Answer.of({"error": "range"}, 416)
    headers["Content-Range"] = f"bytes {start}-{end}/{len(stored.data)}"
    return Answer(206, stored.data[start : end + 1], headers)
