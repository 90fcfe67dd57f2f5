"""Which counts of compared outcomes are not told: rules that no adding and subtracting undoes, at the cost of a sort.

National tables have hundreds of thousands of counts, too many for the programmes of quality.disclosure, so the tables
are cut so that they need none:

- Along a line (all institutions, or all categories of everybody) an outcome splits each known base in two. Whoever sees
  the rest knows of the hidden ones their bases and what they come to together, having the outcome and not having it.
  With both sums at the threshold or more, each hidden count may be anything from 0 to the threshold at least: the
  bounds of a table of two columns with known margins are the least of its margins (Frechet).
- An institution is told by a characteristic whole or not at all, and those that stand together never: so no line of
  such a table closes. What is left in each category has to be large enough to have moved to any hidden institution;
  where it is not, no institution is told by that characteristic.

- Earners lie within those in sustained employment, so that both together tell how many of these have no pay. A line
  splits a base in three then: earners, the unpaid, those not in sustained work. Where the hidden numbers of earners
  come to the threshold in earners and in unpaid, and the hidden shares of sustained work in all three, each may be
  anything again: what may move between the first two moves with shares as they are, and between the last two with
  earners as they are. Where few are unpaid in all, no number of earners is told, and quartiles alone are.
- Where no earner is in study, the unpaid are those in work and study, and the three numbers tell of four groups. Of
  those hidden, as many may move from earners to the unpaid as there are earners and people in study alone, and back as
  there are unpaid and people in neither: these come to the threshold too, or no number of earners is told. Where work
  or study is hidden as well, all three are hidden at the same places: an earner more at one whose work and study are
  told is one in study alone more there, whom places that tell their earners may not have to give. The four groups are
  a table with known margins then.
- An institution that tells its earners in all but not by category tells neither work nor study by category: earners are
  no more than those in work. Where nobody in work is without pay, no number of earners is told either.

All are judged by people: a person with two achievements is two members of a cohort. What adds up along a line are
people at one place each, which are no more than there are.

tests/quality/test_outcomes_hiding.py attacks what they leave by linear programmes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from quality.dashboard.outcomes.counting import (
    ALL,
    EVERYBODY,
    NEITHER,
    OTHERS,
    PAID_STUDY,
    STUDY_ONLY,
    UNPAID,
    Counted,
    Place,
)
from quality.dashboard.outcomes.members import OUTCOMES
from quality.disclosure import Profile

Key = tuple[str, Place]
"""A count of a place: matched, or an outcome, which is hidden together with its complement; or PAY."""

EARNERS, EMPLOYED, STUDY = "earners", "sustained_employment", "further_study"
Part = tuple[str, ...]
"""Groups of people of whom the fewest count."""
JUDGED = (*OUTCOMES, EARNERS)
PAY = "pay"
"""Quartiles: they are hidden where the number of earners is, unless that is hidden everywhere."""


def hidden_keys(group: Mapping[Place, Counted], profile: Profile) -> frozenset[Key]:
    """What is not told of the places of one definition and horizon."""
    judge = _Judge(group, profile)
    for by in dict.fromkeys(place.by for place in group):
        everybody = [place for place in group if place.by == by and place.institution == EVERYBODY]
        judge.line(everybody if by != ALL else [p for p in group if p.by == ALL and p.institution != EVERYBODY])
    judge.whole()
    rows: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in group:
        if place.by != ALL and place.institution != EVERYBODY:
            rows[place.by, place.institution].append(place)
    for by in dict.fromkeys(by for by, _ in rows):
        judge.table({institution: row for (b, institution), row in rows.items() if b == by})
    judge.quartiles()
    return frozenset(judge.hidden)


class _Judge:
    """Counts of one definition and horizon, and what is hidden of them."""

    def __init__(self, group: Mapping[Place, Counted], profile: Profile) -> None:
        self._group = group
        self._least = profile.threshold
        self._noughts = profile.zeros_are_sensitive
        self.hidden: set[Key] = set()
        self._has_lost_earners = False
        unpaid = [one.people[UNPAID] for place, one in group.items() if _is_whole(place)]
        self._has_unpaid = any(count >= self._least for count in unpaid)
        apart = any(
            one.people[STUDY] and not one.people[PAID_STUDY] for place, one in group.items() if _is_whole(place)
        )
        self._study_apart = self._has_unpaid and apart
        # Of nobody unpaid the numbers of earners say so, and then who is in neither is what work and study leave.
        self._few_unpaid = any(0 < count < self._least for count in unpaid) or (apart and not self._has_unpaid)

    def whole(self) -> None:
        """The totals of everybody: without them nothing can be told."""
        for place in filter(_is_whole, self._group):
            if self._is_small(self._people("matched", place)):
                self.hidden |= {(kind, other) for other in self._group for kind in ("matched", *JUDGED)}
            for outcome in JUDGED:
                if not self._may_be_told(outcome, place) or (outcome == EARNERS and self._has_lost_earners):
                    self.hidden |= {(outcome, other) for other in self._group}

    def quartiles(self) -> None:
        """Where few in all are unpaid, earners are told nowhere; their quartiles say that they reach the threshold."""
        whole = [place for place in self._group if _is_whole(place)]
        untold = {place for kind, place in self.hidden if kind == EARNERS}
        if not self._few_unpaid or any((EARNERS, place) in self.hidden for place in whole):
            self.hidden |= {(PAY, place) for place in untold}
            return
        self.hidden |= {(EARNERS, place) for place in self._group}
        for place in self._group:
            # As many again may be unpaid, for all that the quartiles tell.
            is_safe = self._people(EARNERS, place) >= self._least and self._people(EMPLOYED, place) >= 2 * self._least
            if not is_safe or (EMPLOYED, place) in self.hidden:
                self.hidden.add((PAY, place))

    def line(self, places: Sequence[Place]) -> None:
        """Places that add up to a total that is told: institutions, or the categories of everybody."""
        small = [place for place in places if self._is_small(self._people("matched", place))]
        bases = self._guarded(places, small, [("matched",)])
        self.hidden |= {(kind, place) for place in bases for kind in ("matched", *JUDGED)}
        for outcome in JUDGED:
            unsafe = [place for place in places if place in bases or not self._may_be_told(outcome, place)]
            parts, alone = self._parts(outcome), [(outcome,), (f"no_{outcome}",)]
            guarded = self._guarded(places, unsafe, parts)
            if parts != alone and guarded and not self._come_to_enough(guarded, parts):
                self._has_lost_earners = True  # all places together are too few for what earners tell beside the rest
                guarded = self._guarded(places, unsafe, alone)
            self.hidden |= {(outcome, place) for place in guarded}
        if self._study_apart:
            self._hide_alike(places)

    def _hide_alike(self, places: Sequence[Place]) -> None:
        """Earners hidden at some places and work or study at others: at all of these all three are hidden."""
        kinds = (EARNERS, EMPLOYED, STUDY)
        earners, *others = ({place for place in places if (kind, place) in self.hidden} for kind in kinds)
        if not earners or not any(others) or all(other == earners for other in others):
            return
        parts = [(EARNERS,), *(part for kind in kinds for part in self._parts(kind))]
        together = self._guarded(places, [p for p in places if p in earners.union(*others)], parts)
        if not self._come_to_enough(together, parts):
            self._has_lost_earners = True
        self.hidden |= {(kind, place) for place in together for kind in kinds}

    def table(self, rows: Mapping[str, Sequence[Place]]) -> None:
        """Institutions by one characteristic, each told whole or not at all."""
        rest = {place.category: place for place in rows.get(OTHERS, ())}
        self.hidden |= {(kind, place) for place in rest.values() for kind in ("matched", *JUDGED)}
        told = {institution: row for institution, row in rows.items() if institution != OTHERS}
        categories = {place.category for row in rows.values() for place in row}
        unpaid = {i for i, row in told.items() if self._tells_of_unpaid(row, categories)}
        for kind in ("matched", *JUDGED):
            safe = {i for i, row in told.items() if self._row_is_safe(kind, row, categories)}
            if kind in (EMPLOYED, STUDY):
                safe -= unpaid
            untold = [place for i, row in told.items() if i not in safe for place in row]
            if not self._may_have_moved(kind, untold, rest):
                # Bases alone would tell of an outcome, with its sums by institution and by category.
                self.hidden |= {(each, p) for row in told.values() for p in row for each in ("matched", *JUDGED)}
                return
            self.hidden |= {
                (each, p) for p in untold for each in (("matched", *JUDGED) if kind == "matched" else (kind,))
            }

    def _tells_of_unpaid(self, row: Sequence[Place], categories: set[str]) -> bool:
        """Whether an institution tells its earners in all and not by category.

        Earners are no more than those in sustained work, so that those of one category tell how many the others have
        at least, and so how few of these are unpaid, or in neither work nor study.
        """
        whole = Place(row[0].definition, row[0].years_after, ALL, row[0].institution, "")
        return (
            self._has_unpaid and (EARNERS, whole) not in self.hidden and not self._row_is_safe(EARNERS, row, categories)
        )

    def _row_is_safe(self, kind: str, row: Sequence[Place], categories: set[str]) -> bool:
        whole = Place(row[0].definition, row[0].years_after, ALL, row[0].institution, "")
        if ("matched", whole) in self.hidden or (kind, whole) in self.hidden:
            return False
        if self._noughts and len(row) < len(categories):
            return False
        if kind == "matched":
            return not any(self._is_small(self._people(kind, place)) for place in row)
        return all(("matched", place) not in self.hidden and self._may_be_told(kind, place) for place in row)

    def _may_have_moved(self, kind: str, unsafe: Iterable[Place], rest: Mapping[str, Place]) -> bool:
        """Whether what the told institutions leave of each category is no small count, and enough for the untold."""
        parts = self._parts(kind)
        if any(self._is_small(self._people(one, place)) for place in rest.values() for part in parts for one in part):
            return False
        for category in {place.category for place in unsafe}:
            if (
                category not in rest
                or min(self._people(one, rest[category]) for part in parts for one in part) < self._least
            ):
                return False
        return True

    def _parts(self, kind: str) -> list[Part]:
        """What a count splits its base into, of which no small number may be told."""
        if kind == "matched":
            return [("matched",)]
        if self._study_apart and kind == EARNERS:
            return [(EARNERS, STUDY_ONLY), (UNPAID, NEITHER)]
        if self._study_apart and kind in (EMPLOYED, STUDY):
            return [(kind,), (f"no_{kind}",), (UNPAID,), (STUDY_ONLY,), (NEITHER,)]
        of_three = self._has_unpaid and kind in (EARNERS, EMPLOYED)
        return [(kind,), (f"no_{kind}",), *([(UNPAID,)] if of_three else [])]

    def _guarded(self, places: Sequence[Place], unsafe: Sequence[Place], parts: Sequence[Part]) -> set[Place]:
        """The unsafe, and the smallest others until two at least are hidden that come to the threshold together."""
        hidden = set(unsafe)
        if not hidden:
            return hidden
        shown = sorted((p for p in places if p not in hidden), key=lambda p: (self._matched(p), p), reverse=True)
        while shown and (len(hidden) < 2 or not self._come_to_enough(hidden, parts)):
            hidden.add(shown.pop())
        return hidden

    def _come_to_enough(self, places: Collection[Place], parts: Sequence[Part]) -> bool:
        return all(self._together(part, places) >= self._least for part in parts)

    def _together(self, part: Part, places: Iterable[Place]) -> int:
        """People at these places together, at least."""
        return sum(min(self._group[place].once[one] for one in part) for place in places)

    def _people(self, part: str, place: Place) -> int:
        return self._group[place].people[part]

    def _matched(self, place: Place) -> int:
        return self._group[place].counts["matched"]

    def _is_small(self, count: int) -> bool:
        return (0 if self._noughts else 1) <= count < self._least

    def _may_be_told(self, outcome: str, place: Place) -> bool:
        """Whether a count and its complement may be told; and of earners whom they leave of those in sustained work."""
        if outcome != EARNERS or not self._has_unpaid:
            return self._splits(place, outcome)
        told_by: dict[str, Part] = {UNPAID: (EMPLOYED,)}
        if self._study_apart:
            told_by |= {STUDY_ONLY: (EMPLOYED, STUDY), NEITHER: (STUDY,)}
        told = [one for one, by in told_by.items() if not any((kind, place) in self.hidden for kind in by)]
        return self._splits(place, outcome) and not any(self._is_small(self._people(one, place)) for one in told)

    def _splits(self, place: Place, outcome: str) -> bool:
        """Whether those who have the outcome and those who lack it may both be told."""
        return not any(self._is_small(self._people(part, place)) for part in (outcome, f"no_{outcome}"))


def _is_whole(place: Place) -> bool:
    return place.by == ALL and place.institution == EVERYBODY
