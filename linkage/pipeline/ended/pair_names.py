"""What a pair is called in every run: its records' own keys under a keyed hash, since ids mean nothing in other runs.

A key of CIS is a National Insurance number, which a bare hash would give away: all of them can be tried. So names are
HMACs under a key that lies beside the labels, RUN/review/labels.key, for its owner alone. The next run takes it over.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config.identifiers import IDENTIFIERS, kept_columns
from linkage.engine import Engine, Table, columns, rows
from linkage.extract.keys import master_key, write_new_key
from linkage.extract.pseudonyms import SEPARATOR, ProjectKey, pseudonyms
from linkage.pipeline.delivery import manifest_of, tables_of

KEY = "labels.key"
NAMES = ("left_name", "right_name", "compared")
SIDES = ("left", "right")

Pair = tuple[int, int]


def names_key(run: Path, like: Path | None = None) -> ProjectKey:
    """The key of a run's names, made where there is none.

    Args:
        like: an earlier run, whose key is taken over where this one has none yet.
    """
    path = run / "review" / KEY
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        if like and (like / "review" / KEY).is_file():
            shutil.copy(like / "review" / KEY, path)  # with its mode
        else:
            write_new_key(path, of_run=True)
    return master_key(path, of_run=True).project("labels")


def names_of_run(engine: Engine, run: Path, step: str) -> "PairNames":
    """The units of a step of a run.

    Raises:
        ConfigError: the folder is no run's.
    """
    manifest = manifest_of(run)
    tables = tables_of(run, manifest)
    entities = {
        name: engine.read(tables[f"identities/{name}"])
        for name in manifest["configuration"]["source"]
        if f"identities/{name}" in tables
    }
    kept = [name for table in entities.values() for name in kept_columns(table.columns)]
    return PairNames(engine, engine.read(tables[f"units/{step}"]), entities, (*IDENTIFIERS, *dict.fromkeys(kept)))


class PairNames:
    """The units of a step, by ids and by names.

    Args:
        units: side, unit_id, entity_id.
        entities: source to its records: entity_id, source, entity_key, and lists of what they hold.
        values: names of those lists: all that a reviewer sees.
        of_one_file: both sides are one file, so that a pair is the same whichever of the two stands first.
    """

    def __init__(
        self,
        engine: Engine,
        units: Table,
        entities: Mapping[str, Table],
        values: Sequence[str] = IDENTIFIERS,
        *,
        of_one_file: bool = False,
    ) -> None:
        self._engine, self._units, self._by_source = engine, units, entities
        self._values, self._of_one_file = values, of_one_file

    def lots(self, side: str) -> Table:
        """unit_id, name: the same in every run for as long as a unit holds the record that the hash puts first.

        It serves to draw and is never kept: a hash without a key.
        """
        return self._engine.sql(
            """
            select u.unit_id, min(md5(e.source || chr(31) || e.entity_key)) as name
            from {units} as u
            join {entities} as e on e.entity_id = u.entity_id
            where u.side = $side
            group by u.unit_id
            """,
            params={"side": side},
            store=True,
            units=self._units,
            entities=self._entities(("entity_id", "source", "entity_key")),
        )

    def of(self, pairs: Sequence[Pair], key: ProjectKey) -> dict[Pair, dict[str, str]]:
        """Pair to its NAMES.

        A unit is named by the first of its records in the order of sources and keys. `compared` tells whether any value
        that a reviewer would see is another.
        """
        held = [self._held(side, {pair[end] for pair in pairs}) for end, side in enumerate(SIDES)]
        found = {}
        for left, right in pairs:
            sides = [
                (_name(key, *min((row["source"], row["entity_key"]) for row in of)), _values(of, self._values))
                for of in (held[0][left], held[1][right])
            ]
            (left_name, ours), (right_name, theirs) = sorted(sides) if self._of_one_file else sides
            compared = key.pseudonym("values", SEPARATOR.join((ours, theirs)))
            found[left, right] = dict(zip(NAMES, (left_name, right_name, compared), strict=True))
        return found

    def pair(self, left: int, right: int) -> Pair:
        """Two units as the links have them: of one file the lower number stands first."""
        return (min(left, right), max(left, right)) if self._of_one_file else (left, right)

    def find(self, side: str, names: Iterable[str], key: ProjectKey) -> dict[str, int]:
        """Name to the unit that holds the record now; those that are no longer there are left out."""
        by_source: dict[str, list[str]] = {}
        for name in names:
            source, _, digest = name.partition(":")
            by_source.setdefault(source, []).append(digest)
        return {
            f"{source}:{row['pseudonym']}": int(row["unit_id"])
            for source, digests in by_source.items()
            if source in self._by_source
            for row in self._found(side, source, digests, key)
        }

    def _found(self, side: str, source: str, digests: Sequence[str], key: ProjectKey) -> list[dict[str, Any]]:
        entities = self._engine.sql(
            """
            select u.unit_id, i.entity_key
            from {units} as u
            join {identities} as i on i.entity_id = u.entity_id
            where u.side = $side
            """,
            params={"side": side},
            units=self._units,
            identities=self._by_source[source],
            store=True,
        )
        named = pseudonyms(self._engine, key, entities, "entity_key", kind=source)
        wanted = self._engine.from_arrow(pa.table({"digest": pa.array(digests, pa.string())}))
        query = """
            select n.pseudonym, min(e.unit_id) as unit_id
            from {named} as n
            join {wanted} as w on w.digest = n.pseudonym
            join {entities} as e on e.entity_key = n.value
            group by n.pseudonym
            """
        return rows(self._engine, self._engine.sql(query, named=named, wanted=wanted, entities=entities))

    def _held(self, side: str, units: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
        """Unit to the records behind it, with all that they were ever called."""
        wanted = self._engine.from_arrow(pa.table({"unit_id": pa.array(sorted(units), pa.int64())}))
        found = self._engine.sql(
            """
            select u.unit_id, e.*
            from {units} as u
            join {wanted} as w on w.unit_id = u.unit_id
            join {entities} as e on e.entity_id = u.entity_id
            where u.side = $side
            """,
            params={"side": side},
            units=self._units,
            wanted=wanted,
            entities=self._entities(("entity_id", "source", "entity_key", *self._values)),
        )
        held: dict[int, list[dict[str, Any]]] = {}
        for row in rows(self._engine, found):
            held.setdefault(int(row["unit_id"]), []).append(row)
        return held

    def _entities(self, wanted: Sequence[str]) -> Table:
        parts = {f"of_{place}": table for place, table in enumerate(self._by_source.values())}
        union = "\nunion all\n".join(f"select {columns(wanted)} from {{{part}}}" for part in parts)
        return self._engine.sql(union, params=None, store=False, **parts)


def _name(key: ProjectKey, source: str, entity_key: str) -> str:
    return f"{source}:{key.pseudonym(source, entity_key)}"


def _values(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Every value of every name, in an order that does not depend on how they came."""
    held = {name: sorted({str(value) for row in records for value in row[name] or ()}) for name in names}
    return json.dumps(held, sort_keys=True)
