"""Critical values of the chi-squared distribution.

They are a few lines for whole degrees of freedom (Abramowitz and Stegun, Handbook of
Mathematical Functions, 1964, 26.4.4 and 26.4.5). SciPy has them too: to import it takes
as long as the whole training of two small files.
"""

import functools
import math

_HALVINGS = 60  # of the range, after which a double has no further digit
_WIDEST = 1_000.0  # of what is looked through, for each degree of freedom


def survival(value: float, freedom: int) -> float:
    """The probability that such a variable is above a value."""
    half = value / 2
    if freedom % 2 == 0:
        terms = [half**n / math.factorial(n) for n in range(freedom // 2)]
        return math.exp(-half) * sum(terms)
    terms = [
        half ** (n - 0.5) / math.gamma(n + 0.5) for n in range(1, (freedom + 1) // 2)
    ]
    return math.erfc(math.sqrt(half)) + math.exp(-half) * sum(terms)


@functools.cache
def critical_value(freedom: int, chance: float) -> float:
    """The value that a variable of so many degrees of freedom exceeds with a chance."""
    low, high = 0.0, _WIDEST * freedom
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if survival(middle, freedom) > chance:
            low = middle
        else:
            high = middle
    return high
