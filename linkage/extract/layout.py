"""The layouts of an extract's tables: columns, their meaning, what each replaces;
decided before a row is read.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from linkage.catalogue import Catalogue, Variable
from linkage.catalogue.holdings import Holding, holdings
from linkage.catalogue.packages import RowsOnly
from linkage.catalogue.years import Years
from linkage.engine import Table
from linkage.errors import ConfigError, hint
from linkage.extract.project import ApprovedTable, Population, Project

PERSON = "AE_ID"
EDUKEY = "EDUKEY"
PMR = "PUPILMATCHINGREFANONYMOUS"

# Columns that name the same kind of body under another name: they share pseudonyms, so
# that tables join on them.
SAME_BODY = {"MAIN_ENTERPRISE": "ENTERPRISEREF", "ENTKEY": "ENTERPRISEREF"}

_PERSON_KEYS = {
    PERSON: "The person: the same in every table of this extract, and in no other "
    "project.",
    EDUKEY: "Key of the person in tax and benefit tables, as this project knows it; "
    "empty without a linked record there.",
    PMR: "Pupil reference, as this project knows it; a few people hold two.",
}


@dataclass(frozen=True)
class Field:
    """A column of an extract's table."""

    name: str
    type: str  # as the catalogue names types
    description: str
    pseudonym_of: str | None = None  # the kind that a pseudonym stands for
    frame: str | None = None
    labels: Mapping[str, str] | None = None
    concept: str | None = None
    identifiability: int | None = None
    sensitivity: str | None = None
    years: str = ""
    within: tuple[Years, ...] = ()  # of a year of other rows: it is empty outside these


@dataclass(frozen=True)
class Layout:
    """A table of an extract."""

    name: str  # as its files are named
    title: str
    grain: str
    fields: tuple[Field, ...]
    holding: Holding | None = None  # None for the tables that an extract makes itself
    years: Years | None = None
    only: RowsOnly | None = None  # rows of these phases
    key: tuple[str, ...] = ()
    cohorts: Mapping[str, tuple[Years, ...]] = dataclasses.field(
        default_factory=dict
    )  # by value of the year's year_by
    datasets: tuple[
        str, ...
    ] = ()  # of the tables that an extract makes itself: whose records they describe

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def cohort(self) -> Variable | None:
        """The year by which rows are of cohorts."""
        return _cohort_variable(self.holding) if self.holding else None

    @property
    def is_clipped(self) -> bool:
        """Whether rows are spells, cut to the approved years."""
        holding = self.holding
        return bool(
            self.years
            and holding
            and not holding.year_columns
            and holding.spell_columns
        )


def layouts(
    project: Project, catalogue: Catalogue, tables: Mapping[str, Table]
) -> list[Layout]:
    """Every table that a project receives, its people first.

    Raises:
        ConfigError: the run lacks tables or columns that the project is approved for:
            all of them at once.
    """
    holding_of = holdings(catalogue)
    required_tables = (
        ["lookup_ae_id", "spine"] if project.link_metadata else ["lookup_ae_id"]
    )
    approvals = [(holding_of[approved.name], approved) for approved in project.table]
    faults = [_no_table(name, tables) for name in required_tables if name not in tables]
    faults += [
        _no_table(holding_of[cohort.table].run_table, tables)
        for cohort in project.population.cohort
        if holding_of[cohort.table].run_table not in tables
    ]
    for holding, approved in approvals:
        faults += _lacking(holding, approved, tables)
    if faults:
        raise ConfigError(
            f"project '{project.id}' is approved for what this run does not hold\n"
            + "\n".join(f"  {fault}" for fault in dict.fromkeys(faults))
        )
    datasets = linked_datasets(project.table, project.population, holding_of)
    return [
        *own_tables(project.link_metadata, datasets, catalogue.frames),
        *(
            _layout(
                holding,
                approved,
                catalogue,
                tables,
                _seen_years(project.table, project.population),
            )
            for holding, approved in approvals
        ),
    ]


