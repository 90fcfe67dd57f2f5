"""What the people are called: forenames by cohort, how concentrated they are, surnames by origin."""

from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.population import charts
from quality.population.counting import Counts, Rows
from quality.population.drawing import figure
from quality.population.people import SEXES, words
from quality.report.page import Block, Fold, Section, Table, Text


def naming_section(counts: Counts, d: Disclosure) -> Section:
    """Forenames and surnames. A name that few have is not shown."""
    blocks: list[Block] = [
        Text(
            "Forenames are drawn by year of birth and sex, as births were registered; surnames by origin group. Names "
            "that come often are what makes linking hard: two people who share a name and a birth date are told apart "
            "by other things alone."
        ),
        *(_forenames(counts.forenames, sex, d) for sex in SEXES),
        *_concentration(counts, d),
        Fold("The most common surnames of each origin group", [_surnames(counts, d)]),
    ]
    return Section("names", "Names", blocks)


def _forenames(found: Rows, sex: str, d: Disclosure) -> Table:
    named: dict[int, list[str]] = {}
    for row in found:
        if row["sex"] == sex and d.count(int(row["people"])).mark is None:
            named.setdefault(int(row["cohort"]), []).append(str(row["name"]))
    full = {cohort: names for cohort, names in sorted(named.items()) if len(names) >= 5}
    most = max((len(names) for names in full.values()), default=0)
    rows: list[list[str | Cell]] = [
        [str(place + 1), *(names[place] if place < len(names) else "" for names in full.values())]
        for place in range(most)
    ]
    return Table(
        f"The most common forenames by years of birth: {'girls' if sex == 'Female' else 'boys'}",
        ["Rank", *(f"{cohort} to {cohort + 4}" for cohort in full)],
        rows,
    )


def _concentration(counts: Counts, d: Disclosure) -> list[Block]:
    """The share of a year's births with one of its ten most common names, by five years."""
    grouped: dict[tuple[int, str], list[int]] = {}
    for row in counts.concentration:
        sums = grouped.setdefault((int(row["year"]) // 5 * 5, str(row["sex"])), [0, 0])
        sums[0] += int(row["people"])
        sums[1] += int(row["births"])
    shares = {key: d.percent(part, of) for key, (part, of) in grouped.items() if of >= 1_000}
    values: list[dict[str, Any]] = [
        {"at": cohort, "group": sex, "value": cell.value}
        for (cohort, sex), cell in sorted(shares.items())
        if cell.value is not None
    ]
    cohorts = sorted({cohort for cohort, _ in shares})
    if len(cohorts) < 2:
        return []
    unknown = d.marked("unavailable")
    rows: list[list[str | Cell]] = [
        [f"{cohort} to {cohort + 4}", *(shares.get((cohort, sex), unknown) for sex in SEXES)] for cohort in cohorts
    ]
    return [
        figure(
            "concentration",
            "How many share the ten most common forenames of their year",
            "Parents choose ever more different names, so that younger cohorts are easier to tell apart.",
            lambda width: charts.lines(
                values, width, x="Born in the five years from", y="Share of births, %", form="~f", colours=charts.SEXES
            ),
            Table("Share of births with one of the year's ten most common forenames, %", ["Born", *SEXES], rows),
        )
    ]


def _surnames(counts: Counts, d: Disclosure) -> Table:
    named: dict[str, list[str]] = {}
    for row in counts.surnames:
        if d.count(int(row["people"])).mark is None:
            named.setdefault(str(row["origin"]), []).append(str(row["name"]))
    rows: list[list[str | Cell]] = [[words(origin), ", ".join(names)] for origin, names in sorted(named.items())]
    return Table("The most common surnames", ["Origin group", "Surnames, the most common first"], rows)
