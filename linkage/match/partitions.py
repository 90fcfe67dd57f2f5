"""Partitions of large sides, so that memory is bounded by a partition and not by the
sides.

Rules that ask for equality of one column (`l.dob = r.dob and ...`) make their pairs
within its values: the sides are split by a hash of it, and each partition is scored by
itself. The rules that do not share the column run on the whole sides, but only on the
columns that they read. The pairs of a partition are on disk before the next begins, and
a run after a killed one reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from linkage.engine import Engine, Table, columns, quote
from linkage.model import BlockingRule, Model
from linkage.model.conditions import element

WHOLE_ROWS = 4_000_000
"""Rows of both sides that are one partition: what splitting saves is less than it costs
(measured, 2 cores).
"""

ROWS = 1_500_000
"""Rows of both sides in a partition of larger ones, whose hash table stays near the
processor: 10M by 15.5M records took 138 CPU seconds in 22 partitions and 177 in one.
"""

BYTES_A_ROW = 150
"""Bytes of memory for a row of either side where few pairs are made: 85 were measured
at 25 million rows, where splitting cost more than it saved (81 CPU seconds in 17
partitions, 54 in one).
"""


@dataclass
class Partition:
    """Rules, and the units among which they make their pairs."""

    rules: tuple[int, ...]  # places in the model's rules
    left: Table
    right: Table
    name: str = "whole"
    # make its pairs from the rules' columns only, since it is as large as the sides
    narrow: bool = False
    folder: Path | None = None  # of the tables that it makes; None for memory
    kept: dict[str, Table] = field(default_factory=dict)

    def keep(self, engine: Engine, tables: dict[str, Table]) -> None:
        """Write the partition's tables; the last of them shows that it is complete."""
        if self.folder is None:
            self.kept = tables
            return
        for name, table in tables.items():
            engine.write(table, self._path(name))
            engine.drop(table)
            self.kept[name] = engine.read(self._path(name))

    def find(self, engine: Engine, names: Sequence[str]) -> bool:
        """Whether an earlier run has written its tables, which are then in `kept`."""
        if self.folder is None or not self._path(names[-1]).exists():
            return False
        self.kept = {name: engine.read(self._path(name)) for name in names}
        return True

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{name}-{self.name}.parquet"


@dataclass(frozen=True)
class Partitions:
    """How a step is partitioned.

    Args:
        folder: of the partitions while the step runs; None for one partition, in
            memory. Its files must come from the same units and model.
        rows: of both sides in a partition, approximately; a column with few values
            makes larger ones.
        whole_rows: of both sides, up to which they are not split. None: the measured
            sizes above.
    """

    folder: Path | None = None
    rows: int | None = None
    whole_rows: int | None = None

    def within(self, name: str) -> "Partitions":
        """The same for other sides of the step, in a subfolder."""
        return replace(self, folder=self.folder / name) if self.folder else self

    def of(
        self,
        engine: Engine,
        model: Model,
        left: Table,
        right: Table,
        *,
        few_pairs: bool = False,
    ) -> Iterator[Partition]:
        """The partitions of two sides, one after the other.

        Args:
            few_pairs: few pairs are made, so that default sizes follow the engine's
                memory.
        """
        rows = engine.count(left) + engine.count(right)
        whole_rows, partition_rows = WHOLE_ROWS, ROWS
        if few_pairs:
            whole_rows = max(whole_rows, int(engine.memory / BYTES_A_ROW))
            partition_rows = whole_rows // 2
        count = -(-rows // (self.rows or partition_rows))
        is_whole = (
            engine.is_distributed
            if self.whole_rows is None
            else rows <= self.whole_rows
        )
        if (
            self.folder is None
            or is_whole
            or (self.whole_rows is None and rows <= whole_rows)
        ):
            yield Partition(tuple(range(len(model.blocking_rules))), left, right)
            return
        names = ["unit_id", *(name for name in model.columns if name != "unit_id")]
        for number, (key, rules) in enumerate(by_key(model.blocking_rules)):
            # A killed run may be resumed with more memory, and then splits differently.
            group = f"rules-{'-'.join(str(rule + 1) for rule in rules)}-of-{count}"
            if (
                key is None or number > 0
            ):  # the remaining pairs are few: a second split costs more
                yield Partition(
                    rules, left, right, group, narrow=True, folder=self.folder
                )
                continue
            for side, table in (("left", left), ("right", right)):
                place = self.folder / f"{side}-{group}"
                if not place.exists():
                    engine.split(
                        engine.sql(f"select {columns(names)} from {{t}}", t=table),
                        place,
                        key,
                        count,
                    )
            yield from self._split(engine, rules, group, names, count)

    def _split(
        self,
        engine: Engine,
        rules: tuple[int, ...],
        group: str,
        names: Sequence[str],
        count: int,
    ) -> Iterator[Partition]:
        assert self.folder is not None
        for number in range(count):
            places = [
                self.folder / f"{side}-{group}" / f"part={number}"
                for side in ("left", "right")
            ]
            if not all(place.exists() for place in places):
                continue  # one side has no such value
            left, right = (
                engine.sql(f"select {columns(names)} from {{t}}", t=engine.read(place))
                for place in places
            )
            yield Partition(
                rules, left, right, f"{group}-{number + 1}", folder=self.folder
            )


def by_key(rules: Sequence[BlockingRule]) -> list[tuple[str | None, tuple[int, ...]]]:
    """Rules by an equality that they share, the most shared first; None for those that
    have none.

    An equality of exploded lists splits nothing: a unit would lie in several
    partitions.
    """
    by_place = {place: _plain_keys(rule) for place, rule in enumerate(rules)}
    groups: list[tuple[str | None, tuple[int, ...]]] = []
    while any(by_place.values()):
        keys_of_all = [key for keys in by_place.values() for key in keys]
        key = max(dict.fromkeys(keys_of_all), key=keys_of_all.count)
        sharing = tuple(place for place, keys in by_place.items() if key in keys)
        groups.append((key, sharing))
        by_place = {
            place: keys for place, keys in by_place.items() if place not in sharing
        }
    return [*groups, (None, tuple(by_place))] if by_place else groups


def _plain_keys(rule: BlockingRule) -> list[str]:
    """Expressions that must be equal on both sides, except exploded lists."""
    keys = rule.keys()
    elements = [quote(element(column)) for column in rule.explode]
    return [
        left
        for left, right in zip(keys.left, keys.right, strict=True)
        if left == right and not any(element in left for element in elements)
    ]
