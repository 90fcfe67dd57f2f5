"""The suppression attack on 1,000 random tables with totals: what is recovered, what is lost, how long it takes.

python -m benchmarks.disclosure                       # 1,000 tables of one, two, three dimensions and hierarchies
python -m benchmarks.disclosure --tables 100 --seed 7

A fifth of the counts are under the threshold of ten, and one in twenty is nought. Each table is protected in three
ways: the small counts alone, ours quickly, ours cheaply. Then a reader solves for every hidden count.
"""

import argparse
import json
import random
import time
from itertools import product
from typing import Any

from benchmarks.report import RESULTS, facts
from quality.disclosure import Sum, exactly, intervals, suppress

Cell = tuple[int, ...]
_ALL = -1
_THRESHOLD = 10
_WAYS = {"small counts alone": None, "ours, quick": "quick", "ours, cheapest": "cheapest"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.disclosure", description=__doc__.split("\n")[0])
    parser.add_argument("--tables", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    known, draw = facts(), random.Random(options.seed)
    shapes = {"one dimension": _one, "two dimensions": _two, "three dimensions": _three, "hierarchy": _hierarchy}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for number in range(options.tables):
        shape = list(shapes)[number % len(shapes)]
        counts, sums = shapes[shape](draw)
        for way, method in _WAYS.items():
            row = rows.setdefault((shape, way), {"shape": shape, "way": way, **dict.fromkeys(_COUNTS, 0)})
            _measure(row, counts, sums, method)
        if number % 100 == 99:
            print(f"{number + 1} tables", flush=True)
    found = list(rows.values())
    for way in _WAYS:
        mine = [row for row in found if row["way"] == way]
        found.append({"shape": "all", "way": way} | {name: sum(row[name] for row in mine) for name in _COUNTS})
    (RESULTS / "disclosure.json").write_text(
        json.dumps({**known, "seed": options.seed, "measured": found}, indent=2) + "\n", encoding="utf-8"
    )
    (RESULTS / "disclosure.md").write_text(_page(found, known), encoding="utf-8")
    print(_page(found, known))


_COUNTS = ("tables", "cells", "small", "hidden", "recovered", "known_small", "cpu_seconds")


def _measure(row: dict[str, Any], counts: dict[Cell, int], sums: list[Sum[Cell]], method: str | None) -> None:
    before = time.process_time()
    small = frozenset(cell for cell, count in counts.items() if 0 < count < _THRESHOLD)
    hidden = small if method is None else suppress(counts, sums, threshold=_THRESHOLD, method=method)  # type: ignore[arg-type]
    row["cpu_seconds"] = round(row["cpu_seconds"] + time.process_time() - before, 3)
    row["tables"] += 1
    row["cells"] += len(counts)
    row["small"] += len(small)
    row["hidden"] += len(hidden)
    for cell, found in intervals(exactly(counts, sums), hidden).items():
        row["recovered"] += found.recovered
        row["known_small"] += cell in small and not found.recovered and found.high < _THRESHOLD - 1e-6


def _count(draw: random.Random) -> int:
    return draw.choices((0, draw.randint(1, 9), draw.randint(10, 400)), (5, 20, 75))[0]


def _crossed(draw: random.Random, sizes: tuple[int, ...]) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    """A table of these sizes with every total."""
    inner = {cell: _count(draw) for cell in product(*map(range, sizes))}
    counts = {
        cell: sum(n for at, n in inner.items() if all(c in (_ALL, a) for c, a in zip(cell, at, strict=True)))
        for cell in product(*([*range(size), _ALL] for size in sizes))
    }
    sums = [
        Sum(cell, tuple((*cell[:way], code, *cell[way + 1 :]) for code in range(sizes[way])))
        for cell in counts
        for way in range(len(sizes))
        if cell[way] == _ALL
    ]
    return counts, sums


def _one(draw: random.Random) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    return _crossed(draw, (draw.randint(3, 12),))


def _two(draw: random.Random) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    return _crossed(draw, (draw.randint(2, 8), draw.randint(2, 6)))


def _three(draw: random.Random) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    return _crossed(draw, (draw.randint(2, 4), draw.randint(2, 3), draw.randint(2, 3)))


def _hierarchy(draw: random.Random) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    """Areas in regions, by a second characteristic, with totals of region and of all."""
    areas = [draw.randint(2, 5) for _ in range(draw.randint(2, 4))]
    columns = [*range(draw.randint(2, 3)), _ALL]
    counts: dict[Cell, int] = {}
    sums: list[Sum[Cell]] = []
    for region, size in enumerate(areas):
        for area in range(size):
            counts |= {(region, area, column): _count(draw) for column in columns[:-1]}
            counts[region, area, _ALL] = sum(counts[region, area, column] for column in columns[:-1])
        for column in columns:
            parts = tuple((region, area, column) for area in range(size))
            counts[region, _ALL, column] = sum(counts[part] for part in parts)
            sums.append(Sum((region, _ALL, column), parts))
    for column in columns:
        parts = tuple((region, _ALL, column) for region in range(len(areas)))
        counts[_ALL, _ALL, column] = sum(counts[part] for part in parts)
        sums.append(Sum((_ALL, _ALL, column), parts))
    rows = {cell[:2] for cell in counts}
    sums += [Sum((*row, _ALL), tuple((*row, column) for column in columns[:-1])) for row in sorted(rows)]
    return counts, sums


def _page(rows: list[dict[str, Any]], known: dict[str, Any]) -> str:
    head = f"""# Suppression, attacked

{known["when"]}, {known["machine"]["cores"]} cores, load {known["load"]} before the run.

Random tables with totals; counts under {_THRESHOLD} are hidden, noughts are shown. "Recovered" are hidden counts of
which one value alone is possible to a reader who solves for them by linear programmes; "known small" are small counts
of which such a reader knows that they are under the threshold. CPU seconds are of choosing what to
hide, not of the attack.

| tables | of | way | cells | small | hidden | hidden, % | recovered | known small | CPU s |
|---|---:|---|---:|---:|---:|---:|---:|---:|---:|
"""
    lines = [
        f"| {r['shape']} | {r['tables']:,} | {r['way']} | {r['cells']:,} | {r['small']:,} | {r['hidden']:,} "
        f"| {100 * r['hidden'] / r['cells']:.1f} | {r['recovered']:,} | {r['known_small']:,} | {r['cpu_seconds']:.1f} |"
        for r in rows
    ]
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
