"""What may be shown of counted outcomes: every figure of a cohort and horizon judged together, then written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quality.disclosure import Cell, Disclosure
from quality.outcomes.counting import ALL, EVERYBODY, QUARTILES, Counted, Place
from quality.outcomes.hiding import Key, hidden_keys
from quality.outcomes.members import OUTCOMES
from quality.outcomes.uncertainty import Bounds, of_both, of_links, of_median, of_share


@dataclass(frozen=True)
class Estimate:
    """A figure that may be shown, with what is in doubt about it; intervals only where it is a number."""

    cell: Cell
    sampling: tuple[Cell, Cell] | None = None
    links: tuple[Cell, Cell] | None = None
    both: tuple[Cell, Cell] | None = None


@dataclass(frozen=True)
class Released:
    """What may be shown of a place."""

    place: Place
    matched: Cell
    earners: Cell
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Whether any figure of it is a number."""
        return any(estimate.cell.value is not None for estimate in self.estimates.values())


def released(counted: Mapping[Place, Counted], d: Disclosure) -> list[Released]:
    """What may be shown of each place, in the order of `counted`; without those that are not told of at all.

    A share tells its count, so an outcome is hidden where its count may not be told (quality.outcomes.hiding).
    """
    groups: dict[tuple[str, int], dict[Place, Counted]] = defaultdict(dict)
    for place, found in counted.items():
        groups[place.definition, place.years_after][place] = found
    shown: dict[Place, Released] = {}
    for group in groups.values():
        hidden = hidden_keys(group, d.profile)
        shown |= {
            place: _shown(place, found, hidden, d) for place, found in group.items() if not _is_untold(place, hidden)
        }
    return [shown[place] for place in counted if place in shown]


def _is_untold(place: Place, hidden: frozenset[Key]) -> bool:
    """Whether an institution is not told by a characteristic: that it has people of a category is not told either."""
    return place.by != ALL and place.institution != EVERYBODY and ("matched", place) in hidden


def _shown(place: Place, found: Counted, hidden: frozenset[Key], d: Disclosure) -> Released:
    counts = found.counts
    suppressed = d.marked("suppressed")

    def count(kind: str) -> Cell:
        base_is_hidden = ("matched", place) in hidden or (kind, place) in hidden
        return suppressed if base_is_hidden else d.rounded(counts[kind])

    matched = count("matched")
    earners = count("earners")
    estimates = {}
    for outcome in OUTCOMES:
        tied = [suppressed] if (outcome, place) in hidden else [matched]
        cell = d.percent(counts[outcome], counts["matched"], tied=tied)
        estimates[outcome] = _share(cell, matched, found.drawn.get(outcome, ()), d)
    quartiles = {
        name: d.average(found.quartiles.get(name, 0.0), counts["earners"], tied=[earners]) for name in QUARTILES
    }
    for name, cell in quartiles.items():
        estimates[name] = _amount(name, quartiles, cell, earners, found.drawn.get(name, ()), d)
    return Released(place, matched, earners, estimates)


def _share(cell: Cell, base: Cell, drawn: Sequence[float], d: Disclosure) -> Estimate:
    if cell.value is None or not base.value:
        return Estimate(cell)
    places = d.profile.percent_places

    def cells(bounds: Bounds | None) -> tuple[Cell, Cell] | None:
        if bounds is None:
            return None
        kept = [min(100.0, max(0.0, value)) for value in (bounds.low, bounds.high)]
        return (_number(kept[0], places), _number(kept[1], places))

    percents = [100 * share for share in drawn]
    sampling = of_share(cell.value, base.value)
    return Estimate(cell, cells(sampling), cells(of_links(percents)), cells(of_both(percents, cell.value, sampling)))


def _amount(
    name: str, quartiles: Mapping[str, Cell], cell: Cell, base: Cell, drawn: Sequence[float], d: Disclosure
) -> Estimate:
    if cell.value is None or not base.value:
        return Estimate(cell)
    step = d.profile.amounts_to

    def cells(bounds: Bounds | None) -> tuple[Cell, Cell] | None:
        if bounds is None:
            return None
        low, high = (max(0.0, round(value / step) * step) for value in (bounds.low, bounds.high))
        return (_number(low, 0), _number(high, 0))

    links = cells(of_links(drawn))
    lower, upper = quartiles["lower_quartile"].value, quartiles["upper_quartile"].value
    if name != "median" or lower is None or upper is None:
        return Estimate(cell, links=links)
    sampling = of_median(lower, cell.value, upper, base.value)
    return Estimate(cell, cells(sampling), links, cells(of_both(drawn, cell.value, sampling)))


def _number(value: float, places: int) -> Cell:
    return Cell(f"{value:,.{places}f}", round(value, places))
