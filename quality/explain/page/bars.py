"""A match weight as a waterfall: each bar starts where the one before it ended. For terminal and page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quality.report.names import Names

_HOW_COMMON = ", how common"


@dataclass(frozen=True)
class Bar:
    """One bar, in bits (log2).

    Attributes:
        name: what it stands for; `note` says more: the level that the pair reached.
        start, end: a sum starts from 0.
        is_sum: whether it is the sum of the bars above it.
    """

    name: str
    note: str
    start: float
    end: float
    is_sum: bool = False

    @property
    def bits(self) -> float:
        """What the bar adds, or the sum that it is."""
        return self.end - self.start

    @property
    def said(self) -> str:
        """Name and note in one line."""
        return f"{self.name.removesuffix(_HOW_COMMON)}: {self.note}" if self.note else self.name

    @property
    def number(self) -> str:
        """The bits with their sign, a sum without a plus."""
        return signed(self.bits, plus=not self.is_sum)


def bars(weight: Mapping[str, Any], names: Names) -> list[Bar]:
    """The bars of a pair.

    Args:
        weight: prior, comparisons (comparison, level, bits, adjusted, adjustment, taken_back: whether the level takes
            back what another said of how common the value is), match_weight, gain, total.
    """
    found = [Bar("Two records at random", "before any comparison", 0.0, weight["prior"])]
    for row in weight["comparisons"]:
        here = found[-1].end
        name = names.column(row["comparison"])
        found.append(Bar(name, row["level"], here, here + row["bits"]))
        if row["adjusted"]:
            common = "a rare value" if row["adjustment"] > 0 else "a common value"
            common = "taken back" if row.get("taken_back") else common  # of a rare value it lowers the weight
            after = found[-1].end
            found.append(Bar(f"{name}{_HOW_COMMON}", common, after, after + row["adjustment"]))
    found.append(Bar("Match weight", "", 0.0, weight["match_weight"], is_sum=True))
    if weight["gain"]:
        here = weight["match_weight"]
        found.append(Bar("One partner at most", "most units of the step have one", here, here + weight["gain"]))
        found.append(Bar("Total", "", 0.0, weight["total"], is_sum=True))
    return found


def signed(value: float, *, plus: bool = True) -> str:
    """A number of bits with its sign, by two places."""
    text = f"{abs(value):.2f}"
    if float(text) == 0:
        return text
    return f"−{text}" if value < 0 else f"+{text}" if plus else text


def likelihood(probability: float) -> str:
    """A probability with as many nines as it has, up to what a match weight can tell apart."""
    for places in (2, 3, 4, 6, 8, 10, 12):
        text = f"{probability:.{places}f}"
        told = min(probability, 1 - probability)
        if float(text) not in (0.0, 1.0) and abs(float(text) - probability) <= told / 20:
            return text
    return f"over {1 - 1e-12:.12f}" if probability > 0.5 else "under 0.000000000001"
