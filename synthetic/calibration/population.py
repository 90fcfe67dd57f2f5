"""The files of a population as tables of an engine, and whose each row is."""

from collections.abc import Mapping
from pathlib import Path

from linkage.engine import Engine, Table
from linkage.errors import InputError

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
    # A learner without a number is known by the provider's own (docs/tables.md, "Synthetic sources").
    "ilr": "coalesce(nullif(ULN, '9999999999'), cast(UKPRN as varchar) || '|' || LearnRefNumber)",
    "hesa": "HUSID",
    "cis": "NINO",
    "hmrc": "NINO",
    "dwp": "NINO",
}


class Population:
    """Tables by name, `npd_census` and the like, and `truth_persons`, `truth_entities`."""

    def __init__(self, engine: Engine, tables: Mapping[str, Table]) -> None:
        self.engine = engine
        self.tables = dict(tables)
        self._owners: dict[str, Table] = {}

    @classmethod
    def read(cls, engine: Engine, folder: Path) -> "Population":
        """The population that was written to `folder`.

        Raises:
            InputError: the folder holds no population in Parquet; the message says which table is missing.
        """
        base = (
            max(folder.glob("release-*"), key=_number, default=folder) / "sources"
        )  # the last delivery holds the most
        paths = {f"{source}_{table}": base / source / table for source, tables in SOURCES.items() for table in tables}
        paths |= {f"truth_{name}": _whole_or_parts(folder / "truth", name) for name in TRUTH}
        missing = sorted(name for name, path in paths.items() if not path.exists() or _empty(path))
        if missing:
            raise InputError(
                f"{folder}: no population that can be checked; it lacks {', '.join(missing)}\n"
                "  make one: leo synth --people 200k --check --out FOLDER (every table, in Parquet)"
            )
        return cls(engine, {name: engine.read(path) for name, path in paths.items()})

    @property
    def persons(self) -> Table:
        """truth/persons."""
        return self.tables["truth_persons"]

    def owned(self, name: str) -> Table:
        """A table of a source with the person of each row as `person_id`; rows of nobody are left out."""
        source = name.partition("_")[0]
        return self.engine.sql(
            f"""
            select o.person_id, t.*
            from {{table}} as t
            join {{owners}} as o on o.entity_key = {_KEYS[source]}
            """,
            table=self.tables[name],
            owners=self.owners("cis" if source in ("hmrc", "dwp") else source),
        )

    def owners(self, source: str) -> Table:
        """entity_key and person_id of those whom a source has rows of; stored."""
        if source not in self._owners:
            # Pupils of private schools have examinations and no identity record: truth names them with the persons.
            examined = "select examined_as, person_id from {persons} where examined_as is not null"
            self._owners[source] = self.engine.sql(
                f"""
                select entity_key, person_id from {{entities}} where source = $source
                {f"union all {examined}" if source == "npd" else ""}
                """,
                entities=self.tables["truth_entities"],
                persons=self.persons,
                params={"source": source},
                store=True,
            )
        return self._owners[source]


def _number(release: Path) -> int:
    return int(release.name.rpartition("-")[2])


def _whole_or_parts(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).is_dir() else folder / f"{name}.parquet"


def _empty(path: Path) -> bool:
    return path.is_dir() and not any(path.glob("*.parquet"))
