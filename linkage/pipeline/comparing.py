"""Outcomes of a run that has ended, compared by institution: what `leo outcomes` does."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.catalogue import shipped
from linkage.engine import Engine, Table, connect, quote
from linkage.errors import ConfigError
from linkage.extract import master_key
from linkage.extract.link_draws import SAMPLED, UNITS
from linkage.longitudinal import OutcomeDefinitions, Sampled, load_definitions, outcomes_drawn
from linkage.longitudinal.cohorts import chosen
from linkage.pipeline.delivery import ended_well, tables_of
from linkage.pipeline.job import resolve
from quality import disclosure
from quality.dashboard.outcomes import Followed, Inputs, Site, check_out, load_rules, write_site

_PROJECT = "outcomes"
"""Under which pseudonyms of institutions are made: they agree with those of no extract."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a comparison.

    Attributes:
        profile: name of a disclosure profile.
        years: only what was measured in the last so many years; all where None.
        definitions: the run's file of outcomes, where it is not found beside the shipped ones.
        key_file: the master key, for profiles under which institutions bear pseudonyms.
    """

    profile: str = "leo_publication"
    years: int | None = None
    definitions: Path | None = None
    key_file: Path | None = None


def compare_outcomes(run: Path, out: Path, asked: Asked, *, tell: Callable[[str], None] = lambda _: None) -> Site:
    """Write the tables and pages that compare institutions by the outcomes of a run.

    Args:
        run: folder of a run that has ended well.
        out: new, empty, or of an earlier comparison.
        tell: is told what is being done.

    Raises:
        ConfigError: the folder is no run's, the run has no outcomes, there is no such profile, or no key where the
            profile asks for pseudonyms.
        GateError: the run did not end well: nothing may leave it.
        InputError: `out` holds something else.
    """
    manifest = ended_well(run)
    profile = disclosure.load(asked.profile)
    key = master_key(asked.key_file).project(_PROJECT) if profile.institutions == "pseudonyms" else None
    check_out(out)  # before people are followed, which takes long
    tell("reading the run's outcomes")
    with connect(manifest["engine"]) as engine:
        inputs = compared_inputs(engine, run, manifest, asked.definitions, tell=tell)
        rules = load_rules()
        _must_have_cohorts(run, inputs, [cohort.definition for cohort in rules.cohort])
        return write_site(
            engine,
            inputs,
            rules,
            shipped(),
            profile,
            out,
            run=str(manifest["run"]),
            years=asked.years,
            pseudonym=key.pseudonym if key else None,
            tell=tell,
        )


def _must_have_cohorts(run: Path, inputs: Inputs, compared: Sequence[str]) -> None:
    """Refuse a run without any of the cohorts that are compared: its sources are of another kind.

    Raises:
        ConfigError: none of the definitions was followed.
    """
    if not set(compared) & set(inputs.followed):
        raise ConfigError(
            f"{run}: follows none of the cohorts that are compared ({', '.join(compared)})\n"
            "  they are made of tables of schools, colleges and universities as LEO has them: name your own "
            "definitions in the run's file (outcomes = ...), and their institutions in configs/outcomes/compared.toml"
        )


def compared_inputs(
    engine: Engine,
    run: Path,
    manifest: Mapping[str, Any],
    definitions: Path | None = None,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> Inputs:
    """A run's tables as they are compared, with the outcomes under the link sets that the run has sampled.

    Raises:
        ConfigError: the run has no outcomes, or its definitions are not found.
    """
    places = tables_of(run, dict(manifest))
    if "outcomes" not in places:
        raise ConfigError(
            f"{run}: has no outcomes: its file says longitudinal = false\n"
            "  take that out of [outputs], and give the same leo run again"
        )
    rules = _definitions(run, manifest, definitions)
    tables = {
        name: engine.read(path)
        for name, path in places.items()
        if name in ("outcomes", "lookup_ae_id", "lookup_edukey", "cuts")
        or name.startswith(("attributes/", SAMPLED, UNITS))
    }
    attributes = {
        name.removeprefix("attributes/"): table for name, table in tables.items() if name.startswith("attributes/")
    }
    followed = {}
    for definition in rules.definition:
        rows = attributes.get(definition.cohort.table)
        if rows is not None:
            condition, params = chosen(definition.cohort, "c")
            year = definition.cohort.year
            made_of = engine.sql(
                f"select c.* from {{rows}} as c where c.{quote(year)} is not null and {condition}",
                rows=rows,
                params=params,
            )
            followed[definition.name] = Followed(made_of, year, definition.earnings.annualised)
    sampled, draws = _sampled(engine, manifest, tables)
    if not draws:
        return Inputs(tables["outcomes"], tables["lookup_ae_id"], followed, attributes)
    tell(f"following people whose links differ between {draws} sampled link sets")
    drawn = outcomes_drawn(
        engine, attributes, tables, sampled, draws, rules, extract_date=_extract_date(manifest), catalogue=shipped()
    )
    return Inputs(tables["outcomes"], tables["lookup_ae_id"], followed, attributes, drawn, draws)


def _sampled(engine: Engine, manifest: Mapping[str, Any], tables: Mapping[str, Table]) -> tuple[list[Sampled], int]:
    """The link sets of steps that bring tax records to people, and how many each has at least."""
    configuration = manifest["configuration"]
    cis = {name for name, source in configuration["source"].items() if source["dataset"] == "cis"}
    steps = [step for step in configuration["step"] if step["right"] in cis and f"{SAMPLED}{step['name']}" in tables]
    sampled = [
        Sampled(
            tables[f"{SAMPLED}{step['name']}"],
            tables[f"{UNITS}{step['name']}"],
            engine.sql(
                "select left_id, right_id from {cuts} where step = $step",
                params={"step": step["name"]},
                cuts=tables["cuts"],
            ),
        )
        for step in steps
    ]
    return sampled, min((step["samples"] for step in steps), default=0)


def _extract_date(manifest: Mapping[str, Any]) -> datetime.date:
    """The last day that the run's outcomes tell of."""
    (stage,) = [stage for stage in manifest["stages"] if stage["name"] == "longitudinal"]
    return datetime.date.fromisoformat(stage["counts"]["extract_date"])


def _definitions(run: Path, manifest: Mapping[str, Any], given: Path | None) -> OutcomeDefinitions:
    """The definitions by which the run's outcomes were made, or those given."""
    named = str(manifest["configuration"]["outcomes"])
    try:
        path = given or resolve(named, run, "outcomes")
    except ConfigError:
        raise ConfigError(
            f"the run's outcomes follow '{named}', which is no shipped file\n  give it with --definitions"
        ) from None
    return load_definitions(path, shipped())
