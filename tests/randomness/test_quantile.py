"""The inverse of the normal distribution."""

import math
from statistics import NormalDist

import numpy as np

from hfaug.randomness.quantile import normal_quantile


def test_it_agrees_with_the_standard_library():
    """Of the same published algorithm, with the C library's logarithm: a few units in the last place."""
    for uniform in np.random.default_rng(0).integers(0, 2**53, 20_000) / 2**53:
        tail = min(uniform, 1 - uniform - 2.0**-53) + 2.0**-54  # exact, as uniform + 2**-54 would not be
        expected = math.copysign(NormalDist().inv_cdf(tail), uniform - 0.5)
        assert math.isclose(normal_quantile(uniform), expected, rel_tol=1e-14, abs_tol=1e-15)


def test_both_ends_are_finite_and_mirror_each_other():
    """0 and 1 - 2**-53 are the outermost uniforms."""
    assert normal_quantile(0.0) == -normal_quantile(1 - 2.0**-53)
    assert 8.2 < normal_quantile(1 - 2.0**-53) < 8.3
    for exponent in range(1, 53):
        assert normal_quantile(2.0**-exponent) == -normal_quantile(1 - 2.0**-exponent - 2.0**-53)


def test_it_rises():
    """A larger uniform never gives a smaller normal, also where the three formulas meet."""
    uniforms = np.concatenate(
        [np.arange(64) * 2.0**-53, np.geomspace(1e-15, 0.5, 2000), 0.075 + np.arange(-9, 9) / 1e9]
    )
    values = [normal_quantile(uniform) for uniform in sorted(uniforms)]
    assert values == sorted(values)


def test_the_far_tail_is_exact():
    """Points known to fifteen digits from tables: the two-sided 5 % and 1e-9 points."""
    assert math.isclose(normal_quantile(0.975), 1.959963984540054, rel_tol=1e-14)
    assert math.isclose(normal_quantile(1 - 0.5e-9), 6.109410204869, rel_tol=1e-7)
