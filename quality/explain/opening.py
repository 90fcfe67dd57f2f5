"""A step of a run that has ended, opened again: its model, passes, thresholds, links and two sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from linkage.config import Cardinality, Pass, Step, of_manifest
from linkage.config.identifiers import IDENTIFIERS, kept_columns
from linkage.engine import Engine, Table, columns, rows
from linkage.errors import ConfigError, InputError
from linkage.match.thresholds import Thresholds, most_adjustment
from linkage.model import Model, load
from linkage.pipeline.delivery import manifest_of, tables_of
from linkage.pipeline.folder import MANIFEST
from linkage.pipeline.intact import document_of
from linkage.pipeline.stages.linking import PEOPLE
from quality.explain.sides import RunSide, Side


def see_that_it_is_there(root: Path) -> None:
    """See that the folder of a run that was opened is where it was: a new one would take in what nobody finds.

    Raises:
        InputError: it is not.
    """
    if not (root / MANIFEST).is_file():
        raise InputError(
            f"{root}: the run's folder is not there any more\n  put it back where it was; or end this, and start "
            "it again on the folder where it is now"
        )


def links_made(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a folder's manifest says of the links that lie there: their rows and fingerprints, by table and step."""
    stages = {stage["name"]: stage.get("made") for stage in manifest.get("stages", ())}
    return manifest.get("tables") or {name: made for name, made in stages.items() if name.startswith("link-")}


def links_now(root: Path) -> dict[str, Any]:
    """The same of a folder that was opened before, as it is now."""
    return links_made(document_of(root / MANIFEST))


@dataclass(frozen=True)
class OpenStep:
    """A step and what it left.

    Attributes:
        passes: the rules in their order; None where the run did not write them down.
        links: left_id, right_id and the rest of docs/tables.md.
        unlinked: side, id, reason.
        decided: how many decisions of people the step was given.
        known: column of a model's term frequencies to the units of both sides that know it; None where the run did not
            write it down, and it has to be counted.
        clusters: of one file linked with itself: unit_id, person_id, records (of that person). Both sides are the file.
        removed_links: left_id, right_id, rule of accepted links that the spine did not follow; None where there is no spine.
        options: setting to the option that sets it, where that is no run's file; a setting without one is not shown.
    """

    step: Step
    model: Model
    passes: tuple[Pass, ...] | None
    thresholds: Thresholds
    links: Table
    unlinked: Table | None
    sides: Mapping[str, Side]
    decided: int = 0
    known: Mapping[str, int] | None = None
    clusters: Table | None = None
    removed_links: Table | None = None
    options: Mapping[str, str] | None = None

    @property
    def of_one_file(self) -> bool:
        """Whether a file was linked with itself."""
        return self.clusters is not None

    @property
    def cardinality(self) -> Cardinality:
        """How many links a unit may hold."""
        return self.step.cardinality

    @property
    def records(self) -> list[int]:
        """How many units the two sides have, or the one file has."""
        return [self.sides[side].size for side in (("left",) if self.of_one_file else ("left", "right"))]

    @property
    def floor(self) -> float:
        """The match weight below which the step kept no pair."""
        if self.of_one_file:
            return self.thresholds.floor(0.0)
        sizes = {name: side.size for name, side in self.sides.items()}
        return self.thresholds.floor(most_adjustment(sizes, self.cardinality))