def linked_datasets(
    tables: Iterable[ApprovedTable],
    population: Population,
    holding_of: Mapping[str, Holding],
) -> tuple[str, ...]:
    """Datasets whose links a project may know of: those of its tables and its
    population.

    A table of LEO's with tax keys rests on CIS, and a table that carries another
    dataset's keys on that dataset.
    """
    names = set(population.sources)
    for name in {
        *(table.name for table in tables),
        *(cohort.table for cohort in population.cohort),
    }:
        holding = holding_of[name]
        if holding.dataset != "leo":
            names.add(holding.definition.entity_source or holding.dataset)
        elif EDUKEY in holding.definition.variables:
            names.add("cis")
    flags = (
        v
        for table in tables
        if table.name == "leo.person"
        for v in table.variables
        if v.startswith("in_")
    )
    return tuple(sorted(names | {flag.removeprefix("in_") for flag in flags}))


def derived_years(
    tables: Iterable[ApprovedTable],
    population: Population,
    holding_of: Mapping[str, Holding],
) -> dict[str, str]:
    """The years that a project sees of each derived year: "leo.outcomes.cohort_year,
    ks4" to "2002/03-2014/15".
    """
    tables = list(tables)
    periods, years = _seen_years(tables, population), {}
    for table in tables:
        for variable in holding_of[table.name].definition.variable:
            for value, table_name in variable.years_of.items():
                if (
                    variable.name in table.variables or value
                ):  # cohorts choose rows, so also where they are not a column
                    place = (
                        f"{table.name}.{variable.name}{f', {value}' if value else ''}"
                    )
                    years[place] = (
                        ", ".join(map(str, periods.get(table_name, ())))
                        or f"all years held of {table_name}"
                    )
    return years


def _seen_years(
    tables: Iterable[ApprovedTable], population: Population
) -> dict[str, tuple[Years, ...]]:
    """Table to the years of it that a project sees: those approved, else those that its
    population is chosen by.
    """
    ranges: dict[str, list[Years]] = {}
    for approved in tables:
        if approved.years:
            ranges.setdefault(approved.name, []).append(Years.parse(approved.years))
    by_rows = set(ranges)
    for cohort in population.cohort:
        if cohort.table not in by_rows:
            ranges.setdefault(cohort.table, []).append(Years.parse(cohort.years))
    return {
        table: tuple(sorted(set(years), key=lambda one: one.first))
        for table, years in ranges.items()
    }


def own_tables(
    link_metadata: bool,
    datasets: tuple[str, ...] = (),
    frames: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Layout]:
    """The tables that an extract makes: its people, and how their records of some
    datasets were linked.

    Args:
        frames: code frames of the catalogue, with the passes, bands and sources of the
            run.
    """
    person = key_field(PERSON)

    def coded(name: str, frame: str, description: str) -> Field:
        return Field(
            name, "string", description, frame=frame, labels=(frames or {}).get(frame)
        )

    evidence = (
        coded(
            "link_method",
            "link_method",
            "How the weakest link was made; empty where no link was needed.",
        ),
        coded(
            "link_pass",
            "link_pass",
            "The pass, or the blocking rule of the model, that made it.",
        ),
        coded("link_band", "link_band", "Band of its match probability."),
        Field(
            "match_probability",
            "number",
            "Probability that it is right, by the model: 0 to 1, to four decimals.",
        ),
        Field(
            "margin",
            "number",
            "Match weight over that of the nearest competing pair (log2); empty "
            "without one.",
        ),
    )
    people = Layout(
        "people",
        "People",
        "person of the project's population",
        (person,),
        key=(PERSON,),
    )
    if not link_metadata:
        return [people]
    text = (
        "Collections of this project that hold the person, each a code of "
        "`linkage.source`, separated by a blank."
    )
    sources = Field("sources", "string", text)
    source = coded(
        "source", "link_source", "Collection that holds records of the person."
    )
    entities = Field(
        "entities",
        "integer",
        "Entities of the collection that were joined in the person.",
    )
    grain = "person, by collection that holds the person"
    fields = (person, source, entities, *evidence)
    return [
        replace(
            people,
            title="People, and their least certain link",
            fields=(person, sources, *evidence),
            datasets=datasets,
        ),
        Layout(
            "linkage",
            "How records were linked",
            grain,
            fields,
            key=(PERSON, "source"),
            datasets=datasets,
        ),
    ]


