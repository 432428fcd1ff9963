"""Student's 95 % interval of the mean of paired differences."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CONFIDENCE: Final = 0.95
#: One seed shows no spread, so it never tells.
FEWEST_SEEDS: Final = 2
#: Means of decimal numbers agree to far more than this many places when they are the same.
_PLACES: Final = 12
#: Variances below this are rounding: accuracies are counted in steps of a thousandth of a per cent or more.
_NO_VARIANCE: Final = 1e-24


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the mean of paired differences lies.

    Attributes:
        mean: Mean of the differences.
        low: Lower end; equals the mean when all differences are the same.
        high: Upper end.
        n: How many pairs were counted, one a seed.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def is_exact(self) -> bool:
        """All differences are the same: the interval has no width."""
        return self.low == self.high


def _central_probability(angle: float, freedom: int) -> float:
    r"""$P(|T| < t)$ of Student's distribution with $\theta = \arctan(t / \sqrt{\nu})$ = ``angle``, as a finite sum."""
    sine, cosine = math.sin(angle), math.cos(angle)
    is_odd = freedom % 2 == 1
    term = cosine if is_odd else 1.0
    terms = [] if freedom == 1 else [term]
    for power in range(3 if is_odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (power - 1) / power
        terms.append(term)
    total = sine * math.fsum(terms)
    return 2 / math.pi * (angle + total) if is_odd else total


@functools.cache
def student_quantile(freedom: int) -> float:
    r"""The $t$ with $P(|T| < t) = 0.95$ for $\nu$ = ``freedom`` degrees of freedom.

    For a whole $\nu$ the distribution is a finite sum in $\theta = \arctan(t / \sqrt{\nu})$; bisection turns it round.
    No library is asked, so that the numbers do not depend on what else is installed.

    Args:
        freedom: Degrees of freedom, 1 or more.

    Raises:
        ValueError: `freedom` is less than 1.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.

    >>> [round(student_quantile(freedom), 3) for freedom in (1, 2, 19)]
    [12.706, 4.303, 2.093]
    """
    if freedom < 1:
        message = f"Student's distribution needs at least 1 degree of freedom, not {freedom}"
        raise ValueError(message)
    low, high = 0.0, math.pi / 2
    # numerics: after 80 halvings nothing is left but rounding (test_claims: closed forms of 1 and 2 degrees)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _central_probability(middle, freedom) < CONFIDENCE else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def student_interval(differences: Sequence[float]) -> Interval | None:
    r"""The 95 % interval of the mean of differences: $\bar d \pm t_{n-1} s / \sqrt{n}$.

    Args:
        differences: One a pair; $n$ of them, with mean $\bar d$ and standard deviation $s$ (divided by $n - 1$).

    Returns:
        The interval, without width when all differences are the same; None for fewer than two, since one seed shows
        no spread.

    >>> student_interval([0.5, 0.5])
    Interval(mean=0.5, low=0.5, high=0.5, n=2)
    """
    n = len(differences)
    if n < FEWEST_SEEDS:
        return None
    if len(set(differences)) == 1:
        return Interval(differences[0], differences[0], differences[0], n)
    mean = math.fsum(differences) / n
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in differences) / (n - 1))
    half = student_quantile(n - 1) * deviation / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def welch_interval(before: Sequence[float], after: Sequence[float]) -> Interval | None:
    r"""The 95 % interval of the difference of two means, `after` less `before`, of samples that are not paired.

    $\bar y - \bar x \pm t_\nu \sqrt{u + v}$ with $u = s_x^2 / n_x$, $v = s_y^2 / n_y$ and
    $\nu = (u + v)^2 / (u^2 / (n_x - 1) + v^2 / (n_y - 1))$, rounded down: the wider interval of the two.

    Args:
        before: $x$, one value a seed.
        after: $y$; the seeds need not be the same ones.

    Returns:
        The interval, without width when neither sample has any spread, with the smaller of the two counts as `n`;
        None when a sample has fewer than two values, since one seed shows no spread.

    Source: B. L. Welch, The generalization of 'Student's' problem when several different population variances are
    involved, Biometrika 34 (1947).

    >>> welch_interval([0.5, 0.5], [0.75, 0.75])
    Interval(mean=0.25, low=0.25, high=0.25, n=2)
    """
    n = min(len(before), len(after))
    if n < FEWEST_SEEDS:
        return None
    mean = round(math.fsum(after) / len(after) - math.fsum(before) / len(before), _PLACES) + 0.0  # no -0.0
    parts = [statistics.variance(sample) / len(sample) for sample in (before, after)]
    total = math.fsum(parts)
    if total < _NO_VARIANCE:
        return Interval(mean, mean, mean, n)
    weights = (part**2 / (len(sample) - 1) for part, sample in zip(parts, (before, after), strict=True))
    # numerics: the quotient is at least n - 1; rounding may leave it a hair below that whole number
    freedom = max(math.floor(total**2 / math.fsum(weights)), n - 1)
    half = student_quantile(freedom) * math.sqrt(total)
    return Interval(mean, mean - half, mean + half, n)
