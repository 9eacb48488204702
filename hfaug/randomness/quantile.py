"""The normal distribution's inverse, in plain arithmetic so that every machine gives the same bits."""

from __future__ import annotations

import math

__all__ = ["normal_quantile"]

# Wichura's coefficients, highest power first, as (numerator, denominator) pairs: centre, tail, far tail.
_CENTRE = (
    (2509.0809287301226727, 5226.495278852854561),
    (33430.575583588128105, 28729.085735721942674),
    (67265.770927008700853, 39307.89580009271061),
    (45921.953931549871457, 21213.794301586595867),
    (13731.693765509461125, 5394.1960214247511077),
    (1971.5909503065514427, 687.1870074920579083),
    (133.14166789178437745, 42.313330701600911252),
    (3.387132872796366608, 1.0),
)
_TAIL = (
    (7.7454501427834140764e-4, 1.05075007164441684324e-9),
    (2.2723844989269184583e-2, 5.475938084995344946e-4),
    (2.4178072517745061177e-1, 1.5198666563616457197e-2),
    (1.27045825245236838258, 1.4810397642748007459e-1),
    (3.64784832476320460504, 6.8976733498510000455e-1),
    (5.7694972214606914055, 1.6763848301838038494),
    (4.6303378461565452959, 2.05319162663775882187),
    (1.42343711074968357734, 1.0),
)
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.04426310338993978564e-15),
    (2.71155556874348757815e-5, 1.4215117583164458887e-7),
    (1.2426609473880784386e-3, 1.8463183175100546818e-5),
    (2.6532189526576123093e-2, 7.868691311456132591e-4),
    (2.9656057182850489123e-1, 1.4875361290850615025e-2),
    (1.7848265399172913358, 1.3692988092273580531e-1),
    (5.4637849111641143699, 5.9983220655588793769e-1),
    (6.6579046435011037772, 1.0),
)
_LOG_SERIES = tuple(2.0 / (2 * power + 1) for power in range(11, -1, -1))


def normal_quantile(uniform: float) -> float:
    """Turn a uniform number into a standard normal one, within about 1e-15 of the exact value.

    The uniform number, a multiple of 2**-53, stands for the middle of its interval: the result is finite and the two
    tails mirror each other. The logarithm is computed here as well, as those of C libraries differ in the last bit.

    Args:
        uniform: In [0, 1).

    Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37, 1988.

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    centred = (uniform - 0.5) + 2.0**-54
    if -0.425 <= centred <= 0.425:
        return centred * _ratio(_CENTRE, 0.180625 - centred * centred)
    depth = math.sqrt(-_log(0.5 - abs(centred)))
    size = _ratio(_TAIL, depth - 1.6) if depth <= 5.0 else _ratio(_FAR_TAIL, depth - 5.0)
    return math.copysign(size, centred)


def _ratio(coefficients: tuple[tuple[float, float], ...], x: float) -> float:
    top = bottom = 0.0
    for above, below in coefficients:
        top = top * x + above
        bottom = bottom * x + below
    return top / bottom


def _log(x: float) -> float:
    """Natural logarithm of x > 0, as exponent * log 2 plus the series of 2 artanh."""
    mantissa, exponent = math.frexp(x)
    if mantissa < 0.7071067811865476:
        mantissa, exponent = mantissa * 2.0, exponent - 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    total = 0.0
    for coefficient in _LOG_SERIES:
        total = total * square + coefficient
    return exponent * 0.6931471805599453 + s * total
