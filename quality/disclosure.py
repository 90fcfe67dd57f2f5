"""The one door for numbers that leave: thresholds, rounding, secondary suppression, dominance, DfE's symbols.

Reports, dashboards and metadata show `Cell`s, and only this module makes them. A rule set is a profile, a TOML file in
configs/disclosure/.
"""

import math
import tomllib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from linkage.config import check
from linkage.errors import ConfigError
from linkage.resources import configs_dir
from quality.intervals import Share
from quality.suppression import Sum, suppress

__all__ = ["Cell", "Disclosure", "Profile", "Sum", "dominated", "load"]

Mark = Literal["suppressed", "not_applicable", "unavailable", "low", "high"]
Key = TypeVar("Key", bound=Hashable)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Symbols(_Strict):
    """How a value that is not shown is written (Analysis Function guidance on symbols, and LEO's own `low`)."""

    suppressed: str
    not_applicable: str
    unavailable: str
    low: str  # rounds to nought but is not
    high: str  # rounds to all but is not


class Dominance(_Strict):
    """A total is disclosive where its largest contributors hold too much of it."""

    contributors: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(gt=0, le=1)]


class Profile(_Strict):
    """One body's rules."""

    title: str
    threshold: Annotated[int, Field(ge=1)]  # counts below are suppressed
    round_to: Annotated[int, Field(ge=1)]  # counts go to the nearest multiple
    percent_places: Annotated[int, Field(ge=0, le=6)]
    percent_from: Literal["unrounded", "rounded"]
    zeros_are_sensitive: bool
    accuracy_places: Annotated[int, Field(ge=0, le=6)]  # of precision, recall and F1 in per cent
    symbols: Symbols
    dominance: Dominance


@dataclass(frozen=True)
class Cell:
    """What may be shown of one number.

    Attributes:
        text: as it is written.
        value: the rounded number, for charts; None where it is not shown.
        mark: why it is not shown as a plain number.
    """

    text: str
    value: float | None = None
    mark: Mark | None = None


def load(name: str = "leo_publication") -> Profile:
    """A profile by name.

    Raises:
        ConfigError: no such profile, or it has faults.
    """
    folder = configs_dir() / "disclosure"
    path = folder / f"{name}.toml"
    if not path.is_file():
        names = ", ".join(sorted(found.stem for found in folder.glob("*.toml")))
        raise ConfigError(f"no disclosure profile '{name}'\n  there are: {names}")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}: not TOML: {error}") from None
    return check(Profile, raw, path.name)


def dominated(contributions: Sequence[float], rule: Dominance) -> bool:
    """Whether the largest contributors hold more of a total than the rule lets them (the (n, k) rule).

    Args:
        contributions: what each contributor adds to the total, none negative, for example earnings.
    """
    total = sum(contributions)
    largest = sorted(contributions, reverse=True)[: rule.contributors]
    return total > 0 and sum(largest) > rule.share * total


class Disclosure:
    """A profile at work. `hidden` counts the cells that it suppressed, for the report to say."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.hidden = 0

    def counts(
        self,
        counts: Mapping[Key, int],
        sums: Sequence[Sum[Key]] = (),
        *,
        sensitive: Iterable[Key] = (),
        unshown: Iterable[Key] = (),
    ) -> dict[Key, Cell]:
        """Counts that are shown together, with the sums that tie them.

        Every table that shares a total belongs in one call; see quality.suppression. Cells of `unshown` keys are for
        `tied` of `percent` only.
        """
        hidden = suppress(
            counts,
            sums,
            threshold=self.profile.threshold,
            zeros_are_sensitive=self.profile.zeros_are_sensitive,
            sensitive=sensitive,
            unshown=unshown,
        )
        return {key: self.marked("suppressed") if key in hidden else self._rounded(n) for key, n in counts.items()}

    def count(self, count: int | None) -> Cell:
        """A count that no shown sum ties to another."""
        return self.marked("unavailable") if count is None else self.counts({"count": count})["count"]

    def percent(self, part: int, of: int, *, tied: Iterable[Cell] = ()) -> Cell:
        """A percentage of a base. It is hidden where its base, its part or the rest is, and where a `tied` cell is.

        Args:
            tied: cells that, with this percentage, would say each other.
        """
        rest = of - part
        if of == 0:
            return self.marked("not_applicable")
        if self._small(of) or any(cell.mark == "suppressed" for cell in tied):
            return self.marked("suppressed")
        places = self.profile.percent_places
        resolution = 0.5 * 10**-places / 100 * of  # entities that a rounded 0 or 100 per cent may stand for
        text = f"{self._share(part, of):.{places}f}"
        if self._small(part) or self._small(rest):
            if resolution < self.profile.threshold or float(text) not in (0.0, 100.0):
                return self.marked("suppressed")
            return self.marked("low" if self._small(part) else "high")
        if (float(text) == 0.0 and part) or (float(text) == 100.0 and rest):
            return self.marked("low" if float(text) == 0.0 else "high")
        return Cell(text, float(text))

    def accuracy(self, share: Share | None) -> Cell:
        """Precision, recall or F1 in per cent: shown where the base reaches the threshold, however few the errors are.

        An error against truth is a fact about the linkage and not about a person; truth exists for synthetic or
        evaluation data only.
        """
        return self._per_cent(share, "value", self.profile.accuracy_places)

    def interval(self, share: Share | None, places: int | None = None) -> tuple[Cell, Cell]:
        """The bounds of a share's 95 % interval, under the same rule; `places` after the point, else accuracy's."""
        places = self.profile.accuracy_places if places is None else places
        return self._per_cent(share, "low", places), self._per_cent(share, "high", places)

    def marked(self, mark: Mark) -> Cell:
        """A cell that shows a symbol in place of a number."""
        if mark == "suppressed":
            self.hidden += 1
        return Cell(getattr(self.profile.symbols, mark), None, mark)

    def _per_cent(self, share: Share | None, bound: Literal["value", "low", "high"], places: int) -> Cell:
        value = share[bound] if share else None
        if share is None or value is None:
            return self.marked("not_applicable")
        if share["of"] < self.profile.threshold:
            return self.marked("suppressed")
        # Cut, not rounded, when an error would vanish: 99.996 % is not 100.00 %.
        text = f"{value * 100:.{places}f}"
        if float(text) == 100.0 and value < 1:
            text = f"{math.floor(value * 100 * 10**places) / 10**places:.{places}f}"
        return Cell(text, float(text))

    def _share(self, part: int, of: int) -> float:
        if self.profile.percent_from == "rounded":
            return min(100.0, 100 * self._nearest(part) / self._nearest(of))
        return 100 * part / of

    def _small(self, count: int) -> bool:
        return (0 if self.profile.zeros_are_sensitive else 1) <= count < self.profile.threshold

    def _nearest(self, count: int) -> int:
        base = self.profile.round_to
        return (count + base // 2) // base * base

    def _rounded(self, count: int) -> Cell:
        nearest = self._nearest(count)
        if nearest == 0 and count > 0:
            return self.marked("low")
        return Cell(f"{nearest:,}", float(nearest))