class OpenRun:
    """A run's folder as it is read to explain it."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self.engine, self.root = engine, root
        self.manifest = manifest_of(root)
        if "configuration" not in self.manifest:
            raise ConfigError(
                f"{root}: is no folder of leo run\n  give the folder that leo run wrote to (--out, or runs/NAME)"
            )
        self._paths = tables_of(root, self.manifest)
        self._tables: dict[str, Table] = {}
        configuration = self.manifest["configuration"]
        self.name = str(self.manifest["run"])
        self.sources = list(configuration["source"])
        self.steps = {step.name: step for step in of_manifest(root / MANIFEST, configuration).step}
        self._counts = {stage["name"]: stage.get("counts") for stage in self.manifest["stages"]}

    def has(self, name: str) -> bool:
        """Whether the run came as far as a table."""
        return name in self._paths

    def table(self, name: str) -> Table:
        """A table of the run.

        Raises:
            ConfigError: the run has not come so far.
        """
        if name not in self._paths:
            raise ConfigError(f"{self.root}: the run holds no table {name}\n  finish it first: leo run")
        if name not in self._tables:
            self._tables[name] = self.engine.read(self._paths[name])
        return self._tables[name]

    def tables_below(self, kind: str) -> dict[str, Table]:
        """The run's tables of a kind, "attributes" for example, by what follows in their names."""
        return {name.removeprefix(f"{kind}/"): self.table(name) for name in self._paths if name.startswith(f"{kind}/")}

    def compared(self) -> tuple[str, ...]:
        """What the run knows of people: identifiers, and what its sources keep beside them."""
        return (*IDENTIFIERS, *kept_columns(self.table(f"identities/{self.sources[0]}").columns))

    def named_step(self, name: str) -> Step:
        """A step by its name.

        Raises:
            ConfigError: there is none.
        """
        if name not in self.steps:
            raise ConfigError(f"--step {name}: the run has no such step; it has {', '.join(self.steps)}")
        return self.steps[name]

    def entity(self, source: str, key: str) -> int | None:
        """The entity that a source knows under a key."""
        wanted = self.engine.from_arrow(pa.table({"entity_key": pa.array([key], pa.string())}))
        found = self.engine.sql(
            "select i.entity_id from {identities} as i join {wanted} as w on w.entity_key = i.entity_key",
            identities=self.table(f"identities/{source}"),
            wanted=wanted,
        )
        held = rows(self.engine, found)
        return int(held[0]["entity_id"]) if held else None

    def named_entity(self, key: str, option: str) -> int:
        """An entity by SOURCE:KEY or its number.

        Raises:
            ConfigError: there is none; the message never repeats the key, which may be somebody's number.
        """
        source, parted, rest = key.partition(":")
        if parted and source in self.sources:
            found = self.entity(source, rest)
            if found is None:
                raise ConfigError(f"{option}: {source} has no entity with this key\n  keys are the source's own")
            return found
        if not key.isdigit():
            raise ConfigError(
                f"{option}: names no entity\n  give SOURCE:KEY or the number of an entity; "
                f"sources are {', '.join(self.sources)}"
            )
        if self.source_of(int(key)) is None:
            raise ConfigError(
                f"{option} {key}: the run has no entity of this number\n"
                "  give SOURCE:KEY, or a number from the run's identities or spine"
            )
        return int(key)

    def source_of(self, entity_id: int) -> str | None:
        """The source of an entity: ids are dense over the sources in their order."""
        last = 0
        for source in self.sources:
            counts = self._counts.get(f"identities-{source}") or {}
            after = int(counts.get("next_entity_id", 1))
            if last < entity_id < after:
                return str(source)
            last = after - 1
        return None

    def open(self, name: str) -> OpenStep:
        """A step with its two sides."""
        step = self.named_step(name)
        counts = self._counts.get(f"link-{name}")
        if not counts or not self.has(f"links/{name}"):
            raise ConfigError(f"{self.root}: the run holds no links of step '{name}'\n  finish it first: leo run")
        if not step.diagnose:
            raise ConfigError(
                f"{self.root}: step '{name}' was asked for its links alone, and knows nothing of other pairs\n"
                "  take diagnose = false from the step in the run's file and run again"
            )
        before = list(self.steps.values())[: list(self.steps).index(name)]
        joined = {source for earlier in before for source in (earlier.left, earlier.right)}
        return OpenStep(
            step=step,
            model=load(self.root / "models" / f"{name}.json"),
            passes=written_passes(counts["passes"]),
            thresholds=Thresholds(**counts["thresholds"]),
            links=self.table(f"links/{name}"),
            unlinked=self.table(f"unlinked/{name}"),
            sides={side: self._side(step, side, joined, int(counts[f"{side}_units"])) for side in ("left", "right")},
            decided=int((counts.get("overrides") or {}).get("decisions", 0)),
            known=counts.get("known"),
            removed_links=self.removed_links(name),
        )

    def trained(self, step: str) -> Mapping[str, Any]:
        """What a step's model was trained on; empty where that was not written down."""
        return (self._counts.get(f"link-{step}") or {}).get("training") or {}

    def removed_links(self, step: str) -> Table | None:
        """left_id, right_id, rule of a step's links that the spine did not follow; None where nothing is known."""
        if not self.has("removed_links") or "left_id" not in self.table("removed_links").columns:
            return None
        query = "select left_id, right_id, rule from {removed_links} where step = $step"
        return self.engine.sql(query, params={"step": step}, removed_links=self.table("removed_links"))

    def _side(self, step: Step, side: str, joined: set[str], size: int) -> RunSide:
        name = cast(str, getattr(step, side))
        sources = [source for source in self.sources if source in joined] if name == PEOPLE else [name]
        members = self.engine.sql(
            "select unit_id, entity_id from {units} where side = $side",
            params={"side": side},
            units=self.table(f"units/{step.name}"),
        )
        tables = {
            source: (self.table(f"identities/{source}"), self.table(f"identifier_records/{source}"))
            for source in sources
        }
        return RunSide(self.engine, name, size, tables, members)

    def entities(self) -> Table:
        """entity_id, source of all sources."""
        parts = {f"of_{index}": self.table(f"identities/{source}") for index, source in enumerate(self.sources)}
        union = "\nunion all\n".join(f"select {columns(('entity_id', 'source'))} from {{{part}}}" for part in parts)
        return self.engine.sql(union, params=None, store=False, **parts)


def written_passes(counts: list[dict[str, Any]]) -> tuple[Pass, ...] | None:
    """The rules of passes as a step's counts hold them; None where they hold the names alone."""
    if any("equal" not in row for row in counts):
        return None
    said = ("why", "equal", "agree_any", "accept")
    return tuple(Pass(name=row["pass"], **{key: row[key] for key in said}) for row in counts)
