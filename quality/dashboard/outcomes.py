"""Provider outcomes: schools, colleges and universities by what became of their people,
in tables and one chart.

Every person counts once in a cohort, at the institution of the latest year, so that
institutions add up to everyone and disclosure control (quality.disclosure) can judge
all counts of a cohort and year together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from pydantic import Field, model_validator

from linkage.catalogue import shipped
from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, read_as
from linkage.engine import Engine, Table, connect, quote, rows
from linkage.errors import ConfigError
from linkage.extract import ProjectKey, master_key
from linkage.longitudinal import load_definitions
from linkage.longitudinal.cohorts import chosen
from linkage.pipeline.job import resolve
from linkage.pipeline.manifest import ended_well, tables_of
from quality import disclosure
from quality.disclosure import Cell, Disclosure, Sum
from quality.report import charts
from quality.report import page as blocks
from quality.report.document import banner_of, csv_of, document
from quality.report.folder import PageFolder, check_folder, write_folder
from quality.report.showing import symbols

OUTCOMES = {
    "sustained_employment": "Sustained employment",
    "further_study": "Further study",
    "out_of_work_benefits": "Out-of-work benefits",
}
QUARTILES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
NOT_KNOWN, OTHERS = "not known", "all other institutions"
_INSTITUTION = "institution"
_MARK = "leo-outcomes.json"
_PROJECT = (
    "outcomes"  # of the pseudonyms of institutions: they agree with those of no extract
)
_HEADS = [
    "Group",
    "Category",
    "People",
    "Matched",
    *(f"{title}, %" for title in OUTCOMES.values()),
]
_HEADS += [
    "Lower quartile of earnings, £",
    "Median earnings, £",
    "Upper quartile of earnings, £",
]

Column = Annotated[str, Field(pattern=r"^\w+$")]


class Cohort(Frozen):
    """What the people of a definition's cohorts are compared by."""

    definition: str = Field(description="Outcome definition that names the cohort.")
    title: str = Field(description="Title of its page.")
    institution: Column = Field(
        description="Column of the cohort's rows that names the institution."
    )
    kind: str = Field(description="Kind of institution, as a heading.")


class Origin(Frozen):
    """A column of an attribute table that gives a characteristic."""

    table: str = Field(description="Table of attributes: dataset_table.")
    variable: Column = Field(description="Column of the table.")
    latest_by: Column | None = Field(
        None,
        description="Column by which a row is the latest; else the highest category.",
    )
    codes: dict[str, tuple[str, ...]] = Field(description="Category to its codes.")