def _layout(
    holding: Holding,
    approved: ApprovedTable,
    catalogue: Catalogue,
    tables: Mapping[str, Table],
    periods: Mapping[str, tuple[Years, ...]],
) -> Layout:
    present = tables[holding.run_table].columns
    keys = [PERSON]
    if EDUKEY in present:
        keys.append(EDUKEY)
    if holding.dataset == "npd" and "lookup_pmr" in tables:
        keys.append(PMR)
    variables = [holding.definition.variables[name] for name in approved.variables]
    cohort = _cohort_variable(holding)
    return Layout(
        name=f"{holding.file_name}_{approved.part}"
        if approved.part
        else holding.file_name,
        title=holding.definition.title,
        grain=holding.definition.grain,
        fields=(
            *map(key_field, keys),
            *(_field(variable, catalogue, periods) for variable in variables),
        ),
        holding=holding,
        years=Years.parse(approved.years) if approved.years else None,
        only=approved.only,
        cohorts={
            value: periods[of] for value, of in cohort.years_of.items() if of in periods
        }
        if cohort
        else {},
    )


def _cohort_variable(holding: Holding) -> Variable | None:
    return next(
        (variable for variable in holding.definition.variable if variable.year_by), None
    )


def key_field(name: str) -> Field:
    """A person's key, under this project's pseudonyms."""
    return Field(
        name, "string", _PERSON_KEYS[name], pseudonym_of=name, concept="identity"
    )


def _field(
    variable: Variable, catalogue: Catalogue, periods: Mapping[str, tuple[Years, ...]]
) -> Field:
    kind = (
        SAME_BODY.get(variable.name.upper(), variable.name.upper())
        if variable.institution
        else None
    )
    uses = variable.years_of
    own_periods = periods.get(uses.get("", ""), ())
    ranges = ", ".join(map(str, own_periods))
    note = (
        f" Empty outside {ranges}, the years of {uses['']} in this project."
        if own_periods
        else ""
    )
    spans = {
        value: ", ".join(map(str, periods[table]))
        for value, table in uses.items()
        if value and table in periods
    }
    if spans:
        note = (
            " Only "
            f"{'; '.join(f'{value} {span}' for value, span in spans.items())}, the "
            "years in this project."
        )
    return Field(
        name=variable.name,
        type="string" if kind else variable.type,
        description=variable.description
        + (" A pseudonym of this project." if kind else "")
        + note,
        pseudonym_of=kind,
        frame=None if kind else variable.frame,
        labels=None if kind else catalogue.frame(variable) or None,
        concept=variable.concept,
        identifiability=variable.identifiability,
        sensitivity=variable.sensitivity,
        years=variable.years,
        within=own_periods,
    )


def _lacking(
    holding: Holding, approved: ApprovedTable, tables: Mapping[str, Table]
) -> Iterator[str]:
    table = tables.get(holding.run_table)
    if table is None:
        yield _no_table(holding.run_table, tables)
        return
    if not {PERSON, EDUKEY, "entity_id"} & set(table.columns):
        yield (
            f"{holding.run_table}: no column identifies the person of a row "
            f"({PERSON}, {EDUKEY} or entity_id)"
        )
    if EDUKEY in table.columns and "lookup_edukey" not in tables:
        yield _no_table("lookup_edukey", tables)
    selectors = (
        ()
        if approved.years is None
        else holding.year_columns or holding.spell_columns or ()
    )
    cohort = _cohort_variable(holding)
    selectors = (
        (*selectors, *(name for name in (cohort.year_by, cohort.name) if name))
        if cohort
        else selectors
    )
    selectors = (*selectors, approved.only.column) if approved.only else selectors
    for name in dict.fromkeys((*approved.variables, *selectors)):
        if name not in table.columns:
            yield f"{holding.run_table}: no column '{name}'{hint(name, table.columns)}"


def _no_table(name: str, tables: Mapping[str, Table]) -> str:
    return f"no table '{name}'{hint(name, tables)}"
