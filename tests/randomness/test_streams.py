"""Streams belong to rows: the same numbers in any batch, and never other numbers than last year's."""

import itertools
import math
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfaug.errors import ParameterError
from hfaug.randomness import Stream, Streams, copy_key, row_key
from hfaug.randomness import numbers as numbers_module
from hfaug.randomness.quantile import normal_quantile

KEYS = [row_key(f"row {number}") for number in range(3000)]
SIGMAS = 5.0
GOLDEN = {
    "row_key": 1400029433035524063,
    "copy 0": 18020270833972692910,
    "last copy": 3117519571121127657,
    "random": [0.5855950516203757, 0.6909249055538234, 0.857355248263182, 0.7430339247678468, 0.3308693341341483],
    "draws": [
        0.14851314773317548,
        19.987262714888658,
        900648093068,
        9.587307886060888,
        "c",
        "c",
        [26, 33, 34, 77, 95],
        [5, 0, 2, 3, 4, 1, 6],
        0.42756267218893673,
        0.8051859600342571,
        2748947782108230255,
        1280078562,
        0.7393157029843191,
    ],
    "generator": [17831025131789410311, 15061053660724665241, 5716778980917372797],
}


def stream(key=1, **identity):
    return Streams([key], **{"digest": "op", **identity})[0]


def many(draw, rows=3000, **identity):
    """One result of a draw a row."""
    return [draw(rng) for rng in Streams(KEYS[:rows], **{"digest": "op", **identity})]


class TestGolden:
    """If one of these changes, every augmented dataset changes: raise `hfaug.OUTPUT_VERSION` and say so."""

    def test_keys(self):
        assert row_key("") == 3244421341483603138
        assert row_key("a") == 16629034431890738719
        assert row_key("ä👍") == GOLDEN["row_key"]
        assert copy_key(row_key("a"), 0) == GOLDEN["copy 0"]
        assert copy_key(2**64 - 1, 2**64 - 1) == GOLDEN["last copy"]

    def test_uniform_numbers(self):
        rng = stream(row_key("a"), digest="c0ffee", occurrence=2, epoch=3, seed=-4)
        assert [rng.random() for _ in range(40)][::8] == GOLDEN["random"]

    def test_every_kind_of_draw_in_a_row(self):
        rng = stream(row_key("a"), digest="c0ffee")
        drawn = [
            rng.random(),
            rng.uniform(-30, 30),
            rng.integers(-5, 2**40),
            rng.normal(10, 2),
            rng.choice("abcdef"),
            rng.choice("abc", p=[0.2, 0.5, 0.3]),
            rng.sample(100, 5),
            rng.permutation(7),
            rng.child("mask").random(),
            rng.child(7).child("x").random(),
            rng.seed(),
            rng.seed(32),
            rng.random(),
        ]
        assert drawn == GOLDEN["draws"]

    def test_the_start_of_the_numpy_generator(self):
        """Raw bits, which NumPy promises to keep; its distributions it does not."""
        generator = stream(row_key("a"), digest="c0ffee").generator()
        assert generator.bit_generator.random_raw(3).tolist() == GOLDEN["generator"]