class Characteristic(Frozen):
    """A grouping of people; the first origin that knows a person counts."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Name of the characteristic."
    )
    title: str = Field(description="Title on the pages.")
    labels: dict[str, str] = Field(description="Category to label.")
    origin: tuple[Origin, ...] = Field(
        description="Where it is taken from, the best first."
    )

    @model_validator(mode="after")
    def _has_labels(self) -> "Characteristic":
        unlabelled = sorted(
            {code for origin in self.origin for code in origin.codes} - set(self.labels)
        )
        if unlabelled:
            raise ValueError(
                f"characteristic '{self.name}': no label for {', '.join(unlabelled)}"
            )
        return self


class Rules(Frozen):
    """configs/outcomes/compared.toml."""

    most_institutions: int = Field(
        ge=1, description="Most institutions that are shown; others are one group."
    )
    cohort: tuple[Cohort, ...] = Field(
        description="Cohorts, one for each kind of institution."
    )
    characteristic: tuple[Characteristic, ...] = Field(
        description="Groups that outcomes are shown by."
    )


def load_rules(path: Path | None = None) -> Rules:
    """The cohorts and characteristics that are compared; those that ship with the
    package when no file is given.

    Raises:
        ConfigError: no such file, no TOML, or faults, all at once.
    """
    path = path or config_file("outcomes/compared.toml")
    return read_as(Rules, path, "name a TOML file of comparisons, or none")


def write_outcomes(
    run: Path,
    out: Path,
    profile_name: str = "leo_publication",
    *,
    years: int | None = None,
    definitions: Path | None = None,
    key_file: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> PageFolder:
    """Write a page and a CSV for each cohort of a run, and an index.

    Args:
        run: folder of a run that has ended well.
        out: new, empty, or of an earlier comparison, whose files are replaced.
        years: only what was measured in the last so many years; all where None.
        definitions: the run's file of outcomes, where it is not a shipped one.
        key_file: the master key, for profiles under which institutions have pseudonyms.

    Raises:
        ConfigError: the folder is not a run's, the run has no outcomes or none of the
            cohorts, or there is no profile or key.
        GateError: the run did not end well: nothing may leave it.
        InputError: `out` holds something else.
    """
    manifest = ended_well(run)
    profile, rules = disclosure.load(profile_name), load_rules()
    key = (
        master_key(key_file).project(_PROJECT)
        if profile.institutions == "pseudonyms"
        else None
    )
    check_folder(out, _MARK, "comparison of outcomes")
    d, banner = Disclosure(profile), banner_of(manifest)
    notes = _reading(d)
    files: dict[str, str] = {}
    links: list[tuple[str, str]] = []
    with connect(manifest["engine"], within=[run]) as engine:
        for cohort, people in _cohorts(
            engine, run, manifest, rules, definitions, years
        ):
            progress(f"counting {cohort.title}")
            sections: list[blocks.Section] = []
            table: list[blocks.Row] = []
            for after, counts in count(engine, people, rules).items():
                section, lines = _section(
                    after, released(counts, d), cohort, rules, key
                )
                sections.append(section)
                table += [
                    [str(after), *line, *([banner] if banner else [])] for line in lines
                ]
            heads = ["Years after", *_HEADS, *(["Data"] if banner else [])]
            links.append((f"{cohort.definition}.html", cohort.title))
            files[f"{cohort.definition}.csv"] = csv_of(blocks.Table("", heads, table))
            files[f"{cohort.definition}.html"] = document(
                cohort.title,
                "What people did after, by institution and characteristic. Shares are "
                "of people with a linked record.",
                sections=[*sections, notes],
                banner=banner,
                places=[("index.html", "All cohorts", False)],
                links=[(f"{cohort.definition}.csv", "All figures as CSV")],
            )
    statement = (
        f"What became of the people of the run {manifest['run']}, by the "
        "institution that they left."
    )
    files["index.html"] = document(
        "Outcomes by institution",
        statement,
        sections=[notes],
        banner=banner,
        links=links,
    )
    return write_folder(out, _MARK, files, profile=profile.title)


def _cohorts(
    engine: Engine,
    run: Path,
    manifest: Mapping[str, Any],
    rules: Rules,
    definitions: Path | None,
    years: int | None,
) -> Iterator[tuple[Cohort, Table]]:
    """The people of each cohort that the run followed."""
    places = tables_of(run, manifest)
    if "outcomes" not in places:
        raise ConfigError(
            f"{run}: has no outcomes: its file says longitudinal = false\n"
            "  take that out of [outputs], and give the same leo run again"
        )
    outcomes_name = str(manifest["configuration"]["outcomes"])
    try:
        path = definitions or resolve(outcomes_name, run, "outcomes")
    except ConfigError:
        raise ConfigError(
            f"the run's outcomes follow '{outcomes_name}', which is not shipped\n  "
            "give it with --outcomes"
        ) from None
    by_name = {one.name: one for one in load_definitions(path, shipped()).definition}
    tables = {
        name.removeprefix("attributes/"): path
        for name, path in places.items()
        if name.startswith("attributes/")
    }
    attributes = {name: engine.read(path) for name, path in tables.items()}
    outcomes, lookup = (
        engine.read(places[name]) for name in ("outcomes", "lookup_ae_id")
    )
    cohorts = [
        (cohort, by_name[cohort.definition])
        for cohort in rules.cohort
        if cohort.definition in by_name
        and by_name[cohort.definition].cohort.table in attributes
    ]
    if not cohorts:
        raise ConfigError(
            f"{run}: follows none of the cohorts that are compared "
            f"({', '.join(one.definition for one in rules.cohort)})\n"
            "  name definitions in the run's file (outcomes = ...), and institutions "
            "in configs/outcomes/compared.toml"
        )
    for cohort, definition in cohorts:
        condition, params = chosen(definition.cohort, "r")
        members = engine.sql(
            f"select r.* from {{rows}} as r where {condition}",
            params=params,
            rows=attributes[definition.cohort.table],
        )
        pay = "annualised_earnings" if definition.earnings.annualised else "earnings"
        year = definition.cohort.year
        yield (
            cohort,
            people_of(
                engine,
                cohort,
                outcomes,
                members,
                lookup,
                attributes,
                rules,
                year=year,
                pay=pay,
                years=years,
            ),
        )


def people_of(
    engine: Engine,
    cohort: Cohort,
    outcomes: Table,
    members: Table,
    lookup: Table,
    attributes: Mapping[str, Table],
    rules: Rules,
    *,
    year: str,
    pay: str,
    years: int | None = None,
) -> Table:
    """One row a person and number of years after: years_after, matched, OUTCOMES, pay,
    institution, characteristics.

    Args:
        outcomes: the catalogue's leo.outcomes.
        members: rows that make a member: entity_id, `year` and the institution.
        lookup: AE_ID, entity_id.
        pay: the column of earnings.
        years: only what was measured in the last so many years.
    """
    institution = next(
        (
            name
            for name in members.columns
            if name.lower() == cohort.institution.lower()
        ),
        None,
    )
    institution = (
        f"min(cast(r.{quote(institution)} as varchar))"
        if institution
        else "cast(null as varchar)"
    )
    values = [
        _characteristic(engine, one, attributes, lookup) for one in rules.characteristic
    ]
    columns = "".join(
        f", coalesce(c{n}.category, $not_known) as {quote(one.name)}"
        for n, one in enumerate(rules.characteristic)
    )
    joins = " ".join(
        f"left join {{values_{n}}} as c{n} on c{n}.AE_ID = o.AE_ID"
        for n in range(len(values))
    )
    return engine.sql(
        f"""
        with places as (
            select l.AE_ID, r.{quote(year)} as cohort_year, {institution} as institution
            from {{members}} as r
            join {{lookup}} as l on l.entity_id = r.entity_id
            group by l.AE_ID, r.{quote(year)}
        ),
        measured as (
            select *, coalesce(tax_year, academic_year) // 100 as measured_year,
                   max(coalesce(tax_year, academic_year) // 100)
                       over (partition by definition) as last_year
            from {{outcomes}}
            where definition = $definition and in_calculation
        ),
        latest as (
            select *
            from measured
            where measured_year > last_year - $years
            qualify row_number() over (partition by AE_ID, years_after
                order by cohort_year desc, measured_year desc) = 1
        )
        select cast(o.years_after as bigint) as years_after, o.matched,
            {", ".join(f"o.{name}" for name in OUTCOMES)},
               case when o.earnings_included and o.matched then cast(o.{pay} as double)
                   end as pay,
               coalesce(p.institution, $not_known) as institution {columns}
        from latest as o
        left join places as p on p.AE_ID = o.AE_ID and p.cohort_year = o.cohort_year
        {joins}
        """,
        params={
            "definition": cohort.definition,
            "not_known": NOT_KNOWN,
            "years": years or 1_000,
        },
        store=True,
        outcomes=outcomes,
        members=members,
        lookup=lookup,
        **{f"values_{n}": table for n, table in enumerate(values)},
    )


def _characteristic(
    engine: Engine,
    characteristic: Characteristic,
    attributes: Mapping[str, Table],
    lookup: Table,
) -> Table:
    """AE_ID, category: of the first origin that knows a person."""
    parts: list[str] = []
    tables: dict[str, Table] = {}
    for number, origin in enumerate(characteristic.origin):
        table = attributes.get(origin.table)
        if table is None or origin.variable not in table.columns:
            continue
        pairs = [
            (code, category)
            for category, codes in origin.codes.items()
            for code in codes
        ]
        codes = pa.table(
            {
                "code": [code for code, _ in pairs],
                "category": [category for _, category in pairs],
            }
        )
        tables |= {f"rows_{number}": table, f"codes_{number}": engine.from_arrow(codes)}
        order = (
            f"r.{quote(origin.latest_by)} desc, c.category desc"
            if origin.latest_by
            else "c.category desc"
        )
        parts.append(
            f"""
            select l.AE_ID, c.category, {number} as place,
                   row_number() over (partition by l.AE_ID order by {order}) as rank
            from {{rows_{number}}} as r
            join {{lookup}} as l on l.entity_id = r.entity_id
            join {{codes_{number}}} as c on c.code
                = cast(r.{quote(origin.variable)} as varchar)
            """
        )
    if not parts:
        return engine.sql(
            "select AE_ID, cast(null as varchar) as category from {l} where false",
            l=lookup,
        )
    text = (
        "select AE_ID, arg_min(category, place) as category from "
        f"({' union all '.join(parts)}) where rank = 1 group by AE_ID"
    )
    return engine.sql(text, params=None, store=True, lookup=lookup, **tables)


Counted = dict[tuple[str, str], Mapping[str, Any]]
"""By group ("" for everyone) and category: people, matched, the outcomes, earners and
quartiles of their pay.
"""


def count(engine: Engine, people: Table, rules: Rules) -> dict[int, Counted]:
    """By years after the exact counts of everyone, of each institution and of each
    category; not to be shown.

    Institutions beyond the largest `most_institutions` stand together.
    """
    measures = ", ".join(
        ["count(*) as people", "count_if(matched) as matched", "count(pay) as earners"]
        + [f"count_if(matched and {name}) as {name}" for name in OUTCOMES]
        + [
            f"quantile_cont(pay, {share}) as {name}"
            for name, share in QUARTILES.items()
        ]
    )
    largest = engine.sql(
        """
        select institution from {people} where institution <> $not_known
        group by institution
        order by count_if(matched) desc, institution
        limit $most
        """,
        params={"not_known": NOT_KNOWN, "most": rules.most_institutions},
        store=True,
        people=people,
    )
    institutions = (
        f"case when institution in (select institution from {{largest}}) "
        "or "
        f"institution = '{NOT_KNOWN}' then institution else '{OTHERS}' end"
    )
    counts: dict[int, Counted] = {}
    groups = {
        "": "''",
        _INSTITUTION: institutions,
        **{one.name: quote(one.name) for one in rules.characteristic},
    }
    for group, category in groups.items():
        summary = engine.sql(
            f"select years_after, {category} as category, {measures} from {{people}} "
            "group by years_after, category",
            params=None,
            people=people,
            largest=largest,
        )
        for row in sorted(
            rows(engine, summary), key=lambda row: (row["years_after"], row["category"])
        ):
            counts.setdefault(int(row["years_after"]), {})[group, row["category"]] = row
    return dict(sorted(counts.items()))


@dataclass(frozen=True)
class Released:
    """What may be shown of a group's category: people, matched, shares with intervals,
    quartiles of earnings.
    """

    group: str
    category: str
    people: Cell
    matched: Cell
    shares: Mapping[str, tuple[Cell, Cell, Cell]]
    earnings: Mapping[str, Cell]


def released(figures: Counted, d: Disclosure) -> list[Released]:
    """What may be shown of a cohort and year, all counts released together."""
    counts: dict[tuple[str, ...], int] = {}
    sums: list[Sum[tuple[str, ...]]] = []
    splits = {
        "people": [("matched", "unmatched")],
        "matched": [(name, f"no {name}") for name in OUTCOMES],
    }
    for key, row in figures.items():
        counts[*key, "people"] = int(row["people"])
        for whole, parts in splits.items():
            for part, rest in parts:
                counts |= {
                    (*key, part): int(row[part]),
                    (*key, rest): int(row[whole]) - int(row[part]),
                }
                sums.append(Sum((*key, whole), ((*key, part), (*key, rest))))
    measures = dict.fromkeys(key[2] for key in counts)
    for group in dict.fromkeys(group for group, _ in figures if group):
        keys = [key for key in figures if key[0] == group]
        sums += [
            Sum(("", "", measure), tuple((*key, measure) for key in keys))
            for measure in measures
        ]
    unpublished_keys = [
        key for key in counts if key[2] == "unmatched" or key[2].startswith("no ")
    ]
    cells = d.counts(counts, sums, unpublished=unpublished_keys)
    results = []
    for key, row in figures.items():
        matched_people, shares = cells[*key, "matched"], {}
        for name in OUTCOMES:
            tied_cells = [matched_people, cells[*key, name], cells[*key, f"no {name}"]]
            share = d.percent(int(row[name]), int(row["matched"]), tied=tied_cells)
            shares[name] = (share, *d.sampled(share, matched_people))
        earnings = {
            name: d.average(
                row[name] or 0.0, int(row["earners"]), tied=[matched_people]
            )
            for name in QUARTILES
        }
        results.append(
            Released(*key, cells[*key, "people"], matched_people, shares, earnings)
        )
    return results


def _section(
    years_after: int,
    groups: Sequence[Released],
    cohort: Cohort,
    rules: Rules,
    key: ProjectKey | None,
) -> tuple[blocks.Section, list[blocks.Row]]:
    """A chart of sustained employment by characteristic, and all figures as a table;
    the table's rows.
    """
    titles = {
        "": "Everyone",
        _INSTITUTION: cohort.kind,
        **{one.name: one.title for one in rules.characteristic},
    }
    labels = {("", ""): "Everyone"}
    labels |= {
        (one.name, code): label
        for one in rules.characteristic
        for code, label in one.labels.items()
    }

    def label(group: str, category: str) -> str:
        if category in (NOT_KNOWN, OTHERS) or group != _INSTITUTION:
            return labels.get((group, category), category.capitalize())
        return (
            f"{cohort.kind} "
            f"{key.pseudonym(cohort.institution, category)[:10] if key else category}"
        )

    labelled_groups = [
        (one, [titles[one.group], label(one.group, one.category)]) for one in groups
    ]
    table: list[blocks.Row] = []
    chart_rows: list[blocks.Row] = []
    for one, names in sorted(
        labelled_groups, key=lambda pair: (pair[0].group, *pair[1])
    ):
        shares = [share for share, _, _ in one.shares.values()]
        table.append([*names, one.people, one.matched, *shares, *one.earnings.values()])
        chart_rows += (
            [[*names, *one.shares["sustained_employment"]]]
            if one.group != _INSTITUTION
            else []
        )
    title = f"{years_after} {'year' if years_after == 1 else 'years'} after"
    summary = "Lines show 95% intervals. The table has institutions and all outcomes."
    chart = charts.dots(
        blocks.Table("", _HEADS, chart_rows).values(2, bounds=True),
        x="Sustained employment, % of the matched",
    )
    table_block = blocks.Table(f"Outcomes {title}", _HEADS, table)
    figure = charts.figure(
        f"employment-{years_after}",
        f"Sustained employment {title}",
        summary,
        chart,
        table_block,
    )
    return blocks.Section(f"years-{years_after}", title.capitalize(), [figure]), table


def _reading(d: Disclosure) -> blocks.Section:
    text = (
        f"Disclosure control: profile “{d.profile.title}”. {d.profile.of_counts}. "
        "Earnings are a year's, before tax, to "
        f"the nearest £{d.profile.amounts_to:,.0f}. Institutions differ in intake and "
        "in subjects: a "
        "difference is not a measure of quality."
    )
    return blocks.Section(
        "reading", "How to read the figures", [blocks.Text(text), symbols(d)]
    )
