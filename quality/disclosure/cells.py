"""Cells: what may be shown of a number under a profile."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from quality.disclosure.attack import disclosed
from quality.disclosure.bounds import Key, ProtectionLevel, Sum, exact_bounds
from quality.disclosure.profiles import Profile
from quality.disclosure.secondary import suppress
from quality.intervals import Share, f1, wilson

_BOUNDS = (
    0.9999,
    0.9995,
    0.999,
    0.998,
    0.995,
    0.99,
)  # lower bounds of a hidden share, as a reader would round them
Mark = Literal["suppressed", "not_applicable", "unavailable", "low", "high"]


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

    def with_unit(self, unit: str = "%") -> str:
        """As pages write it: a number with its unit, or a symbol in brackets. A data
        file has `text`.
        """
        return f"{self.text}{unit}" if self.mark is None else f"[{self.text}]"

    def __str__(self) -> str:
        return self.with_unit("")


class Disclosure:
    """A profile applied. `hidden` counts the cells that it suppressed.

    `released` keeps what was released together, so that it is shown again as it was.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.hidden = 0
        self.released: dict[int, Any] = {}

    def counts(
        self,
        counts: Mapping[Key, int],
        sums: Sequence[Sum[Key]] = (),
        *,
        sensitive: Iterable[Key] = (),
        unpublished: Iterable[Key] = (),
        fixed: Iterable[Key] = (),
    ) -> dict[Key, Cell]:
        """Counts that are shown together, with the sums that tie them.

        Every table that shares a total belongs in one call; see
        quality.disclosure.secondary. Cells of `unpublished` keys are for `tied` of
        `percent` only; `fixed` ones are shown already.
        """
        hidden_keys = suppress(
            counts,
            sums,
            threshold=self.profile.threshold,
            zeros_are_sensitive=self.profile.zeros_are_sensitive,
            sensitive=sensitive,
            unpublished=unpublished,
            fixed=fixed,
        )
        return {
            key: self.marked("suppressed") if key in hidden_keys else self.rounded(n)
            for key, n in counts.items()
        }

    def release(
        self,
        counts: Mapping[tuple[str, ...], int],
        sums: Sequence[Sum[tuple[str, ...]]],
        *,
        unpublished: Sequence[tuple[str, ...]],
        fixed: Sequence[tuple[str, ...]] = (),
        sensitive: Sequence[tuple[str, ...]] = (),
        bases: Mapping[tuple[str, ...], tuple[str, ...]],
    ) -> tuple[dict[tuple[str, ...], Cell], dict[tuple[str, ...], Cell]]:
        """`counts`, and for parts that are hidden a lower bound of what their base has
        without them, in per cent.

        A bound depends on the base only, so that it is the same for every part below
        the threshold. It is shown where the part may still reach the threshold, and
        where an attacker who knows it recovers nothing more.

        Args:
            bases: by part, the count that it is part of.
        """
        cells = self.counts(
            counts, sums, unpublished=unpublished, fixed=fixed, sensitive=sensitive
        )
        hidden_keys = [key for key, cell in cells.items() if cell.mark == "suppressed"]
        levels = {
            key: ProtectionLevel(lower=self.profile.threshold)
            for key, n in counts.items()
            if self._small(n)
        }
        bounds: dict[tuple[str, ...], tuple[float, int]] = {}
        for part, base in bases.items():
            known = (
                (share, math.floor((1 - share) * counts[base] + 1e-9))
                for share in _BOUNDS
            )
            bound = next(
                (one for one in known if one[1] >= self.profile.threshold), None
            )
            if (
                bound
                and cells[part].mark == "suppressed"
                and cells[base].value
                and counts[part] <= bound[1]
            ):
                bounds[part] = bound
        while bounds:
            upper_bounds = {
                ("at most", *part): bound for part, (_, bound) in bounds.items()
            }
            rests = {
                ("below", *part): bound - counts[part]
                for part, (_, bound) in bounds.items()
            }
            ties = [
                Sum(("at most", *part), (part, ("below", *part))) for part in bounds
            ]
            attacker_bounds = exact_bounds(
                {**counts, **upper_bounds, **rests},
                [*sums, *ties],
                unpublished=[*unpublished, *rests],
                fixed=fixed,
            )
            if not disclosed(attacker_bounds, hidden_keys, levels):
                break
            bounds.popitem()
        return cells, {
            part: Cell(f"at least {100 * share:g}")
            for part, (share, _) in bounds.items()
        }

    def count(self, count: int | None) -> Cell:
        """A count that no shown sum ties to another."""
        return (
            self.marked("unavailable")
            if count is None
            else self.counts({"count": count})["count"]
        )

    def percent(
        self, part: int, of: int, *, tied: Iterable[Cell] = (), rare: bool = False
    ) -> Cell:
        """A percentage of a base. It is hidden where its base, its part or the rest is,
        and where a `tied` cell is.

        Args:
            tied: cells that, with this percentage, would disclose each other.
            rare: with as many places as accuracy has, where the last of them is at
                least the threshold.
        """
        rest = of - part
        if of == 0:
            return self.marked("not_applicable")
        if of < self.profile.least_percent_base or any(
            cell.mark == "suppressed" for cell in tied
        ):
            return self.marked("suppressed")
        places = self._places(of, rare)
        resolution = (
            0.5 * 10**-places / 100 * of
        )  # entities that a rounded 0 or 100 per cent may stand for
        text = f"{self._share(part, of):.{places}f}"
        if self._small(part) or self._small(rest):
            if resolution < self.profile.threshold or float(text) not in (0.0, 100.0):
                return self.marked("suppressed")
            return self.marked("low" if self._small(part) else "high")
        if (float(text) == 0.0 and part) or (float(text) == 100.0 and rest):
            return self.marked("low" if float(text) == 0.0 else "high")
        return Cell(text, float(text))

    def average(self, value: float, of: int, *, tied: Iterable[Cell] = ()) -> Cell:
        """A mean or median of money, hidden where its base is small or a `tied` cell is
        hidden.
        """
        if of == 0:
            return self.marked("not_applicable")
        if of < self.profile.least_average_base or any(
            cell.mark == "suppressed" for cell in tied
        ):
            return self.marked("suppressed")
        amount = (
            math.floor(value / self.profile.amounts_to + 0.5) * self.profile.amounts_to
        )
        return (
            Cell(f"{amount:,.0f}", float(amount))
            if amount or not value
            else self.marked("low")
        )

    def parameter(self, value: float | None, places: int = 2) -> Cell:
        """A probability or weight of a model, which is no count of people; a small one
        has three significant digits.

        Charts use it rounded: a u probability to all its digits discloses how many
        pairs and records there are.
        """
        if value is None:
            return self.marked("not_applicable")
        text = (
            f"{value:.{places}f}"
            if abs(value) >= 10 ** (1 - places)
            else f"{value:.3g}"
        )
        return Cell(text.replace("-", "−", 1) if value < 0 else text, float(text))

    def consistent_with(self, count: float, other: int) -> int:
        """A count shown with another of the same people: the other, where the two
        differ by few.
        """
        return other if abs(count - other) < self.profile.threshold else round(count)

    def spread(self, deviation: float | None, places: int | None = None) -> Cell:
        """The standard deviation of a figure, which is no count of people; with as many
        places as accuracy has by default.
        """
        if deviation is None:
            return self.marked("not_applicable")
        text = f"{deviation:.{self.profile.accuracy_places if places is None else places}f}"  # noqa: E501
        return (
            self.marked("low")
            if deviation and float(text) == 0
            else Cell(text, float(text))
        )

    def sampled(self, percent: Cell, base: Cell) -> tuple[Cell, Cell]:
        """Wilson's 95 % interval of a percentage, from the figures as they are shown.

        Bounds of the exact counts would disclose them: no two bases up to some 190
        people have the same.
        """
        if percent.value is None or not base.value:
            return self.derived(percent, base), self.derived(percent, base)
        interval = wilson(min(1.0, percent.value / 100) * base.value, round(base.value))
        places = len(percent.text.partition(".")[2])
        low, high = (
            f"{100 * (interval[bound] or 0.0):.{places}f}" for bound in ("low", "high")
        )
        return Cell(low, float(low)), Cell(high, float(high))

    def derived(self, *cells: Cell) -> Cell:
        """The mark of a figure calculated from cells that do not all show a number:
        hidden where one of them is.
        """
        marks = {cell.mark for cell in cells}
        if "suppressed" in marks:
            return self.marked("suppressed")
        return self.marked(
            "not_applicable"
            if "not_applicable" in marks or marks == {None}
            else "unavailable"
        )

    def share_of(self, part: Cell | None, rest: Cell | None) -> list[Cell]:
        """A share of error in per cent with Wilson's interval, from the counts that
        make up its base as they are shown.

        Args:
            part, rest: released together; None where there is no such count.
        """
        counts = self._numbers(part, rest)
        if isinstance(counts, Cell):
            return [counts] * 3
        share = wilson(counts[0], counts[0] + counts[1])
        return [self.accuracy(share), *self.interval(share)]

    def f1_of(self, *cells: Cell | None) -> list[Cell]:
        """F1 in per cent with its interval, from correct, false and missed as they are
        shown.
        """
        counts = self._numbers(*cells)
        if isinstance(counts, Cell):
            return [counts] * 3
        share = f1(*counts)
        return [self.accuracy(share), *self.interval(share)]

    def _numbers(self, *cells: Cell | None) -> list[int] | Cell:
        """Counts as they are shown, or why there are none; one that rounds to zero is
        zero.
        """
        marks = {cell.mark if cell else "not_applicable" for cell in cells}
        if marks <= {None, "low"}:
            return [round(cell.value or 0) for cell in cells if cell]
        return self.marked("suppressed" if "suppressed" in marks else "not_applicable")

    def accuracy(self, share: Share | None, *, pairs: int | None = None) -> Cell:
        """Precision, recall or F1 in per cent, shown where the base reaches the
        threshold.

        For shares of counts as they are shown (`share_of`), or that a review or
        probabilities estimate; never for exact counts, which value and interval would
        disclose.

        Args:
            pairs: how many pairs an estimate is based on, where they are fewer than its
                base.
        """
        return self._per_cent(share, "value", self.profile.accuracy_places, pairs)

    def interval(
        self, share: Share | None, *, pairs: int | None = None
    ) -> tuple[Cell, Cell]:
        """The bounds of the 95 % interval of such a share, under the same rule."""
        places = self.profile.accuracy_places
        return self._per_cent(share, "low", places, pairs), self._per_cent(
            share, "high", places, pairs
        )

    def marked(self, mark: Mark) -> Cell:
        """A cell that shows a symbol in place of a number."""
        if mark == "suppressed":
            self.hidden += 1
        return Cell(getattr(self.profile.symbols, mark), None, mark)

    def _per_cent(
        self,
        share: Share | None,
        bound: Literal["value", "low", "high"],
        places: int,
        pairs: int | None,
    ) -> Cell:
        value = share[bound] if share else None
        if share is None or value is None:
            return self.marked("not_applicable")
        base = share["of"] if pairs is None else min(pairs, share["of"])
        if base < self.profile.fewest:
            return self.marked("suppressed")
        # Cut, not rounded, when an error would vanish: 99.996 % is not 100.00 %.
        text = f"{value * 100:.{places}f}"
        if float(text) == 100.0 and value < 1:
            text = f"{math.floor(value * 100 * 10**places) / 10**places:.{places}f}"
        return Cell(text, float(text))

    def _places(self, of: int, rare: bool) -> int:
        """After the point of a percentage; a finer one would disclose the count where a
        step of it is few.
        """
        fewest, finer = self.profile.percent_places, self.profile.accuracy_places
        step = of / 10 ** (finer + 2)
        return (
            max(fewest, finer)
            if rare and step >= max(self.profile.threshold, self.profile.round_to)
            else fewest
        )

    def _share(self, part: int, of: int) -> float:
        if self.profile.percent_from == "rounded":
            return min(100.0, 100 * self._nearest(part) / self._nearest(of))
        return 100 * part / of

    def _small(self, count: int) -> bool:
        return (
            (0 if self.profile.zeros_are_sensitive else 1)
            <= count
            < self.profile.threshold
        )

    def _nearest(self, count: int) -> int:
        base = self.profile.round_to
        return (count + base // 2) // base * base

    def rounded(self, count: int) -> Cell:
        """A count as it is written where it may be shown."""
        nearest = self._nearest(count)
        if count > 0 and (nearest == 0 or count < self.profile.low_below):
            return self.marked("low")
        return Cell(f"{nearest:,}", float(nearest))
