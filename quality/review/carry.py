"""Labels of earlier links carried to the same pairs in later ones, by names that every
run can compute.

A key of CIS is a National Insurance number, and a bare hash of it could be reversed by
trying all of them. So names are HMACs under a key that lies next to the labels,
RUN/review/labels.key, for its owner only. The next run takes it over.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, rows
from linkage.errors import ConfigError
from linkage.extract.keys import master_key, write_new_key
from linkage.extract.pseudonyms import SEPARATOR, ProjectKey, pseudonyms
from linkage.pipeline.opened import OpenStep
from linkage.pipeline.sides import history_columns
from quality.review.labels import (
    CHANGED,
    COLUMNS,
    NAMES,
    UNCHANGED,
    WITHDRAWN,
    Label,
    Origin,
    Pair,
    labels_store,
)


@dataclass(frozen=True)
class Carried:
    """How many labels of earlier links were carried.

    Attributes:
        unchanged: that hold; changed: whose records have other values now, to be
            reviewed again;
        gone: whose records are no longer there, or are one record now.
    """

    unchanged: int = 0
    changed: int = 0
    gone: int = 0


def carry(
    run: Path, origin: Origin, names: "PairNames", earlier: Path | None
) -> Carried:
    """Add the labels that a step got before its links became what they are: each
    reviewer's last answer about a pair.

    A label whose records have other values now is kept as CHANGED, which is no answer.
    Nothing is carried twice.

    Args:
        origin: the step's links as they are.
        names: of the pairs of those links.
        earlier: a run whose labels are carried; those of the run's own former links
            always are.

    Raises:
        ConfigError: the earlier run has no labels.
    """
    if earlier and not labels_store(earlier).path.is_file():
        raise ConfigError(
            f"{earlier}: there are no labels\n  give the folder of a run that was "
            "reviewed"
        )
    own_rows = labels_store(run).rows().to_pylist()
    former = {run: [row for row in own_rows if row["links"] != origin.links]}
    if earlier:
        former[earlier] = labels_store(earlier).rows().to_pylist()
    if not any(former.values()):
        return Carried()
    key = names_key(run, like=earlier)
    present = {_identity(row) for row in own_rows if row["links"] == origin.links}
    new_labels: list[dict[str, Any]] = []
    missing = 0
    for source, labels in former.items():
        last = _last_answers(labels, origin.step)
        pair_at = names.find(last, names_key(source))
        current = names.of(sorted(set(pair_at.values())), key)
        old_names = (
            current if source == run else names.of(list(current), names_key(source))
        )
        for place, pair in pair_at.items():
            row = last[place]
            is_same = (
                row["carried"] != CHANGED
                and row["compared"] == old_names[pair]["compared"]
            )
            header = {"left_id": pair[0], "right_id": pair[1], "links": origin.links}
            label = {
                **row,
                **current[pair],
                **header,
                "carried": UNCHANGED if is_same else CHANGED,
            }
            if _identity(label) not in present:
                present.add(_identity(label))
                new_labels.append(label)
        missing += len(last) - len(pair_at)
    if new_labels:
        labels_store(run).add(pa.Table.from_pylist(new_labels, COLUMNS))
    kinds = Counter(row["carried"] for row in new_labels)
    return Carried(kinds[UNCHANGED], kinds[CHANGED], missing)


def _identity(row: Label) -> tuple[Any, ...]:
    return tuple(
        row[name]
        for name in ("step", "left_id", "right_id", "reviewer", "role", "answered_at")
    )


def _last_answers(labels: Iterable[Label], step: str) -> list[Label]:
    """The last answer of each reviewer about each pair that has names, without those
    taken back.
    """
    last: dict[tuple[Any, ...], Label] = {}
    named_labels = (row for row in labels if row["step"] == step and row["left_name"])
    for row in sorted(named_labels, key=lambda row: row["answered_at"]):
        last[row["left_name"], row["right_name"], row["reviewer"]] = row
    return [row for row in last.values() if row["answer"] != WITHDRAWN]


def names_key(run: Path, like: Path | None = None) -> ProjectKey:
    """The key of a run's names, made where there is none.

    Args:
        like: an earlier run, whose key is taken over.
    """
    path = run / "review" / "labels.key"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        if like and (like / "review" / path.name).is_file():
            shutil.copy(like / "review" / path.name, path)  # with its mode
        else:
            write_new_key(path, of_run=True)
    return master_key(path, of_run=True).project("labels")


class PairNames:
    """The pairs of an opened step, by ids and by names."""

    def __init__(self, engine: Engine, step: OpenStep) -> None:
        self._engine, self._step = engine, step

    def random_names(self, side: str) -> Table:
        """unit_id, name: a bare hash, the same in every run; used for drawing and never
        stored.
        """
        query = (
            "select unit_id, min(md5(source || chr(31) || entity_key)) as name "
            "from {keys} group by unit_id"
        )
        return self._engine.sql(
            query, store=True, keys=self._step.sides[side].source_keys(None)
        )

    def of(self, pairs: Sequence[Pair], key: ProjectKey) -> dict[Pair, dict[str, str]]:
        """Pair to its NAMES. Several entities have the name of the first in the order
        of sources and keys.
        """
        left, right = (
            self._described(side, sorted({pair[end] for pair in pairs}), key)
            for end, side in enumerate(("left", "right"))
        )
        names_of_pairs = {}
        for pair in pairs:
            sides = [left[pair[0]], right[pair[1]]]
            (left_name, left_values), (right_name, right_values) = (
                sorted(sides) if self._step.of_one_file else sides
            )
            values_name = key.pseudonym(
                "values", SEPARATOR.join((left_values, right_values))
            )
            names_of_pairs[pair] = dict(
                zip(NAMES, (left_name, right_name, values_name), strict=True)
            )
        return names_of_pairs

    def find(self, labels: Sequence[Label], key: ProjectKey) -> dict[int, Pair]:
        """Place among the labels to the pair that holds the two records now."""
        left, right = (
            self._ids(side, {row[name] for row in labels}, key)
            for side, name in zip(("left", "right"), NAMES[:2], strict=True)
        )
        pairs = {
            place: (left[row["left_name"]], right[row["right_name"]])
            for place, row in enumerate(labels)
            if row["left_name"] in left and row["right_name"] in right
        }
        if not self._step.of_one_file:
            return pairs
        return {
            place: (min(pair), max(pair))
            for place, pair in pairs.items()
            if pair[0] != pair[1]
        }

    def _ids(self, side: str, names: Iterable[str], key: ProjectKey) -> dict[str, int]:
        """Name to id on a side."""
        digests: dict[str, list[str]] = {}
        for name in names:
            source, _, digest = name.partition(":")
            digests.setdefault(source, []).append(digest)
        keys = self._step.sides[side].source_keys(None)
        ids: dict[str, int] = {}
        for source, source_digests in digests.items():
            query = "select unit_id, entity_key from {keys} where source = $source"
            own_keys = self._engine.sql(
                query, params={"source": source}, keys=keys, store=True
            )
            matches = self._engine.sql(
                """
                select n.pseudonym, min(o.unit_id) as unit_id
                from {names} as n
                join {digests} as d on d.digest = n.pseudonym
                join {own} as o on o.entity_key = n.value
                group by n.pseudonym
                """,
                names=pseudonyms(
                    self._engine, key, own_keys, "entity_key", kind=source
                ),
                digests=self._engine.from_arrow(
                    pa.table({"digest": pa.array(source_digests, pa.string())})
                ),
                own=own_keys,
            )
            ids |= {
                f"{source}:{row['pseudonym']}": int(row["unit_id"])
                for row in rows(self._engine, matches)
            }
        return ids

    def _described(
        self, side: str, ids: Sequence[int], key: ProjectKey
    ) -> dict[int, tuple[str, str]]:
        """Id to its name and the values that a reviewer sees, as text."""
        open_side, fields = self._step.sides[side], self._step.fields
        records: dict[int, list[tuple[str, str]]] = {}
        for row in rows(self._engine, open_side.source_keys(ids)):
            records.setdefault(int(row["unit_id"]), []).append(
                (str(row["source"]), str(row["entity_key"]))
            )
        values: dict[int, Mapping[str, set[str]]] = {
            unit: {name: set() for name in fields} for unit in ids
        }
        for row in rows(self._engine, open_side.histories(ids, fields)):
            for name in fields:
                values[int(row["unit_id"])][name].update(
                    str(value) for value in row[history_columns(name)[0]] or ()
                )
        return {
            unit: (
                f"{min(keys)[0]}:{key.pseudonym(*min(keys))}",
                json.dumps(
                    {name: sorted(texts) for name, texts in values[unit].items()},
                    sort_keys=True,
                ),
            )
            for unit, keys in records.items()
        }
