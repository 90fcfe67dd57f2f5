"""The pages and tables of compared outcomes: a folder that is read without a network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from linkage import __version__
from linkage.catalogue import Catalogue
from linkage.engine import Engine
from quality.dashboard.outcomes.counting import (
    ALL,
    EVERYBODY,
    NOT_FOLLOWED,
    OTHERS,
    OUTSIDE,
    UNMATCHED,
    Counted,
    Place,
    breakdowns,
    count,
)
from quality.dashboard.outcomes.members import Inputs, members
from quality.dashboard.outcomes.release import Released, few_have_several, released
from quality.dashboard.outcomes.rules import Compared
from quality.dashboard.outcomes.showing import MEASURES, Names, csv_rows, figure_of
from quality.disclosure import Cell, Disclosure, Profile
from quality.report.document import environment, report_style, template_text
from quality.report.folder import check_room, write_folder
from quality.report.page import Block, Section, Table, Terms, Text

_MARK = "leo-outcomes.json"


@dataclass(frozen=True)
class Site:
    """What was written.

    Attributes:
        told: places with a figure that may be shown.
        silent: places of which nothing may be shown.
    """

    index: Path
    pages: int
    told: int
    silent: int
    bytes: int


def check_out(out: Path) -> None:
    """See that pages may be written to a folder: new, empty, or of an earlier comparison.

    Raises:
        InputError: the folder holds something else.
    """
    check_room(out, _MARK, "comparison of outcomes")


def write_site(
    engine: Engine,
    inputs: Inputs,
    rules: Compared,
    catalogue: Catalogue,
    profile: Profile,
    out: Path,
    *,
    run: str,
    years: int | None = None,
    pseudonym: Callable[[str, str], str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Site:
    """Count, release and write: index.html, a page for each cohort and breakdown, a CSV for each cohort.

    Args:
        out: new, empty, or of an earlier comparison, whose files are replaced.
        pseudonym: kind and code of an institution to how it is called; None where codes may be shown.

    Raises:
        InputError: the folder holds something else.
    """
    d, names = Disclosure(profile), Names(rules, pseudonym)
    check_out(out)
    rows = members(engine, inputs, rules, catalogue, years=years)
    tell("counting members by years after")
    counted = count(engine, rows, rules, threshold=profile.threshold, draws=inputs.draws)
    tell(f"looking at {len(counted):,} groups for what may be shown")
    found = released(counted, d)
    tell("writing pages")
    files = _pages(found, counted, names, d, inputs, run=run, years=years)
    for definition in dict.fromkeys(one.place.definition for one in found):
        files[f"{definition}.csv"] = csv_rows([one for one in found if one.place.definition == definition], names)
    write_folder(out, _MARK, files, profile=profile.title)
    told = sum(one.tells for one in found)
    size = sum(len(text.encode()) for text in files.values())
    pages = sum(name.endswith(".html") for name in files)
    return Site(out / "index.html", pages, told, len(found) - told, size)


def _pages(
    found: Sequence[Released],
    counted: Mapping[Place, Counted],
    names: Names,
    d: Disclosure,
    inputs: Inputs,
    *,
    run: str,
    years: int | None,
) -> dict[str, str]:
    places = {
        definition: f"{definition}-{ALL}.html" for definition in dict.fromkeys(one.place.definition for one in found)
    }
    top = [("index.html", "About", ""), *((file, names.cohort(key).title, key) for key, file in places.items())]
    pages = {
        "index.html": _page(
            "Outcomes compared",
            f"What became of the people of the run {run}, by the school, college or university that they left: work, "
            "study, benefits and earnings, one, three, five and ten years after.",
            [_sizes(counted, names, d), _reading(d, inputs, years)],
            [(file, name, key == "") for file, name, key in top],
            links=[(f"{key}.csv", f"{names.cohort(key).title}: all figures as CSV") for key in places],
        )
    }
    outside = _outside(counted, names)
    for definition in places:
        mine = [one for one in found if one.place.definition == definition]
        told = [by for by in breakdowns(names.rules) if any(one.place.by == by for one in mine)]
        for by in told:
            cohort = names.cohort(definition)
            shown = [one.place.institution for one in mine if one.place.by == by and one.tells]
            order = "Everyone comes first, then the largest institutions. " if set(shown) - {EVERYBODY, OTHERS} else ""
            alone = "Figures are of everyone alone: at each institution too few people are behind one. "
            sections = [
                _horizon(after, [one for one in mine if (one.place.by, one.place.years_after) == (by, after)], names)
                for after in sorted({one.place.years_after for one in mine})
            ]
            title = cohort.title if by == ALL else f"{cohort.title}: by {names.breakdown(by).lower()}"
            pages[f"{definition}-{by}.html"] = _page(
                title,
                f"Shares are of {cohort.members}{_of_them(outside.get(definition))} for whom a tax, benefit or "
                "study record was found. "
                + ("" if by == ALL else order or alone)
                + f"“{d.profile.symbols.suppressed}” stands where too few people are behind a figure, or where it "
                "would tell another that is hidden."
                + ("" if inputs.draws else " The run has no interval from links: it has sampled no link sets."),
                sections,
                [(file, name, key == definition) for file, name, key in top],
                breakdowns=[(f"{definition}-{one}.html", names.breakdown(one), one == by) for one in told],
                horizons=sections,
                links=[(f"{definition}.csv", f"{cohort.title}: all figures as CSV")],
            )
    return pages


def _outside(counted: Mapping[Place, Counted], names: Names) -> dict[str, str]:
    """Definitions with members who are in no share, which are of those in the calculation; and whom each leaves out,
    where it says so."""
    partly = dict.fromkeys(
        place.definition
        for place, found in counted.items()
        if place.by == ALL and found.counts["people"] != found.counts["members"]
    )
    return {definition: names.cohort(definition).outside for definition in partly}


def _of_them(whom: str | None) -> str:
    """Members of a definition that are in its shares: all of them, or without some."""
    if whom is None:
        return ""
    return f", without {whom}," if whom else " in the calculation"


def _horizon(after: int, found: Sequence[Released], names: Names) -> Section:
    when = f"{after} year after" if after == 1 else f"{after} years after"
    blocks: list[Block] = [
        shown
        for measure in MEASURES
        if (shown := figure_of(measure, found, names, prefix=f"y{after}", when=when)) is not None
    ]
    nothing = Text("Too few people are behind every figure: nothing may be shown.")
    return Section(f"years-{after}", when.capitalize(), blocks or [nothing])


def _sizes(counted: Mapping[Place, Counted], names: Names, d: Disclosure) -> Section:
    rows: list[list[str | Cell]] = []
    for place, found in counted.items():
        if place.by == ALL and place.institution == EVERYBODY:
            too_few = 0 < found.people["matched"] < d.profile.threshold
            shown = [d.marked("suppressed")] * 3 if too_few else denominators(found.counts, found.people, d)
            cohort = names.cohort(place.definition).title
            rows.append([cohort, str(place.years_after), *shown, _people(found, shown[-1], d)])
    heads = ["Cohort", "Years after", "Members", "In the calculation", "Matched", "People matched"]
    note = (
        "Each lies within the one before it. Members are achievements where a person may have several, such as two "
        "first degrees: people are fewer then. In the calculation are those whom the definition counts in its rates"
    )
    left = [f"without {whom}" for whom in sorted({*filter(None, _outside(counted, names).values())})]
    note += f": {', '.join(left)}." if left else "."
    return Section("sizes", "How many are followed", [Table("Members of cohorts", heads, rows, note)])


def _people(found: Counted, matched: Cell, d: Disclosure) -> Cell:
    """People matched; not where a few have several achievements, whom the difference would tell of."""
    is_hidden = matched.value is None or few_have_several(found, "matched", d.profile)
    return d.marked("suppressed") if is_hidden else d.count(found.people["matched"])


def denominators(counts: Mapping[str, int], people: Mapping[str, int], d: Disclosure) -> list[Cell]:
    """Members, those in the calculation, those matched: shown where no two shown leave too few people between them.

    Args:
        counts: of members.
        people: how many stand behind what these leave of each other (quality.dashboard.outcomes.counting.LEFT_OUT).
    """
    shown = [d.count(counts["matched"])]
    beyond = UNMATCHED
    for name, next_beyond in (("people", OUTSIDE), ("members", "")):
        too_few = (0 if d.profile.zeros_are_sensitive else 1) <= people[beyond] < d.profile.threshold
        shown.insert(0, d.marked("suppressed") if too_few else d.rounded(counts[name]))
        beyond = NOT_FOLLOWED if too_few else next_beyond
    return shown


def _reading(d: Disclosure, inputs: Inputs, years: int | None) -> Section:
    profile = d.profile
    if inputs.draws:
        links = (
            f"What the links leave open is the spread of a figure over {inputs.draws} sampled sets of links to tax "
            "records: it is the thin line of a chart, where it is wide enough to be seen. Both together follow Rubin's "
            "rules."
        )
    else:
        links = (
            "Nothing is said here of what the links leave open, since the run has sampled no link sets: its step to "
            "the tax records needs samples = 20."
        )
    span = f"the last {years} measured years of each cohort" if years else "all years that the run can measure"
    pairs = [
        ("Shares", "Of the matched. A person may be in work and in study, and may have several achievements, each of "
                   "which counts."),
        ("Earnings", "In a year, before tax, of those whom the definition's figures include; to the nearest "
                     f"£{profile.amounts_to:,.0f}. "
                     "The line runs between the quartiles, the point is the median."),
        ("Intervals", "95%. What a sample leaves open is worked out from the figures shown: Wilson's interval of a "
                      f"share, of a median that of a normal curve with these quartiles, both of people, not of their "
                      f"achievements. {links}"),
        ("Years", f"Pooled: {span}. Earnings are as they were paid, not in prices of one year."),
        ("Not shown", f"Profile {profile.title}: {_few(profile)}. Counts are to the nearest {profile.round_to}."),
        ("Institutions", "By their codes." if profile.institutions == "codes" else
                         "By pseudonyms, made with the run's key for these pages alone."),
        ("Not like for like", "Institutions differ in whom they take and what they teach, and nothing here allows for "
                              "it: a difference is no measure of quality."),
    ]  # fmt: skip
    return Section("reading", "How to read the figures", [Terms(pairs)])


def _few(profile: Profile) -> str:
    """Of how few nothing is told."""
    if profile.threshold > 1:
        return (
            f"fewer than {profile.threshold} people, however many achievements they have, and what would tell of them "
            "by adding and subtracting; also how many are in earnings where that would tell of few in work without"
        )
    bases = f"{profile.least_percent_base:g} people, and averages of fewer than {profile.least_average_base:g}"
    return f"percentages of fewer than {bases}"


def _page(
    title: str,
    statement: str,
    sections: Sequence[Section],
    places: Sequence[tuple[str, str, bool]],
    *,
    breakdowns: Sequence[tuple[str, str, bool]] = (),
    horizons: Sequence[Section] = (),
    links: Sequence[tuple[str, str]] = (),
) -> str:
    template = environment("quality.dashboard.outcomes").get_template("outcomes.html.j2")
    return template.render(
        title=title,
        statement=statement,
        sections=sections,
        places=places,
        breakdowns=breakdowns,
        horizons=horizons,
        measures=[(name.replace("_", "-"), text) for name, text in MEASURES.items()],
        links=links,
        version=__version__,
        style=Markup(report_style() + template_text("quality.dashboard.outcomes", "outcomes.css")),
        script=Markup(template_text("quality.dashboard.outcomes", "outcomes.js")),
    )
