"""The folder of `leo run`, `leo link` or `leo dedupe`, opened to explain, review or
tune a link step.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from linkage.config import Cardinality, Pass, Step, of_manifest
from linkage.config.identifiers import IDENTIFIERS, kept_columns
from linkage.engine import Engine, Table, connect, quote, rows
from linkage.errors import ConfigError, InputError
from linkage.match.thresholds import Thresholds, most_adjustment
from linkage.model import Model, load
from linkage.pipeline.folder import MANIFEST
from linkage.pipeline.linked_files import (
    CLUSTERS_OF_A_FILE,
    LINKS_OF_FILES,
    MODEL,
    SOURCE_KEY,
    UNLINKED_OF_FILES,
    dedupe_thresholds,
    facts_of_files,
    is_linked_files,
    records_file,
    table_of,
)
from linkage.pipeline.manifest import manifest_of, manifest_of_sources, tables_of
from linkage.pipeline.sides import PEOPLE, FileSide, Side, listed_units


def check_exists(root: Path) -> None:
    """Check that an opened folder is still there: writing would create a new one
    elsewhere.

    Raises:
        InputError: it is not.
    """
    if not (root / MANIFEST).is_file():
        raise InputError(
            f"{root}: the run's folder is not there any more\n  put it back where it "
            "was; or end this, and start "
            "it again on the folder where it is now"
        )


def links_manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest records of the folder's links: rows and fingerprints, by table
    and step.
    """
    return {
        stage["name"]: stage.get("made")
        for stage in manifest["stages"]
        if stage["name"].startswith("link-")
    }


@dataclass(frozen=True)
class OpenStep:
    """A link step and its results.

    Attributes:
        passes: the deterministic rules in order; None if the run did not record them.
        links: left_id, right_id (unit ids), decision and the other columns of the links
            table.
        unlinked: side, id, reason; None of one file.
        side_names: the two sources or files; the same name twice if a file was linked
            with itself.
        fields: identifiers and kept columns that a record may have.
        model_file: the step's model.
        trained: what the model was trained on; empty if not recorded.
        decisions: number of overrides (links settled by people) that the step followed.
        known: column with term frequencies to the number of units that have a value;
            None if not recorded.
        clusters: unit_id, person_id, records; None unless one file was linked with
            itself.
        removed_links: left_id, right_id, rule of accepted links that the spine removed;
            None without a spine.
        options: setting to the option of the command that sets it; None for a run,
            whose settings are in its TOML.
    """

    step: Step
    model: Model
    passes: tuple[Pass, ...] | None
    thresholds: Thresholds
    links: Table
    unlinked: Table | None
    sides: Mapping[str, Side]
    side_names: tuple[str, str] = ("left", "right")
    fields: tuple[str, ...] = IDENTIFIERS
    model_file: Path = Path("model.json")
    trained: Mapping[str, Any] | None = None
    decisions: int = 0
    known: Mapping[str, int] | None = None
    clusters: Table | None = None
    removed_links: Table | None = None
    options: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """The step's name."""
        return self.step.name

    @property
    def of_one_file(self) -> bool:
        """Whether a file was linked with itself."""
        return self.clusters is not None

    @property
    def cardinality(self) -> Cardinality:
        """How many links a unit may have."""
        return self.step.cardinality

    @property
    def records(self) -> list[int]:
        """Numbers of units: of both sides, or of the one file."""
        return [
            self.sides[side].size
            for side in (("left",) if self.of_one_file else ("left", "right"))
        ]

    @property
    def floor(self) -> float:
        """Match weight below which no pair was stored."""
        if self.of_one_file:
            return self.thresholds.floor(0.0)
        sizes = {name: side.size for name, side in self.sides.items()}
        return self.thresholds.floor(most_adjustment(sizes, self.cardinality))


