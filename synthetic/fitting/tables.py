"""Tables of coefficients as files of synthetic/reference/."""

import csv
from pathlib import Path

from synthetic.drawn.draws import Floats
from synthetic.fitting.margins import Design


def write_table(path: Path, design: Design, outcomes: tuple[str, ...], coefficients: Floats, places: int = 3) -> None:
    """One row a level, one column an outcome; levels are centred, so that a level that nobody has stays at nought."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("trait", "level", *outcomes))
        for (trait, level), row in zip(design.columns, coefficients, strict=True):
            writer.writerow((trait, level, *(_short(value, places) for value in row)))


def _short(value: float, places: int) -> str:
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
