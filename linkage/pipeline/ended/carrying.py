"""Labels of earlier runs in a later one: the same pairs found again, by the names of their records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import RowStore
from linkage.errors import ConfigError
from linkage.extract.pseudonyms import ProjectKey
from linkage.pipeline.ended.pair_names import NAMES, PairNames, names_key
from quality.review import CHANGED, COLUMNS, UNCHANGED, WITHDRAWN, Origin

LABELS = "labels.duckdb"


@dataclass(frozen=True)
class Carried:
    """How many labels of earlier runs are now in this one.

    Attributes:
        unchanged: that hold; changed: whose records hold other values since, to be looked at again;
        gone: whose records this run lacks, or has as one person.
    """

    unchanged: int = 0
    changed: int = 0
    gone: int = 0


def labels_store(run: Path) -> RowStore:
    """Where a run's labels are kept: a row an answer."""
    return RowStore(run / "review" / LABELS, "labels", COLUMNS)


def carry(run: Path, origin: Origin, names: PairNames, earlier: Path | None) -> Carried:
    """Add the labels that were given of a step before its links became what they are.

    Of each reviewer the last answer about a pair is taken, with its run, model and time. One whose records hold other
    values now is kept as CHANGED, which is no answer. What was carried already is not carried again.

    Args:
        origin: the step's links as they are.
        names: of the units of those links.
        earlier: a run whose labels are taken in; those of the run's own former links always are.

    Raises:
        ConfigError: the earlier run has no labels.
    """
    if earlier and not labels_store(earlier).path.is_file():
        raise ConfigError(f"{earlier}: there are no labels\n  give the folder of a run that was reviewed")
    own = labels_store(run).rows().to_pylist()
    former = [row for row in own if row["links"] != origin.links]
    if not earlier and not former:
        return Carried()
    key = names_key(run, like=earlier)
    there = {_of_row(row) for row in own if row["links"] == origin.links}
    added: list[dict[str, Any]] = []
    gone = 0
    for source, given in ((run, former), *([(earlier, labels_store(earlier).rows().to_pylist())] if earlier else [])):
        last = _last_answers(given, origin.step)
        found = _found_again(names, last, names_key(source))
        now = names.of(sorted(set(found.values())), key)
        then = now if source == run else names.of(sorted(set(found.values())), names_key(source))
        for place, pair in found.items():
            row = last[place]
            same = row["carried"] != CHANGED and row["compared"] == then[pair]["compared"]
            label = {
                **row,
                **now[pair],
                "left_id": pair[0],
                "right_id": pair[1],
                "links": origin.links,
                "carried": UNCHANGED if same else CHANGED,
            }
            if _of_row(label) not in there:
                there.add(_of_row(label))
                added.append(label)
        gone += len(last) - len(found)
    if added:
        labels_store(run).add(pa.Table.from_pylist(added, COLUMNS))
    kept = [row["carried"] for row in added]
    return Carried(kept.count(UNCHANGED), kept.count(CHANGED), gone)


def _of_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("step", "left_id", "right_id", "reviewer", "role", "answered_at"))


def _last_answers(given: Iterable[Mapping[str, Any]], step: str) -> list[Mapping[str, Any]]:
    """The last answer of each reviewer about each pair that has names, without what was taken back."""
    last: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in sorted(
        (row for row in given if row["step"] == step and row["left_name"]), key=lambda row: row["answered_at"]
    ):
        last[row["left_name"], row["right_name"], row["reviewer"]] = row
    return [row for row in last.values() if row["answer"] != WITHDRAWN]


def _found_again(names: PairNames, labels: Sequence[Mapping[str, Any]], key: ProjectKey) -> dict[int, tuple[int, int]]:
    """Place among the labels to the pair's ids in this run."""
    left, right = (
        names.find(side, {row[name] for row in labels}, key)
        for side, name in zip(("left", "right"), NAMES[:2], strict=True)
    )
    return {
        place: names.pair(left[row["left_name"]], right[row["right_name"]])
        for place, row in enumerate(labels)
        if row["left_name"] in left and row["right_name"] in right
    }