class OpenRun:
    """The folder of a `leo run`."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self.engine, self.root = engine, root
        self.manifest = manifest_of_sources(root)
        self._paths = tables_of(root, self.manifest)
        self._tables: dict[str, Table] = {}
        configuration = self.manifest["configuration"]
        self.name = str(self.manifest["run"])
        self.sources = list(configuration["source"])
        self.steps = {
            step.name: step for step in of_manifest(root / MANIFEST, configuration).step
        }
        self.counts = {
            stage["name"]: stage.get("counts") for stage in self.manifest["stages"]
        }

    def has(self, name: str) -> bool:
        """Whether the run made a table."""
        return name in self._paths

    def table(self, name: str) -> Table:
        """A table of the run.

        Raises:
            ConfigError: the run has not made it yet.
        """
        if name not in self._paths:
            raise ConfigError(
                f"{self.root}: the run holds no table {name}\n  finish it first: leo "
                "run"
            )
        if name not in self._tables:
            self._tables[name] = self.engine.read(self._paths[name])
        return self._tables[name]

    def tables_below(self, kind: str) -> dict[str, Table]:
        """The run's tables of a kind, "attributes" for example, by source."""
        return {
            name.removeprefix(f"{kind}/"): self.table(name)
            for name in self._paths
            if name.startswith(f"{kind}/")
        }

    def linked_steps(self) -> list[str]:
        """Steps that have links."""
        return [name for name in self.steps if self.has(f"links/{name}")]

    def entity(self, key: str, option: str) -> int:
        """An entity by SOURCE:KEY or its number.

        Raises:
            ConfigError: there is none. The message never repeats the key, which may be
                a person's number.
        """
        source, separator, rest = key.partition(":")
        if separator and source in self.sources:
            matches = self.engine.sql(
                "select i.entity_id from {entities} as i join {wanted} as w on "
                "w.entity_key = i.entity_key",
                entities=self.table(f"entities/{source}"),
                wanted=self.engine.from_arrow(
                    pa.table({"entity_key": pa.array([rest], pa.string())})
                ),
            )
            entities = rows(self.engine, matches)
            if not entities:
                raise ConfigError(
                    f"{option}: {source} has no entity with this key\n  keys are the "
                    "source's own"
                )
            return int(entities[0]["entity_id"])
        if not (key.isascii() and key.isdigit() and len(key) <= 15):
            raise ConfigError(
                f"{option}: names no entity\n  give SOURCE:KEY or the number of an "
                "entity; "
                f"sources are {', '.join(self.sources)}"
            )
        if self.source_of(int(key)) is None:
            raise ConfigError(
                f"{option} {key}: the run has no entity of this number\n"
                "  give SOURCE:KEY, or a number from the run's entities or spine"
            )
        return int(key)

    def source_of(self, entity_id: int) -> str | None:
        """The source of an entity: ids are dense over the sources in their order."""
        last = 0
        for source in self.sources:
            counts = self.counts.get(f"entities-{source}") or {}
            after = int(counts.get("next_entity_id", 1))
            if last < entity_id < after:
                return str(source)
            last = after - 1
        return None

    def ids(self, step: OpenStep, side: str, units: Collection[int]) -> dict[int, str]:
        """Unit to what it is called outside the folder: nothing, since a source's keys
        may be people's numbers.
        """
        return {}

    def open(self, name: str | None) -> OpenStep:
        """A step with its two sides.

        Raises:
            ConfigError: there is no such step, it has no links yet, or only links
                (diagnose = false).
        """
        name = step_named(self.root, self.steps, name)
        step, sides = self.steps[name], self.sides(name)
        counts: dict[str, Any] = self.counts[f"link-{name}"] or {}
        if not step.diagnose:
            raise ConfigError(
                f"{self.root}: step '{name}' stored its links only, without the other "
                "scored pairs\n"
                "  take diagnose = false from the step in the run's file and run again"
            )
        return OpenStep(
            step=step,
            model=load(self.root / "models" / f"{name}.json"),
            passes=_recorded_passes(counts["passes"]),
            thresholds=Thresholds(**counts["thresholds"]),
            links=self.table(f"links/{name}"),
            unlinked=self.table(f"unlinked/{name}"),
            sides=sides,
            side_names=(sides["left"].name, sides["right"].name),
            fields=(
                *IDENTIFIERS,
                *kept_columns(self.table(f"entities/{self.sources[0]}").columns),
            ),
            model_file=self.root / "models" / f"{name}.json",
            trained=counts.get("training") or {},
            decisions=int((counts.get("overrides") or {}).get("decisions", 0)),
            known=counts.get("known"),
            removed_links=self.removed_links(name),
        )

    def removed_links(self, step: str) -> Table | None:
        """left_id, right_id, rule of a step's links that the spine removed; None if not
        recorded.
        """
        if (
            not self.has("removed_links")
            or "left_id" not in self.table("removed_links").columns
        ):
            return None
        query = "select left_id, right_id, rule from {removed_links} where step = $step"
        return self.engine.sql(
            query, params={"step": step}, removed_links=self.table("removed_links")
        )

    def sides(self, name: str) -> dict[str, Side]:
        """Both sides of a step.

        Raises:
            ConfigError: it has no links yet.
        """
        step, counts = self.steps[name], self.counts.get(f"link-{name}")
        if not counts or not self.has(f"links/{name}"):
            raise ConfigError(
                f"{self.root}: the run holds no links of step '{name}'\n  finish it "
                "first: leo run"
            )
        before = list(self.steps.values())[: list(self.steps).index(name)]
        linked = {
            source for earlier in before for source in (earlier.left, earlier.right)
        }
        sides = {}
        for side, source_name in (("left", step.left), ("right", step.right)):
            query, units = (
                "select unit_id, entity_id from {units} where side = $side",
                self.table(f"units/{name}"),
            )
            members = self.engine.sql(query, params={"side": side}, units=units)
            names = (
                [source for source in self.sources if source in linked]
                if source_name == PEOPLE
                else [source_name]
            )
            tables = {
                s: (self.table(f"entities/{s}"), self.table(f"identifier_records/{s}"))
                for s in names
            }
            sides[side] = Side(
                self.engine, source_name, int(counts[f"{side}_units"]), tables, members
            )
        return sides


