"""What may be shown of counted outcomes: every figure of a cohort and horizon judged together, then written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quality.dashboard.outcomes.counting import ALL, EVERYBODY, QUARTILES, SEVERAL, Counted, Place
from quality.dashboard.outcomes.hiding import EARNERS, EMPLOYED, PAY, Key, hidden_keys
from quality.dashboard.outcomes.members import OUTCOMES
from quality.dashboard.outcomes.uncertainty import Bounds, of_both, of_links, of_median, of_share
from quality.disclosure import Cell, Disclosure, Profile


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

    A share tells its count, so an outcome is hidden where its count may not be told (quality.dashboard.outcomes.hiding).
    """
    groups: dict[tuple[str, int], dict[Place, Counted]] = defaultdict(dict)
    for place, found in counted.items():
        groups[place.definition, place.years_after][place] = found
    shown: dict[Place, Released] = {}
    for group in groups.values():
        hidden = hidden_keys(group, d.profile)
        apart = {kind: _people_per_member(group, kind, d.profile) for kind in ("matched", EARNERS)}
        shown |= {
            place: _shown(place, found, hidden, apart, d)
            for place, found in group.items()
            if not _is_untold(place, hidden)
        }
    return [shown[place] for place in counted if place in shown]


def _is_untold(place: Place, hidden: frozenset[Key]) -> bool:
    """Whether an institution is not told by a characteristic: that it has people of a category is not told either."""
    return place.by != ALL and place.institution != EVERYBODY and ("matched", place) in hidden


def few_have_several(found: Counted, kind: str, profile: Profile) -> bool:
    """Whether members and people together would tell of a few who have several achievements."""
    return 0 < found.people[SEVERAL[kind]] < profile.threshold


def _people_per_member(group: Mapping[Place, Counted], kind: str, profile: Profile) -> float:
    """Of everybody: an interval takes so many people for each member, as what becomes of one person comes out alike.

    Where few have several it takes one: how wide intervals are would say how many there are.
    """
    for place, found in group.items():
        if place.by == ALL and place.institution == EVERYBODY and found.counts[kind]:
            return 1.0 if few_have_several(found, kind, profile) else found.people[kind] / found.counts[kind]
    return 1.0


def _shown(place: Place, found: Counted, hidden: frozenset[Key], apart: Mapping[str, float], d: Disclosure) -> Released:
    counts, people = found.counts, found.people
    suppressed = d.marked("suppressed")

    def count(kind: str) -> Cell:
        if ("matched", place) in hidden:
            return suppressed
        # Of nobody nobody earns, as all can see: that is not hidden.
        return suppressed if (kind, place) in hidden and counts["matched"] else d.rounded(counts[kind])

    matched = count("matched")
    earners = count(EARNERS)
    too_few = [suppressed] if people["matched"] < d.profile.least_percent_base else []
    estimates = {}
    for outcome in OUTCOMES:
        tied = [suppressed] if (outcome, place) in hidden else [matched, *too_few]
        cell = d.percent(counts[outcome], counts["matched"], tied=tied)
        estimates[outcome] = _share(cell, (matched.value or 0.0) * apart["matched"], found.drawn.get(outcome, ()), d)
    tied = [suppressed] if (PAY, place) in hidden or ("matched", place) in hidden else []
    quartiles = {name: d.average(found.quartiles.get(name, 0.0), people[EARNERS], tied=tied) for name in QUARTILES}
    base = earners.value
    if base is None:  # about as many are in sustained work; what is shown of these tells no more
        base = (matched.value or 0.0) * (estimates[EMPLOYED].cell.value or 0.0) / 100
    for name, cell in quartiles.items():
        estimates[name] = _amount(name, quartiles, cell, base * apart[EARNERS], found.drawn.get(name, ()), d)
    return Released(place, matched, earners, estimates)


def _share(cell: Cell, base: float, drawn: Sequence[float], d: Disclosure) -> Estimate:
    """With its intervals, of so many people as are shown."""
    if cell.value is None or not base:
        return Estimate(cell)
    places = d.profile.percent_places

    def cells(bounds: Bounds | None) -> tuple[Cell, Cell] | None:
        if bounds is None:
            return None
        kept = [min(100.0, max(0.0, value)) for value in (bounds.low, bounds.high)]
        return (_number(kept[0], places), _number(kept[1], places))

    percents = [100 * share for share in drawn]
    sampling = of_share(cell.value, base)
    return Estimate(cell, cells(sampling), cells(of_links(percents)), cells(of_both(percents, cell.value, sampling)))


def _amount(
    name: str, quartiles: Mapping[str, Cell], cell: Cell, base: float, drawn: Sequence[float], d: Disclosure
) -> Estimate:
    if cell.value is None or not base:
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
    sampling = of_median(lower, cell.value, upper, base)
    return Estimate(cell, cells(sampling), links, cells(of_both(drawn, cell.value, sampling)))


def _number(value: float, places: int) -> Cell:
    return Cell(f"{value:,.{places}f}", round(value, places))
