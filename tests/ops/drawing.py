"""Streams for ops that are tried outside of a dataset."""

from hfaug.randomness import Streams, row_key


def streams(count, digest="op"):
    """One stream a row, for as many rows."""
    return list(Streams([row_key(f"row {number}") for number in range(count)], digest=digest))


def stream(digest="op"):
    """The stream of one row."""
    return streams(1, digest)[0]