class TestWhatAStreamDependsOn:
    def test_each_part_of_its_identity_gives_other_numbers(self):
        """Key, copy, digest, occurrence, epoch, seed, child."""
        streams = [
            stream(1),
            stream(2),
            stream(copy_key(1, 0)),
            stream(copy_key(1, 1)),
            stream(1, digest="po"),
            stream(1, occurrence=1),
            stream(1, epoch=1),
            stream(1, seed=1),
            stream(1).child("a"),
            stream(1).child("b"),
            stream(1).child(0),
            stream(1).child("0"),
            stream(1).child("a").child("b"),
        ]
        assert len({rng.random() for rng in streams}) == len(streams)
        assert len({rng.seed() for rng in streams}) == len(streams)
        assert len({rng.generator().random() for rng in streams}) == len(streams)

    def test_parts_do_not_run_into_each_other(self):
        """A digest that ends in a digit, an occurrence that begins with it."""
        assert stream(1, digest="op1", occurrence=2).random() != stream(1, digest="op", occurrence=12).random()

    @pytest.mark.parametrize("rows", [1, 7, 1000, 3000])
    @pytest.mark.parametrize("draws", [1, 15, 16, 17, 40, 700])
    def test_not_on_the_batch(self, rows, draws):
        """The numbers of a few rows, alone and in batches of any size, read in any order and to any length."""
        batch = Streams(KEYS[:rows], digest="op")
        for row in {0, rows // 2, rows - 1}:
            alone, among = Streams(KEYS[row : row + 1], digest="op")[0], batch[row]
            assert [alone.random() for _ in range(draws)] == [among.random() for _ in range(draws)]

    @pytest.mark.parametrize("draws", [20, 100, 300])
    def test_not_on_when_a_table_is_shared(self, draws):
        """Rows that come before and after the batch decides to compute a level for all."""
        whole = [[rng.random() for _ in range(draws)] for rng in Streams(KEYS[:200], digest="op")]
        ones = [[rng.random() for _ in range(draws)] for key in KEYS[:200] for rng in Streams([key], digest="op")]
        assert whole == ones

    @pytest.mark.parametrize("expected", [2, 8, 64])
    def test_not_on_how_many_draws_were_expected(self, expected):
        """Also when streams are taken from a batch one by one, before and after its first numbers are computed."""
        plain = [[rng.random() for _ in range(150)] for rng in Streams(KEYS[:70], digest="op")]
        batch = Streams(KEYS[:70], digest="op", expected=expected)
        assert [[rng.random() for _ in range(150)] for rng in batch] == plain
        assert [[rng.random() for _ in range(3)] for rng in list(batch)] == [numbers[:3] for numbers in plain]
        assert batch[7].random() == plain[7][0]

    def test_not_on_what_its_children_or_neighbours_did(self):
        left, right = Streams(KEYS[:2], digest="op")
        expected = [stream(KEYS[0]).random(), stream(KEYS[0]).child("x").random()]
        right.random(), right.child("x").random(), left.generator().random(), left.seed()
        assert [left.random(), left.child("x").random()] == expected

    def test_children_are_equal_in_any_batch(self):
        """Also beyond the number of names that a batch remembers."""
        batch = Streams(KEYS[:40], digest="op")
        for name in range(numbers_module._KEPT_CHILDREN + 3):
            for row in (0, 39):
                assert batch[row].child(name).random() == stream(KEYS[row]).child(name).random()

    def test_each_stream_of_a_row_starts_anew(self):
        batch = Streams(KEYS[:2], digest="op")
        assert batch[1].random() == batch[1].random() == list(batch)[1].random() == batch[-1].random()

    def test_it_survives_pickling_in_the_middle(self):
        rng = stream()
        rng.random()
        copy = pickle.loads(pickle.dumps(rng))
        assert [copy.random() for _ in range(30)] == [rng.random() for _ in range(30)]


class TestHowMuchADrawTakes:
    @pytest.mark.parametrize(
        "draw, taken",
        [
            (lambda rng: rng.random(), 1),
            (lambda rng: rng.uniform(2, 3), 1),
            (lambda rng: rng.uniform(3, 3), 1),
            (lambda rng: rng.integers(0, 1), 1),
            (lambda rng: rng.normal(0, 0), 1),
            (lambda rng: rng.choice("a"), 1),
            (lambda rng: rng.choice("ab", p=[1, 0]), 1),
            (lambda rng: rng.sample(50, 20), 20),
            (lambda rng: rng.sample(5, 0), 0),
            (lambda rng: rng.permutation(20), 19),
            (lambda rng: rng.permutation(0), 0),
            (lambda rng: rng.child("x").random(), 0),
            (lambda rng: rng.generator().random(), 0),
            (lambda rng: rng.seed(), 0),
        ],
    )
    def test_the_next_number_is_the_one_after(self, draw, taken):
        plain, used = stream(), stream()
        numbers = [plain.random() for _ in range(taken + 1)]
        draw(used)
        assert used.random() == numbers[-1]


class TestDraws:
    def test_uniform_fills_its_range(self):
        drawn = many(lambda rng: rng.uniform(-30, 10))
        assert -30 <= min(drawn) < -29.9
        assert 9.9 < max(drawn) <= 10
        assert abs(np.mean(drawn) + 10) < SIGMAS * 40 / math.sqrt(12 * 3000)

    @given(st.integers(-(2**60), 2**60), st.integers(1, 2**53))
    def test_integers_stay_in_their_range(self, low, size):
        drawn = stream(low & 0xFFFF).integers(low, low + size)
        assert low <= drawn < low + size
        assert type(drawn) is int

    @pytest.mark.parametrize("size", [1, 2, 3, 10, 2**52 - 1, 2**52 + 1, 2**53 - 1, 2**53])
    def test_integers_reach_both_ends_and_not_beyond(self, size):
        """With the smallest and the largest uniform number there is."""
        rng = stream()
        rng._values, rng._end = [0.0, 1 - 2.0**-53], 2
        assert [rng.integers(7, 7 + size), rng.integers(7, 7 + size)] == [7, 6 + size]

    def test_integers_are_even(self):
        counts = Counter(many(lambda rng: rng.integers(0, 6)))
        assert set(counts) == set(range(6))
        assert sum((count - 500) ** 2 / 500 for count in counts.values()) < 5 + SIGMAS * math.sqrt(10)

    def test_normal_is_the_quantile_of_the_uniform(self):
        assert stream().normal(3, 2) == 3 + 2 * normal_quantile(stream().random())

    def test_normal_has_its_mean_and_spread(self):
        drawn = np.array(many(lambda rng: rng.normal(5, 2)))
        assert abs(drawn.mean() - 5) < SIGMAS * 2 / math.sqrt(3000)
        assert abs(drawn.std() - 2) < SIGMAS * 2 / math.sqrt(6000)

    def test_choice_without_chances_is_even(self):
        counts = Counter(many(lambda rng: rng.choice(("a", "b", "c"))))
        assert all(abs(counts[item] - 1000) < SIGMAS * math.sqrt(3000 * 2 / 9) for item in "abc")

    def test_choice_keeps_its_chances_and_never_takes_the_impossible(self):
        counts = Counter(many(lambda rng: rng.choice("abcd", p=[0, 0.1, 0.9, 0])))
        assert set(counts) == {"b", "c"}
        assert abs(counts["b"] - 300) < SIGMAS * math.sqrt(3000 * 0.09)

    @pytest.mark.parametrize("p", [[0.1] * 10, [1 / 3] * 3, [0, 1], [1, 0, 0], [0.5, 0.5, 0, 0], np.array([0.3, 0.7])])
    @pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2.0**-53])
    def test_choice_with_extreme_numbers_takes_a_possible_item(self, p, uniform):
        rng = stream()
        rng._values, rng._end = [uniform], 1
        assert p[rng.choice(range(len(p)), p=p)] > 0

    def test_sample_takes_every_set_equally_often(self):
        counts = Counter(tuple(many_row) for many_row in many(lambda rng: rng.sample(5, 2)))
        assert set(counts) == set(itertools.combinations(range(5), 2))
        assert sum((count - 300) ** 2 / 300 for count in counts.values()) < 9 + SIGMAS * math.sqrt(18)

    @given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), st.integers(0, 2**64 - 1))
    def test_sample_gives_different_numbers_in_order(self, sizes, key):
        n, k = sizes
        drawn = stream(key).sample(n, k)
        assert len(drawn) == len(set(drawn)) == k
        assert drawn == sorted(drawn)
        assert all(0 <= number < n for number in drawn)

    def test_permutation_takes_every_order_equally_often(self):
        counts = Counter(tuple(row) for row in many(lambda rng: rng.permutation(3)))
        assert set(counts) == set(itertools.permutations(range(3)))
        assert sum((count - 500) ** 2 / 500 for count in counts.values()) < 5 + SIGMAS * math.sqrt(10)

    def test_the_generator_is_the_same_at_each_call(self):
        rng = stream()
        first = rng.generator().standard_normal(5)
        rng.random()
        np.testing.assert_array_equal(first, rng.generator().standard_normal(5))

    @pytest.mark.parametrize("bits", [1, 8, 32, 63, 64])
    def test_seeds_use_all_their_bits(self, bits):
        seeds = many(lambda rng: rng.seed(bits), 500)
        assert 0 <= min(seeds) <= max(seeds) < 2**bits
        assert np.bitwise_or.reduce(np.array(seeds, np.uint64)) == 2**bits - 1