class OpenFiles:
    """The folder of a `leo link` or `leo dedupe`, which has one step, without the
    files. Methods as of OpenRun.

    Raises:
        ConfigError: the folder holds links only, or no records since an earlier version
            wrote it.
        InputError: one of its tables is damaged.
    """

    def __init__(self, engine: Engine, root: Path) -> None:
        self.engine, self.root = engine, root
        self.manifest = manifest_of(root)
        self.name = str(self.manifest["run"])
        self.facts = facts_of_files(root, self.manifest)
        one_file = self.facts.config.of_one_file
        if not self.facts.config.link.diagnose:
            raise ConfigError(
                f"{root}: holds links only, and no reasons\n  link again without "
                "--links-only"
            )
        records = self._records()
        counts = self.facts.counts
        left = FileSide(
            engine,
            "record" if one_file else "left",
            records["file" if one_file else "left"],
        )
        right = left if one_file else FileSide(engine, "right", records["right"])
        self._sides = {"left": left, "right": right}
        both = {side: file.records for side, file in self._sides.items()}
        self._step = OpenStep(
            step=self.facts.step,
            model=load(root / MODEL),
            passes=() if one_file else _recorded_passes(counts["passes"]),
            thresholds=dedupe_thresholds(self.facts.step.accept_probability)
            if one_file
            else Thresholds(**counts["thresholds"]),
            links=self._table("links", LINKS_OF_FILES, _LINKS, both),
            unlinked=None
            if one_file
            else self._table("unlinked", UNLINKED_OF_FILES, _UNLINKED, both),
            sides=dict(self._sides),
            side_names=_file_names(self.facts.files),
            fields=tuple(
                n
                for n in left.records.columns
                if n in right.records.columns and n not in _NOT_FIELDS
            ),
            model_file=root / MODEL,
            trained=counts.get("training") or {},
            known=counts.get("known"),
            clusters=self._table("clusters", CLUSTERS_OF_A_FILE, _CLUSTERS, both)
            if one_file
            else None,
            options={"accept_probability": "--threshold"},
        )

    def _records(self) -> dict[str, Table]:
        """left and right, or file, to unit_id, source_key and the fields."""
        paths = {side: self.root / records_file(side) for side in self.facts.files}
        if not all(path.is_file() for path in paths.values()):
            raise ConfigError(
                f"{self.root}: does not hold the records that were linked\n  link "
                "again, with --force"
            )
        tables = {
            side: table_of(self.engine, path, "unit_id", SOURCE_KEY)
            for side, path in paths.items()
        }
        query = f"""
            select * replace (cast({SOURCE_KEY} as varchar) as {SOURCE_KEY})
            from {{records}}
            """
        return {
            side: self.engine.sql(query, records=table)
            for side, table in tables.items()
        }

    def _table(
        self,
        name: str,
        columns: Sequence[str],
        query: str,
        records: Mapping[str, Table],
    ) -> Table:
        """A table of the folder with unit ids instead of those of the files."""
        table = table_of(self.engine, self.root / f"{name}.parquet", *columns)
        return self.engine.sql(query, params=None, store=True, t=table, **records)

    def linked_steps(self) -> list[str]:
        """The only step."""
        return [self._step.name]

    def open(self, name: str | None) -> OpenStep:
        """The only step, whether named or not."""
        if name not in (None, self._step.name):
            raise ConfigError(
                f"--step {name}: the folder has no such step; it has {self._step.name}"
            )
        return self._step

    def unit(self, step: OpenStep, side: str, key: str, option: str) -> int:
        """The unit of a record by its id in the file."""
        keys = self.engine.from_arrow(
            pa.table({SOURCE_KEY: pa.array([key], pa.string())})
        )
        query = (
            f"select r.unit_id from {{records}} as r join {{keys}} using "
            f"({quote(SOURCE_KEY)})"
        )
        units = rows(
            self.engine,
            self.engine.sql(query, records=self._sides[side].records, keys=keys),
        )
        if not units:
            file = "the file" if step.of_one_file else f"the {side} file"
            raise ConfigError(
                f"{option}: {file} has no record with this id\n"
                "  give an id as links.parquet has it: the id column of the file, or "
                "the number of the record"
            )
        return int(units[0]["unit_id"])

    def ids(self, step: OpenStep, side: str, units: Collection[int]) -> dict[int, str]:
        """Unit to its id in the file."""
        query = (
            f"select unit_id, r.{quote(SOURCE_KEY)} as id from {{records}} as r "
            f"join {{selection}} using (unit_id)"
        )
        selection = listed_units(self.engine, sorted(units))
        ids = self.engine.sql(
            query, records=self._sides[side].records, selection=selection
        )
        return {int(row["unit_id"]): str(row["id"]) for row in rows(self.engine, ids)}


