"""Claims, their verdicts, and how several verdicts make one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from lrreport.analysis.intervals import Interval
from lrreport.errors import LrreportError

#: What a claim rests on, ready for JSON. A list has one item a seed (None where the seed has no value) or an item
#: for each thing that is compared.
Evidence: TypeAlias = float | list[float | str | None]


class Verdict(StrEnum):
    """What the results say about a claim."""

    HOLDS = "holds"
    FAILS = "fails"
    CANNOT_TELL = "cannot-tell"


#: Whose statement a claim is: the source article's, or our own. The two are never counted together.
Whose: TypeAlias = Literal["source", "ours"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that the results decide, with what the decision rests on.

    Attributes:
        id: Group and setting, `lr-above-80/0.1`; what stands once has no setting, `decay-0.1-slow`.
        group: The statement without the setting, `lr-above-80`. Facts that the source does not state begin with `own-`.
        study: The study that it is about.
        setting: Text of the setting that it is about; None when it is about the whole study.
        metric: What is compared, `last_test_accuracy` say.
        margin: How large a difference must be to count, in the metric's unit.
        n: Seeds that the verdict rests on.
        n_diverged: Seeds left out because a run that the claim needs diverged in them.
        verdict: Holds, fails, or cannot tell.
        interval: Of the differences, positive in the claim's favour; of the weakest comparison when there are
            several; None where none can be given.
        numbers: The evidence, by name; lists over seeds are in the order of `Results.seeds`.
        whose: Who says so.
    """

    id: str
    group: str
    study: str
    setting: str | None
    metric: str
    margin: float
    n: int
    n_diverged: int
    verdict: Verdict
    interval: Interval | None = None
    numbers: Mapping[str, Evidence] = field(default_factory=dict)
    whose: Whose = "ours"

    @property
    def is_too_small(self) -> bool:
        """Whether it fails because the difference, whichever way it points, is smaller than what is counted."""
        found = self.interval
        if self.verdict is not Verdict.FAILS or found is None or not self.margin or found.is_exact:
            return False
        return -self.margin <= found.low and found.high <= self.margin

    @property
    def is_real(self) -> bool:
        """Whether the interval of the differences leaves out 0."""
        return self.interval is not None and (self.interval.low > 0 or self.interval.high < 0)


def join_verdicts(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for 'this and that': holds when all hold, fails when any fails, else it cannot be told.

    Raises:
        LrreportError: There is no verdict; 'all of nothing hold' is a sentence about nothing.

    >>> join_verdicts([Verdict.HOLDS, Verdict.CANNOT_TELL])
    <Verdict.CANNOT_TELL: 'cannot-tell'>
    """
    found = set(verdicts)
    if not found:
        raise LrreportError(
            "A joint verdict needs at least one claim",
            got="none",
            expected="one or more claims",
            fix="ask for the claims only when their study is in the article",
        )
    if found == {Verdict.HOLDS}:
        return Verdict.HOLDS
    return Verdict.FAILS if Verdict.FAILS in found else Verdict.CANNOT_TELL


def joint(claims: Iterable[Claim]) -> Verdict:
    """The verdict of a sentence that states several claims at once: see `join_verdicts`.

    Raises:
        LrreportError: There is no claim.
    """
    return join_verdicts(claim.verdict for claim in claims)
