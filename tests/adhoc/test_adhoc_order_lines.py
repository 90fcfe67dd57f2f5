"""Order lines: what was bought, how many, and what that costs tell one another, and none of them is a line's own."""

import csv
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from linkage.adhoc.link import Request, link_files

ORDERED, IN_BOTH = 2_000, 1_400


def test_lines_of_one_product_and_sum_are_no_one_line(tmp_path: Path) -> None:
    _two_files(tmp_path, random.Random(5))
    done = link_files(
        Request(tmp_path / "left.csv", tmp_path / "right.csv", tmp_path / "out", truth=tmp_path / "truth.csv")
    )
    assert done.truth is not None
    assert done.truth["recall"] >= 0.98
    assert done.truth["precision"] >= 0.98
    step = json.loads((tmp_path / "out" / "quality" / "evaluation.json").read_text())["steps"][0]
    assert step["expected"]["recall"]["value"] >= 0.95


def _two_files(folder: Path, draw: random.Random) -> None:
    """The orders of a day, and what was sent up to three days later, some at a cent more or less."""
    prices = {f"{100_000 + 7 * n}": round(draw.lognormvariate(3, 1), 2) for n in range(150)}
    often = [1 / (n + 3) ** 0.8 for n in range(len(prices))]
    lines: list[dict[str, Any]] = [
        {
            "sku": draw.choices(list(prices), often)[0],
            "quantity": draw.choice([1, 1, 1, 2, 2, 3, 5, 10]),
            "shop": f"{draw.choice(['North', 'South', 'East', 'West'])}{draw.randrange(10)}",
            "order_date": date(2023, 1, 1) + timedelta(days=draw.randrange(365)),
        }
        for _ in range(ORDERED)
    ]

    def written(numbers: range, side: str, cent: float, days: list[int]) -> list[dict[str, Any]]:
        held = [
            {
                "id": f"{side}{n}",
                **lines[n],
                "total": f"{lines[n]['quantity'] * prices[lines[n]['sku']] + draw.choice([-cent, cent, 0, 0, 0]):.2f}",
                "order_date": lines[n]["order_date"] + timedelta(days=draw.choice(days)),
            }
            for n in numbers
        ]
        draw.shuffle(held)
        return held

    both = range(ORDERED - IN_BOTH, IN_BOTH)
    _write(folder / "left.csv", written(range(IN_BOTH), "L", 0.0, [0]))
    _write(folder / "right.csv", written(range(ORDERED - IN_BOTH, ORDERED), "R", 0.01, [0, 1, 1, 2, 3]))
    _write(folder / "truth.csv", [{"left_id": f"L{n}", "right_id": f"R{n}"} for n in both])


def _write(path: Path, held: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(held[0]))
        writer.writeheader()
        writer.writerows(held)
