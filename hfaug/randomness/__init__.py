"""Random streams that belong to a row: the same row draws the same numbers in any batch, process, order or restart.

A stream is a pure function of (row key, digest of the op, occurrence of the op in its chain, epoch, seed). Its numbers
come from the counter-based generator Philox4x32-10: the row key is its key, the stream's 96-bit digest fills three
words of the counter, the place in the stream the fourth. Nothing is ever advanced, so any number of any row can be
computed alone, and those of a batch all at once.

A scalar draw takes a fixed count of uniform numbers: `random`, `uniform`, `integers`, `normal` and `choice` one,
`sample(n, k)` k, `permutation(n)` max(n - 1, 0). `child`, `generator` and `seed` take none, each has a domain of its
own. Scalar draws use integer arithmetic and separately rounded IEEE operations only, so they are equal on every
machine. Arrays come from NumPy (`Stream.generator`), whose distributions may change with its version.
"""

from hfaug.randomness.hits import hits
from hfaug.randomness.isolation import isolated_globals, seed_globals
from hfaug.randomness.streams import Stream, Streams, copy_key, row_key

__all__ = ["Stream", "Streams", "copy_key", "hits", "isolated_globals", "row_key", "seed_globals"]
