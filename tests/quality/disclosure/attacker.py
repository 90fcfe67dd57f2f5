"""An independent attacker for the tests: all possible tables, exact elimination,
integer programmes by SciPy.
"""

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from quality.disclosure import Sum

Cell = tuple[int, ...]
ALL = -1


def margins(inner: dict[Cell, int]) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    """A table of any number of dimensions with every total, and its sums; ALL is the
    code of a total.
    """
    ways = len(next(iter(inner)))
    codes = [sorted({cell[way] for cell in inner}) for way in range(ways)]
    counts = {
        cell: sum(
            n
            for at, n in inner.items()
            if all(c in (ALL, a) for c, a in zip(cell, at, strict=True))
        )
        for cell in product(*([*values, ALL] for values in codes))
    }
    sums = [
        Sum(cell, tuple((*cell[:way], code, *cell[way + 1 :]) for code in codes[way]))
        for cell in counts
        for way in range(ways)
        if cell[way] == ALL
    ]
    return counts, sums


def all_tables(
    counts: dict[Cell, int], sums: list[Sum[Cell]], cells: list[Cell], largest: int
) -> dict[Cell, set[int]]:
    """The values that each hidden cell can have, by trying every one."""
    values_of: dict[Cell, set[int]] = {cell: set() for cell in cells}
    for values in product(range(largest + 1), repeat=len(cells)):
        table = counts | dict(zip(cells, values, strict=True))
        if all(
            sum(table[part] for part in line.parts) == table[line.total]
            for line in sums
        ):
            for cell in cells:
                values_of[cell].add(table[cell])
    return values_of


def disclosed_cells(sums: list[Sum[Any]], cells: set[Any]) -> set[Any]:
    """The hidden cells that exact elimination over the sums discloses."""
    unknown = sorted(cells)
    matrix = [
        [Fraction((key in line.parts) - (key == line.total)) for key in unknown]
        for line in sums
        if cells & set(line.members)
    ]
    row = 0
    for column in range(len(unknown)):
        pivot = next((r for r in range(row, len(matrix)) if matrix[r][column]), None)
        if pivot is None:
            continue
        matrix[row], matrix[pivot] = matrix[pivot], matrix[row]
        matrix[row] = [x / matrix[row][column] for x in matrix[row]]
        for r in range(len(matrix)):
            if r != row and matrix[r][column]:
                factor = matrix[r][column]
                matrix[r] = [
                    x - factor * y for x, y in zip(matrix[r], matrix[row], strict=True)
                ]
        row += 1
    return {unknown[line.index(1)] for line in matrix if sum(1 for x in line if x) == 1}


def random_table(
    seed: int, shape: Sequence[int]
) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    """Counts of which half are small, with every total."""
    draw = random.Random(seed)
    cells = product(*(range(size) for size in shape))
    return margins(
        {
            cell: draw.choice([draw.randint(0, 12), draw.randint(0, 300)])
            for cell in cells
        }
    )


def bounds_of(
    weights: Sequence[float], lines: Any, low: Any, high: Any
) -> tuple[float, float]:
    """The least and the most of a sum of counts, given the bounds of other sums of
    them.
    """
    cost = np.array(weights)
    solutions = [
        milp(
            sign * cost,
            integrality=np.ones(len(cost)),
            bounds=Bounds(0, 1_000),
            constraints=LinearConstraint(lines, low, high),
        ).x
        for sign in (1, -1)
    ]
    assert all(solution is not None for solution in solutions), (
        "the published numbers contradict each other"
    )
    return float(cost @ solutions[0]), float(cost @ solutions[1])
