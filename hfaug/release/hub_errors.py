"""What went wrong on the Hub, in words that say what to do, and whether trying again can help."""

from __future__ import annotations

import json

from huggingface_hub.errors import HfHubHTTPError

from hfaug.errors import ReleaseError

__all__ = ["explain", "is_transient", "retry_after", "status_of"]

_TRANSIENT = {408, 409, 425, 429, 500, 502, 503, 504}
_LONGEST_WAIT = 120.0  # seconds; a server that wants more is asked again all the same


def status_of(error: BaseException) -> int | None:
    """HTTP status behind an error, looking through its causes; None when no answer came."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, HfHubHTTPError):
            return seen.response.status_code
        seen = seen.__cause__
    return None


def is_transient(error: BaseException) -> bool:
    """Whether the same call may succeed later: no answer, a busy server, or an answer that broke off."""
    status = status_of(error)
    if status is not None:
        return status in _TRANSIENT
    seen: BaseException | None = error
    while seen is not None:
        # The client's HTTP library changes with its version, so it is told by the name of its package.
        if type(seen).__module__.split(".")[0].startswith(("httpx", "httpcore")):
            return True
        if isinstance(seen, (ConnectionError, TimeoutError, json.JSONDecodeError)):
            return True
        seen = seen.__cause__
    return False


def retry_after(error: BaseException) -> float | None:
    """Seconds the server asks to wait, cut at two minutes; None when it does not say."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, HfHubHTTPError):
            said = seen.response.headers.get("Retry-After", "")
            return min(float(said), _LONGEST_WAIT) if said.isdigit() else None
        seen = seen.__cause__
    return None


def explain(error: BaseException, *, repo: str, doing: str) -> ReleaseError:
    """The error for the user.

    Args:
        error: What the client raised.
        repo: Repo id.
        doing: What was tried, as in "sending the shards".
    """
    status = status_of(error)
    who = f"{repo}: {doing}"
    if status == 401:
        text = "needs a token that the Hub accepts, was refused (401); log in with `hf auth login` or pass token="
    elif status == 403:
        text = "needs a token that may write to this repo, has none (403); use another token or another repo"
    elif status == 404:
        text = "needs a dataset repo that the token may see, found none (404); check the name and the token"
    elif status == 429:
        text = "was refused by the Hub's rate limit (429); wait some minutes and run the same command again"
    elif is_transient(error):
        text = f"got no good answer from the Hub ({_brief(error)}); run the same command again, nothing is sent twice"
    else:
        text = f"was refused by the Hub ({_brief(error)}); mend what it names and run the command again"
    return ReleaseError(f"{who} {text}")


def _brief(error: BaseException) -> str:
    root = error
    while root.__cause__ is not None:
        root = root.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = lines[-1] if lines and isinstance(error, HfHubHTTPError) else " ".join(lines[:1])
    return f"{type(root).__name__}: {told or root}"[:300]
