"""Names of what runs a model: those that stand for a library here, and those that lead elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from hfaug.errors import ParameterError

__all__ = ["check_runtime", "is_address", "is_remote"]


def is_address(runtime: str) -> bool:
    """Whether it is the address of an endpoint."""
    return runtime.startswith(("http://", "https://"))


def is_remote(runtime: str) -> bool:
    """Whether the model runs elsewhere: behind an address, or at one of Hugging Face's providers.

    >>> is_remote("https://api.example.com/v1"), is_remote("inference:together"), is_remote("transformers")
    (True, True, False)
    """
    return is_address(runtime) or runtime.partition(":")[0] == "inference"


def check_runtime(runtime: str, who: str) -> None:
    """Refuse an address that can hold a secret: it stands in recipes, in the lineage of rows and on cards.

    Args:
        runtime: Any runtime.
        who: Who speaks in the error, which does not say the address.

    Raises:
        ParameterError: The address has a name or password, a query or a fragment.
    """
    if not is_address(runtime):
        return
    parts = urlsplit(runtime)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ParameterError(
            f"{who}: runtime must be an address alone, since rows and cards tell it, has a name or password, a query "
            "or a fragment; give a key by token_variable, in which header by header, a query by query, all of them "
            "settings of the endpoint (see hfaug.backends.remote.RemoteSettings)"
        )
