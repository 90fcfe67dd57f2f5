"""The files of a population as tables of an engine, the person of each row, and
estimates of figures in SQL.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from linkage.engine import Engine, Table
from linkage.errors import InputError, LeoError
from synthetic.base.dates import DATA_END
from synthetic.calibration.targets import Achieved

SOURCES = {
    "npd": ("census", "ks4", "ks5"),
    "ilr": ("learners", "aims"),
    "hesa": ("students", "qualifications"),
    "cis": ("customers",),
    "hmrc": ("employment", "earnings", "self_assessment"),
    "dwp": ("benefits",),
}
TRUTH = ("persons", "entities")
_KEYS = {
    "npd": "PupilMatchingRefAnonymous",
    # A learner without a number is known by the provider's own
    # (docs/reference/tables.md, "Synthetic sources").
    "ilr": "coalesce(nullif(ULN, '9999999999'), cast(UKPRN as varchar) || '|' || "
    "LearnRefNumber)",
    "hesa": "HUSID",
    "cis": "NINO",
    "hmrc": "NINO",
    "dwp": "NINO",
}

LAST_DAY = date(1970, 1, 1) + timedelta(days=DATA_END)
Kind = Literal["share", "clustered share", "median", "mean", "estimate"]


@dataclass(frozen=True)
class Measure:
    """Figures of one kind, measured by one query.

    Attributes:
        kind: "share" of rows id, hits, members; "clustered share" of id, cluster, hits,
            members, where rows of one family or person depend on each other; "median"
            and "mean" of id, amount; "estimate" gives id, value, standard_error, people
            itself.
        query: SQL. `{npd_census}` and the like are rows of a source with person_id;
            `{persons}`, `{entities}` are the truth, `{npd_owners}` entity_key and
            person_id of a source, other names are views.
    """

    kind: Kind
    query: str


@cache
def queries() -> dict[str, Any]:
    """The tables of queries.toml."""
    text = Path(__file__).with_name("queries.toml").read_text(encoding="utf-8")
    return tomllib.loads(text.replace("LAST_DAY", str(LAST_DAY)))


class Population:
    """A population's tables, read by name; views are computed once, when a query uses
    them.
    """

    def __init__(
        self,
        engine: Engine,
        tables: Mapping[str, Table],
        views: Mapping[str, str] | None = None,
    ) -> None:
        self.engine = engine
        self.tables = dict(tables)
        self.views = dict(views or {})
        self.stored: dict[str, Table] = {}

    @classmethod
    def read(cls, engine: Engine, folder: Path) -> "Population":
        """The population in `folder`.

        Raises:
            InputError: the folder holds no population in Parquet; the message says
                which table is missing.
        """
        last = max(
            folder.glob("release-*"),
            key=lambda path: int(path.name.rpartition("-")[2]),
            default=folder,
        )
        base = last / "sources"
        paths = {
            f"{source}_{table}": base / source / table
            for source, tables in SOURCES.items()
            for table in tables
        }
        truth = {name: folder / "truth" / name for name in TRUTH}
        paths |= {
            f"truth_{n}": path if path.is_dir() else path.with_suffix(".parquet")
            for n, path in truth.items()
        }
        gaps = sorted(
            name
            for name, path in paths.items()
            if not (path.is_file() or any(path.glob("*.parquet")))
        )
        if gaps:
            raise InputError(
                f"{folder}: no population that can be checked; it lacks "
                f"{', '.join(gaps)}\n"
                "  make one: leo synth --people 200k --out FOLDER (every table, in "
                "Parquet)"
            )
        return cls(engine, {name: engine.read(path) for name, path in paths.items()})

    def sql(self, query: str, *, store: bool = False, **tables: Table) -> Table:
        """A query over tables and views by their names in braces; `tables` are further
        ones.
        """
        for name in re.findall(r"\{(\w+)\}", query):
            if name not in tables:
                tables[name] = self.table(name)
        return self.engine.sql(query, params=None, store=store, **tables)

    def table(self, name: str) -> Table:
        """A table or view by the name that queries give it; stored at its first use."""
        if f"truth_{name}" in self.tables:
            return self.tables[f"truth_{name}"]
        if name not in self.stored:
            self.stored[name] = self._view(name)
        return self.stored[name]

    def _view(self, name: str) -> Table:
        if name in self.views:
            return self.sql(self.views[name], store=True)
        source, _, table = name.partition("_")
        if table == "owners":
            # Pupils of private schools have examinations and no identifier record:
            # truth names them with the persons.
            examinations = (
                "union all select examined_as, person_id from {persons} "
                "where examined_as is not null"
            )
            return self.sql(
                f"select entity_key, person_id from {{entities}} where source = "
                f"'{source}' "
                f"{examinations if source == 'npd' else ''}",
                store=True,
            )
        owners = "cis_owners" if source in ("hmrc", "dwp") else f"{source}_owners"
        return self.sql(
            f"select o.person_id, t.* from {{rows}} as t join {{{owners}}} as o on "
            f"o.entity_key = {_KEYS[source]}",
            rows=self.tables[name],
        )

    def measured(self, measures: Iterable[Measure]) -> dict[str, Achieved]:
        """The figures of all measures by their ids.

        Raises:
            LeoError: two measures gave one id.
        """
        figures: dict[str, Achieved] = {}
        for measure in measures:
            estimates = self.sql(
                queries()["estimate"][measure.kind], rows=self.sql(measure.query)
            )
            for row in self.engine.arrow(estimates).to_pylist():
                if row["value"] is None:
                    continue
                if row["id"] in figures:
                    raise LeoError(
                        f"figure '{row['id']}' is measured twice: this is a fault of "
                        "the check itself"
                    )
                error, people = float(row["standard_error"] or 0), int(row["people"])
                figures[row["id"]] = Achieved(float(row["value"]), error, people)
        return figures