class TestRefusals:
    @pytest.mark.parametrize(
        "draw",
        [
            lambda rng: rng.uniform(1, 0),
            lambda rng: rng.uniform(0, math.nan),
            lambda rng: rng.uniform(0, math.inf),
            lambda rng: rng.integers(3, 3),
            lambda rng: rng.integers(3, 2),
            lambda rng: rng.integers(0, 2**53 + 1),
            lambda rng: rng.normal(0, -1),
            lambda rng: rng.normal(0, math.nan),
            lambda rng: rng.normal(math.inf, 1),
            lambda rng: rng.choice([]),
            lambda rng: rng.choice([], p=[]),
            lambda rng: rng.choice("ab", p=[1]),
            lambda rng: rng.choice("ab", p=[0.5, 0.6]),
            lambda rng: rng.choice("ab", p=[-0.5, 1.5]),
            lambda rng: rng.choice("ab", p=[math.nan, 1]),
            lambda rng: rng.sample(3, 4),
            lambda rng: rng.sample(3, -1),
            lambda rng: rng.permutation(-1),
            lambda rng: rng.seed(0),
            lambda rng: rng.seed(65),
        ],
    )
    def test_a_draw_out_of_its_limits_is_refused_and_takes_nothing(self, draw):
        rng = stream()
        with pytest.raises(ParameterError, match=r"^Stream\.\w+: .*; "):
            draw(rng)
        assert rng.random() == stream().random()

    @pytest.mark.parametrize("keys", [[-1], [2**64], ["a"], [None], [[1, 2]], np.array([-1])])
    def test_keys_that_are_none_are_refused(self, keys):
        with pytest.raises(ParameterError, match="row_key"):
            Streams(keys, digest="op")

    @pytest.mark.parametrize("key, copy", [(-1, 0), (2**64, 0), (0, -1), ("a", 0)])
    def test_copies_of_what_is_no_key_are_refused(self, key, copy):
        with pytest.raises(ParameterError, match="copy_key"):
            copy_key(key, copy)

    def test_there_is_no_row_beyond_the_last(self):
        with pytest.raises(IndexError):
            Streams([1], digest="op")[1]


def test_an_empty_batch_has_no_streams():
    assert len(Streams([], digest="op")) == 0
    assert list(Streams([], digest="op")) == []


def test_a_batch_computes_its_numbers_in_one_go(monkeypatch):
    """One call for the first draws of a thousand rows, few for those that follow: this is where the speed is."""
    calls = []
    real = numbers_module.uniforms
    monkeypatch.setattr(numbers_module, "uniforms", lambda *given: calls.append(given) or real(*given))
    streams = list(Streams(KEYS[:1000], digest="op"))
    assert not calls
    for rng in streams:
        for _ in range(16):
            rng.random()
    assert len(calls) == 1
    for rng in streams:
        rng.random()
    assert len(calls) < 20


def test_a_stream_carries_no_dict():
    """A thousand of them are made a batch."""
    assert not hasattr(Stream.__new__(Stream), "__dict__")