_NOT_FIELDS = ("unit_id", SOURCE_KEY)

_LINKS = """
    select l.unit_id as left_id, r.unit_id as right_id, k.* exclude (left_id, right_id)
    from {t} as k
    join {left} as l on l.source_key = cast(k.left_id as varchar)
    join {right} as r on r.source_key = cast(k.right_id as varchar)
    """
_UNLINKED = """
    select u.side, coalesce(l.unit_id, r.unit_id) as id, u.reason
    from {t} as u
    left join {left} as l on u.side = 'left' and l.source_key = u.id
    left join {right} as r on u.side = 'right' and r.source_key = u.id
    """
_CLUSTERS = """
    select i.unit_id, c.person_id, c.records
    from {t} as c
    join {left} as i on i.source_key = cast(c.id as varchar)
    """


def _file_names(files: Mapping[str, str]) -> tuple[str, str]:
    """What the two files are called; the same name twice if a file was linked with
    itself.
    """
    names = [Path(path).name for path in files.values()]
    is_same = len(names) == 2 and names[0] == names[1]
    return (
        (f"left {names[0]}", f"right {names[1]}") if is_same else (names[0], names[-1])
    )


def model_file(root: Path, step: str | None) -> Path:
    """Where the model of a folder's step is stored.

    Raises:
        ConfigError: it is not such a folder, there is no such step, or several and none
            is named.
    """
    if is_linked_files(root):
        return root / MODEL
    steps = [
        one["name"]
        for one in manifest_of_sources(root)["configuration"].get("step", [])
    ]
    return root / "models" / f"{step_named(root, steps, step)}.json"


def step_named(
    root: Path, steps: Collection[str], name: str | None, none: str = "its steps: none"
) -> str:
    """The name of a step, the only one where none is named.

    Raises:
        ConfigError: there is no such step, or several.
    """
    if name is None and len(steps) != 1:
        raise ConfigError(
            f"{root}: which step?\n  give --step with one of {', '.join(steps) or none}"
        )
    if name is not None and name not in steps:
        raise ConfigError(
            f"--step {name}: the run has no such step; it has {', '.join(steps)}"
        )
    return name or next(iter(steps))


def open_folder(engine: Engine, root: Path) -> OpenRun | OpenFiles:
    """Open the folder of a run, or of two files or one file that were linked.

    Raises:
        ConfigError: it is neither, or holds links only.
        InputError: one of its tables is damaged.
    """
    return OpenFiles(engine, root) if is_linked_files(root) else OpenRun(engine, root)


class FolderSession:
    """A folder of `leo run`, `leo link` or `leo dedupe` with an engine of its own, open
    until the block ends.

    Raises:
        ConfigError, InputError: as of `open_folder`.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._engine = root, connect("duckdb", within=[root])
        try:
            self._folder = open_folder(self._engine, root)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the engine."""
        self._engine.close()


def _recorded_passes(counts: Sequence[Mapping[str, Any]]) -> tuple[Pass, ...] | None:
    """The passes as a step's counts have them; None where these have names only."""
    if any("equal" not in row for row in counts):
        return None
    return tuple(
        Pass(
            name=row["pass"],
            **{key: row[key] for key in ("why", "equal", "agree_any", "accept")},
        )
        for row in counts
    )
