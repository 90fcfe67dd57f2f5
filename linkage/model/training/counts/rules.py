"""Which blocks EM learns from, by how many pairs agree on which columns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from linkage.engine import Engine, columns, quote, rows
from linkage.errors import NothingToTrainOnError
from linkage.model.comparisons import OF_WORD
from linkage.model.conditions import conjuncts
from linkage.model.sampling import Side, below
from linkage.model.splink_json import GIVE_A_MODEL, Comparison, Level, Model, sided_columns
from linkage.model.training.counts.patterns import Layout

COUNTED_ROWS = 40_000
"""Units of each side among whom agreements are counted: 3.6 billion pairs."""

# Columns that a person does not share with the rest of a household. A block without any of them would show EM brothers
# and sisters, who agree on surname and address, as matches.
NUMBERS = {"nino", "uln", "upn", "husid", "social_security_number", "health_number", "national_number"}
HOUSE_NUMBER = "house_number"
"""The field of the number of a house, where records are of houses: its neighbours have the rest of its address."""
PERSONAL = NUMBERS | {"forename", "middle_names", "dob", "email", "organisation", HOUSE_NUMBER}
HOME = frozenset({"address", "address_2", "postcode", "town", "county"})
"""Fields that go by where somebody lives."""
_PERSONS = PERSONAL - {"organisation", "email", HOUSE_NUMBER} | {"surname"}  # columns of files that are of people
# Pairs a unit that a block may make: EM needs matches to be about 1 % of them or more (Splink's advice), and manages
# with fewer where nothing purer leaves a comparison free.
_PURE_PAIRS, _MOST_PAIRS = 40, 400
_MOST_PAIRS_OF_THINGS = 4_000  # of things, whose names tell most of them apart
# A column tells persons of one name apart where at most one pair in ten shares it, and namesakes no more than twice as
# often as chance would have it.
_COMMON, _BY_CHANCE = 0.1, 2.0
# Pairs of one file that share middle names and surname beyond chance are families where there are so many times as many
# as share forename and surname, and these count as ten at least.
_FAMILIES, _FEWEST = 3.0, 10

# Pairs that agree on a column that is one person's, and the share of them that are within a file.
_FEWEST_PAIRS, _HARDLY = 30, 0.05
_INITIALS = 0.05  # of pairs share a middle name, where it is an initial
_BEYOND_CHANCE = 3.0  # standard deviations of the pairs that chance lets agree on two columns


@dataclass(frozen=True)
class Agreement:
    """Columns that records may agree on, and how many pairs do: what a run of EM may block on."""

    columns: tuple[str, ...]
    pairs: int  # of both sides
    complete: float  # share of both sides' units that have all the columns
    strangers: tuple[int, int]  # pairs within the left file, within the right one
    seen: int = 0  # pairs that the count saw, of which `pairs` is the projection
    known: int = 0  # pairs that the count saw with the columns known on both sides
    known_share: float = 1.0  # of the pairs, those with the columns known on both sides
    lenient: bool = False  # it says something of comparisons some levels of which read what is blocked on

    @property
    def chance(self) -> float:
        """Share of the pairs with the columns known that agree."""
        return self.seen / max(self.known, 1)

    def leaves_free(self, comparison: Comparison) -> bool:
        """Whether a run of EM on this block says anything of a comparison: not where it reads what is blocked on."""
        read = own_columns(comparison) if self.lenient else comparison.columns
        return not set(read) & set(self.columns)

    def tells(self, level: Level) -> bool:
        """Whether it says anything of a level: not where that reads what is blocked on, though others do not; but who
        has one rarest word has no word of few for that."""
        read = set(sided_columns(level.condition)) if self.lenient and level.condition else set()
        return not {column for column in read & set(self.columns) if not column.endswith(OF_WORD)}


def own_columns(comparison: Comparison) -> set[str]:
    """The columns that a comparison is about: those that its first graded level reads (forename, of which a further
    level asks whether it stands in the surname's place)."""
    first = next(level for level in comparison.levels if level.value >= 0)
    return set(sided_columns(first.condition)) if first.condition else set(comparison.columns)


def exact_levels(layout: Layout) -> dict[str, int]:
    """Each column that a level only says to be equal, and the number of the first such level."""
    found: dict[str, int] = {}
    for number, level in enumerate(layout.levels):
        comparison = layout.model.comparisons[layout.owner[number]]
        plain = (level.condition or "").replace('"', "").replace(" ", "").lower()
        for column in comparison.columns:
            if plain in (f"{column}_l={column}_r".lower(), f"{column}_r={column}_l".lower()):
                found.setdefault(column, number)
    return found


def key_levels(layout: Layout) -> dict[str, tuple[int, ...]]:
    """Each column that may be blocked on, and the numbers of the levels at which it is equal: its exact level, and of
    the rarest word of a text each level that asks for it, and that of equal texts."""
    exact = exact_levels(layout)
    found: dict[str, tuple[int, ...]] = {column: (number,) for column, number in exact.items()}
    for number, level in enumerate(layout.levels):
        if not level.condition or f"{OF_WORD}_l" not in level.condition:
            continue
        for term in conjuncts(level.condition):
            if isinstance(term, exp.EQ) and term.left.name.endswith(f"{OF_WORD}_l"):
                column = term.left.name.removesuffix("_l")
                whole = exact.get(column.removesuffix(OF_WORD))
                found[column] = (*found.get(column, () if whole is None else (whole,)), number)
    return found


def training_rules(model: Model, counted: Sequence[Agreement], sides: Sequence[Side]) -> list[Agreement]:
    """The blocks to learn from: few enough pairs that matches are not lost in them, and no column in all rules.

    Raises:
        NothingToTrainOnError: nothing to block on makes pairs.
    """
    smaller = min(side.units for side in sides)
    chance = {agreement.columns[0]: agreement.chance for agreement in counted if len(agreement.columns) == 1}
    personal = PERSONAL - _of_families(counted) - _common_to_many(counted)
    of_things = not _PERSONS & {column for comparison in model.comparisons for column in comparison.columns}
    candidates = _fit(smaller, [c for c in counted if personal & set(c.columns)] or counted)
    if of_things and not candidates:  # hardly any name is written in one way in both files
        candidates = _fit(smaller, counted)
    if not candidates:
        raise NothingToTrainOnError(
            f"nothing to train on: no column or pair of columns makes between 0.02 and {_MOST_PAIRS} pairs a unit\n"
            f"  {GIVE_A_MODEL}, or map more columns"
        )
    chosen, waiting = _chosen(candidates, set(model.comparisons), chance)
    if waiting:
        added, waiting = _chosen(_fit(smaller, _of_one_each(counted)), waiting, chance)
        chosen += added
    if waiting:
        # Names that may stand in each other's place read each other: without a birth date every block that shows
        # persons is on one of them. It says all of the other but how often they stand so.
        personal |= _of_persons(counted, sides)
        more = [replace(c, lenient=True) for c in counted if personal & set(c.columns)]
        added, waiting = _chosen(_fit(smaller, more), waiting, chance)
        chosen += added
    if of_things:  # of the houses of a street hardly two are one
        waiting = {comparison for comparison in waiting if HOUSE_NUMBER not in comparison.columns}
    if waiting and of_things:
        # Companies have no households: those at one address are one or have other names.
        added, waiting = _chosen(_fit(smaller, counted), waiting, chance)
        chosen += added
        if waiting:  # of shops with a name and a town the town alone is left to block on, the larger the files
            added, waiting = _chosen(_fit(smaller, counted, _MOST_PAIRS_OF_THINGS), waiting, chance)
            chosen += added
        if waiting:  # of a product with a title and a price, the title by its rarest word: how rare that is tells much
            more = [replace(c, lenient=True) for c in counted if len(c.columns) == 1 and c.columns[0].endswith(OF_WORD)]
            chosen += _chosen(_fit(smaller, more), waiting, chance)[0]
    return chosen


def _fit(smaller: int, rules: Sequence[Agreement], most: int = _MOST_PAIRS) -> list[tuple[Agreement, bool]]:
    """Rules that make neither too few pairs nor too many, and whether they make so many that matches are rare."""
    fit = []
    for rule in rules:
        known = max(smaller * rule.complete, 1.0)
        if max(0.02 * known, _FEWEST_PAIRS) <= rule.pairs <= most * known:
            fit.append((rule, rule.pairs / known > _PURE_PAIRS))
    return fit


def _chosen(
    candidates: Sequence[tuple[Agreement, bool]], waiting: set[Comparison], chance: Mapping[str, float]
) -> tuple[list[Agreement], set[Comparison]]:
    """Rules by which each comparison is left free at least once, and the comparisons that none leaves free.

    A run of EM says nothing of a comparison that reads what it blocks on, so several runs share the work.
    """
    chosen: list[Agreement] = []
    while waiting and candidates:
        rule, _ = min(
            candidates,
            key=lambda c: (
                -_freed(waiting, c[0]),
                _is_chance(c[0], chance),
                -round(c[0].complete, 1),
                c[1],
                c[0].pairs,
            ),
        )
        if not _freed(waiting, rule):
            break
        chosen.append(rule)
        waiting = {comparison for comparison in waiting if not rule.leaves_free(comparison)}
    return chosen, waiting


def _is_chance(rule: Agreement, chance: Mapping[str, float]) -> bool:
    """Whether as many pairs agree on two columns as when these had nothing to do with each other: no match is seen."""
    if len(rule.columns) == 1:
        return False
    expected = rule.known * math.prod(chance[column] for column in rule.columns)
    return rule.seen - expected <= _BEYOND_CHANCE * math.sqrt(expected)


def _common_to_many(counted: Sequence[Agreement]) -> set[str]:
    """Middle names that are initials, or one of few words: who shares them is hardly the likelier a match."""
    return {
        "middle_names"
        for agreement in counted
        if agreement.columns == ("middle_names",) and agreement.chance > _INITIALS
    }


def _of_one_each(counted: Sequence[Agreement]) -> list[Agreement]:
    """Columns that hardly two of a file share, and many across the files: telephones and numbers of their own, and no
    homes, where the one file may have the husband and the other his wife."""
    return [
        agreement
        for agreement in counted
        if len(agreement.columns) == 1
        and agreement.columns[0] not in HOME
        and agreement.pairs >= _FEWEST_PAIRS
        and sum(agreement.strangers) <= _HARDLY * agreement.pairs
    ]


def _of_persons(counted: Sequence[Agreement], sides: Sequence[Side]) -> set[str]:
    """Columns that namesakes share no more often than others do, and few do: an age, and no address.

    People of one surname are often of one household. What a household shares, pairs within a file share far more often
    when they share the surname too.
    """
    within = {frozenset(agreement.columns): sum(agreement.strangers) for agreement in counted}
    pairs = sum(side.units * (side.units - 1) / 2 for side in sides)
    namesakes = within.get(frozenset({"surname"}), 0)
    found = set()
    for agreement in counted:
        (column, *more) = agreement.columns
        alike = within[frozenset(agreement.columns)]
        if more or column == "surname" or agreement.chance > _COMMON or not alike * namesakes:
            continue
        both = within.get(frozenset({column, "surname"}), 0)
        if both * pairs <= _BY_CHANCE * alike * namesakes:
            found.add(column)
    return found


def _of_families(counted: Sequence[Agreement]) -> set[str]:
    """Middle names, where brothers and sisters have the same ones: their mother's surname, in Portugal.

    Within a file they agree on these and the surname beyond chance, and on the forename they do not. Who is in it twice
    agrees on both.
    """
    held = {agreement.columns: agreement for agreement in counted}
    beyond = {}
    for column in ("forename", "middle_names"):
        alone, surname = held.get((column,)), held.get(("surname",))
        both = held.get((column, "surname")) or held.get(("surname", column))
        if alone is None or surname is None or both is None:
            return set()
        beyond[column] = sum(both.strangers) - alone.chance * sum(surname.strangers)
    return {"middle_names"} if beyond["middle_names"] > _FAMILIES * max(beyond["forename"], _FEWEST) else set()


def _freed(waiting: set[Comparison], rule: Agreement) -> int:
    return sum(rule.leaves_free(comparison) for comparison in waiting)


def agreements(engine: Engine, layout: Layout, sides: Sequence[Side]) -> list[Agreement]:
    """How many pairs agree on each column that may be blocked on, and on each two: counted on samples.

    Counts of values tell it, so that a column's share is known from billions of pairs, none of which is made.
    """
    exact = list(key_levels(layout))
    sets = [(a,) for a in exact] + [(a, b) for i, a in enumerate(exact) for b in exact[i + 1 :]]
    if not sets:
        return []
    left, right = counted_slices(sides)
    found = engine.sql(
        f"with left_units as {left}, right_units as {right}\n"
        + "\nunion all\n".join(_count(n, names) for n, names in enumerate(sets)),
        left_sample=sides[0].sample,
        right_sample=sides[1].sample,
    )
    return [
        _projected(sets[row["place"]], row, [side.units for side in sides], _counted_shares(sides))
        for row in sorted(rows(engine, found), key=lambda row: int(row["place"]))
    ]


def counted_slices(sides: Sequence[Side]) -> tuple[str, str]:
    """SQL of the units of both sides among whom agreements are counted; reads {left_sample} and {right_sample}."""
    left, right = map(below, _counted_shares(sides))
    return (
        f"(select * from {{left_sample}} where slot < {left})",
        f"(select * from {{right_sample}} where slot < {right})",
    )


def _counted_shares(sides: Sequence[Side]) -> list[float]:
    return [min(side.share, COUNTED_ROWS / max(side.units, 1)) for side in sides]


def _count(place: int, names: Sequence[str]) -> str:
    listed = columns(names)
    known = " and ".join(f"{quote(name)} is not null" for name in names)
    left, right = (
        f"(select {listed}, count(*) as units from {side}_units where {known} group by {listed})"
        for side in ("left", "right")
    )
    return f"""
    select {place} as place, coalesce(sum(l.units * r.units), 0) as pairs,
           coalesce(sum(l.units), 0) as known_left, coalesce(sum(r.units), 0) as known_right,
           coalesce(sum(l.units * (l.units - 1)), 0) as within_left,
           coalesce(sum(r.units * (r.units - 1)), 0) as within_right
    from {left} as l full join {right} as r using ({listed})
    """


def _projected(names: tuple[str, ...], row: dict[str, int], units: Sequence[int], shares: Sequence[float]) -> Agreement:
    seen, left, right = int(row["pairs"]), int(row["known_left"]), int(row["known_right"])
    sizes = [max(n * share, 1.0) for n, share in zip(units, shares, strict=True)]
    return Agreement(
        columns=names,
        pairs=round(seen / (shares[0] * shares[1])),
        complete=min(left / sizes[0], right / sizes[1], 1.0),
        strangers=(
            round(int(row["within_left"]) / 2 / shares[0] ** 2),
            round(int(row["within_right"]) / 2 / shares[1] ** 2),
        ),
        seen=seen,
        known=left * right,
        known_share=min(left * right / (sizes[0] * sizes[1]), 1.0),
    )
