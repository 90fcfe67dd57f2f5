"""What a run holds of each variable: rows, how many of them are filled, and how much of its source was linked.

Every number passes disclosure control before it leaves here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue
from linkage.catalogue.holdings import holdings
from linkage.engine import Engine, Table, one, quote
from linkage.pipeline.delivery import ended_well, tables_of
from quality.disclosure import Cell, Disclosure, load
from quality.measures.evaluated import evaluation_of
from quality.report.released import release


@dataclass(frozen=True)
class Filled:
    """A variable in a run: its table's rows, and the share of them that has a value."""

    rows: Cell
    share: Cell


@dataclass(frozen=True)
class LinkRate:
    """How many of a source's people one link step found a partner for, as the run's report shows it.

    Attributes:
        units: of the people that a rate is taken of: those in the calculation, where a rule says who is.
    """

    step: str
    units: Cell
    share: Cell
    has_rule: bool = False


@dataclass(frozen=True)
class ReleaseFacts:
    """Of one run; empty where no run is given.

    Attributes:
        title: the run's name and day.
        profile: title of the disclosure rules.
        filled: table and variable to what is filled.
        rates: dataset to the steps that it took part in.
    """

    title: str = ""
    profile: str = ""
    filled: Mapping[tuple[str, str], Filled] = field(default_factory=dict)
    rates: Mapping[str, tuple[LinkRate, ...]] = field(default_factory=dict)


def release_facts(engine: Engine, run: Path, catalogue: Catalogue, profile: str) -> ReleaseFacts:
    """Read a run's folder.

    Raises:
        ConfigError: it is no run's folder, or there is no such profile.
        GateError: the run did not end well: the site is for researchers, and nothing may leave such a run.
    """
    manifest = ended_well(run)
    disclosure = Disclosure(load(profile))
    paths = tables_of(run, manifest)
    filled: dict[tuple[str, str], Filled] = {}
    for name, holding in holdings(catalogue).items():
        if holding.run_table in paths:
            table = engine.read(paths[holding.run_table])
            known = [v for v in holding.definition.variables if v in table.columns]
            filled |= {(name, v): found for v, found in _filled(engine, table, known, disclosure).items()}
    return ReleaseFacts(
        title=f"{manifest['run']}, {str(manifest.get('finished') or manifest['started'])[:10]}",
        profile=disclosure.profile.title,
        filled=filled,
        rates=_rates(run, manifest, disclosure),
    )


def _filled(engine: Engine, table: Table, names: list[str], disclosure: Disclosure) -> dict[str, Filled]:
    if not names:
        return {}
    counts = ", ".join(f"count({quote(name)}) as {quote(name)}" for name in names)
    found = one(engine, engine.sql(f"select count(*) as all_rows, {counts} from {{table}}", table=table))
    rows = disclosure.count(found["all_rows"])
    return {name: Filled(rows, disclosure.percent(found[name], found["all_rows"], tied=[rows])) for name in names}


def _rates(run: Path, manifest: Mapping[str, Any], disclosure: Disclosure) -> dict[str, tuple[LinkRate, ...]]:
    """By dataset. A step's other side, people found so far, is no source's and is left out.

    Of everybody and of those in the calculation alone two rates would tell of the others, who may be few.
    """
    evaluation = run / "quality" / "evaluation.json"
    if not evaluation.is_file():
        return {}
    datasets = {name: source["dataset"] for name, source in manifest["configuration"]["source"].items()}
    found: dict[str, list[LinkRate]] = {}
    for step in evaluation_of(evaluation)["steps"]:
        for shown in release(step, disclosure).sides:
            dataset = datasets.get(shown.source)
            if dataset:
                rate = LinkRate(step["step"], shown.whole.eligible, shown.whole.rate, shown.has_rule)
                found.setdefault(dataset, []).append(rate)
    return {dataset: tuple(rates) for dataset, rates in found.items()}
