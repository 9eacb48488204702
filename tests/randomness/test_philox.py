"""The generator is the published one, and its numbers are even and unrelated."""

import numpy as np
import pytest

from hfaug.randomness import copy_key, row_key
from hfaug.randomness.numbers import domain_digest, key_array
from hfaug.randomness.philox import philox, uniforms

ROWS, DRAWS, BINS = 4096, 16, 64
SIGMAS = 5.0


def words(*values):
    return np.array(values, np.uint64)


@pytest.mark.parametrize(
    "counter, key, expected",
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers_of_its_authors(counter, key, expected):
    """The test vectors that came with the paper's library."""
    assert philox(words(*counter), words(*key)).tolist() == list(expected)


def test_many_counters_at_once_are_the_same_as_one_by_one():
    """Broadcasting changes nothing."""
    rng = np.random.default_rng(0)
    counter = rng.integers(0, 2**32, (4, 5, 3), np.uint64)
    key = rng.integers(0, 2**32, (2, 5, 1), np.uint64)
    whole = philox(counter, key)
    for row in range(5):
        for column in range(3):
            np.testing.assert_array_equal(whole[:, row, column], philox(counter[:, row, column], key[:, row, 0]))


def test_uniforms_take_64_bits_of_a_block_each_and_keep_53():
    """Numbers 0 and 1 are the first and second half of block 0."""
    domain = domain_digest("x")
    block = philox(words(0, *np.frombuffer(domain, "<u4", 3)), words(7, 1))
    expected = [((int(block[i]) << 32 | int(block[i + 1])) >> 11) / 2**53 for i in (0, 2)]
    assert uniforms(words(7 + (1 << 32)), domain, 0, 2)[0].tolist() == expected


def tables():
    """Uniform numbers of rows that differ in as little as two streams can: shape (rows, draws)."""
    ids = [row_key(f"row {number}") for number in range(ROWS)]
    yield "ids", uniforms(key_array(ids), domain_digest("op", 0, 0, 0), 0, DRAWS)
    yield "neighbouring keys", uniforms(np.arange(ROWS, dtype=np.uint64), domain_digest("op", 0, 0, 0), 0, DRAWS)
    copies = [copy_key(ids[0], copy) for copy in range(ROWS)]
    yield "copies", uniforms(key_array(copies), domain_digest("op", 0, 0, 0), 0, DRAWS)
    for what, place in (("occurrences", 1), ("epochs", 2), ("seeds", 3)):
        parts = ["op", 0, 0, 0]
        rows = []
        for number in range(ROWS):
            parts[place] = number
            rows.append(uniforms(key_array(ids[:1]), domain_digest(*parts), 0, DRAWS))
        yield what, np.concatenate(rows)


TABLES = dict(tables())


@pytest.mark.parametrize("name", TABLES)
class TestEvenAndUnrelated:
    """Five standard deviations: with fixed numbers these hold or fail for ever."""

    def test_all_values_are_in_the_half_open_unit_interval(self, name):
        assert TABLES[name].min() >= 0
        assert TABLES[name].max() < 1

    def test_every_draw_fills_all_bins_alike_across_rows(self, name):
        """Chi-square with BINS - 1 degrees of freedom."""
        for draw in TABLES[name].T:
            counts = np.bincount((draw * BINS).astype(int), minlength=BINS)
            chi_square = ((counts - ROWS / BINS) ** 2).sum() / (ROWS / BINS)
            assert abs(chi_square - (BINS - 1)) < SIGMAS * np.sqrt(2 * (BINS - 1))

    def test_the_draws_of_all_rows_together_fill_all_bins_alike(self, name):
        """The same over every number of the table."""
        counts = np.bincount((TABLES[name].ravel() * BINS).astype(int), minlength=BINS)
        mean = TABLES[name].size / BINS
        assert abs(((counts - mean) ** 2).sum() / mean - (BINS - 1)) < SIGMAS * np.sqrt(2 * (BINS - 1))

    def test_neighbouring_rows_do_not_correlate(self, name):
        for lag in (1, 2, 7, 64):
            left, right = TABLES[name][:-lag].ravel(), TABLES[name][lag:].ravel()
            assert abs(np.corrcoef(left, right)[0, 1]) < SIGMAS / np.sqrt(left.size)

    def test_the_draws_of_a_row_do_not_correlate(self, name):
        correlation = np.corrcoef(TABLES[name].T) - np.eye(DRAWS)
        assert np.abs(correlation).max() < SIGMAS / np.sqrt(ROWS)

    def test_pairs_of_draws_fill_the_square_alike(self, name):
        """Serial test: (first, second), (third, fourth) ... on an 8 by 8 grid."""
        pairs = (TABLES[name].reshape(-1, 2) * 8).astype(int)
        counts = np.bincount(pairs[:, 0] * 8 + pairs[:, 1], minlength=64)
        mean = len(pairs) / 64
        assert abs(((counts - mean) ** 2).sum() / mean - 63) < SIGMAS * np.sqrt(2 * 63)

    def test_the_lowest_bits_are_even(self, name):
        """The last of the 53 bits is a coin."""
        bits = (TABLES[name] * 2**53).astype(np.int64) & 1
        assert abs(bits.mean() - 0.5) < SIGMAS * 0.5 / np.sqrt(bits.size)


def test_flipping_one_bit_of_the_key_flips_half_the_bits():
    """Avalanche, over each of the 64 key bits."""
    rng = np.random.default_rng(1)
    keys = rng.integers(0, 2**63, 256, np.uint64)
    base = uniforms(keys, domain_digest("op"), 0, 2)
    for bit in range(64):
        other = uniforms(keys ^ np.uint64(1 << bit), domain_digest("op"), 0, 2)
        changed = (base * 2**53).astype(np.uint64) ^ (other * 2**53).astype(np.uint64)
        share = np.bitwise_count(changed).sum() / (53 * changed.size)
        assert abs(share - 0.5) < SIGMAS * 0.5 / np.sqrt(53 * changed.size)
