"""Matrices as charts and tables in the report's form."""

from collections.abc import Callable, Sequence

from quality.dashboard.figures import Matrix, Row
from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.page import Block, Table


def as_table(matrix: Matrix, names: Sequence[str], wanted: Callable[[Row], bool] = lambda _: True) -> Table:
    """A column for each run, and where figures have intervals two more."""
    rows = [row for row in matrix.rows if wanted(row)]
    bounded = any(row.bounds for row in rows)
    heads = [head for name in names for head in ((name, "95% from", "to") if bounded else (name,))]
    found: list[list[str | Cell]] = []
    for row in rows:
        line: list[str | Cell] = [*row.labels]
        for place, cell in enumerate(row.cells):
            line += [cell, *row.bounds[place]] if row.bounds else [cell]
        found.append(line)
    return Table(matrix.title, [*matrix.heads, *heads], found)


def as_change(matrix: Matrix, two: tuple[int, int], names: Sequence[str], d: Disclosure) -> Table:
    """Two runs and what changed, of what is shown, so that it says no more."""
    rows: list[list[str | Cell]] = [
        [*row.labels, *(row.cells[place] for place in two), change(row, two, matrix.places, d)]
        for row in matrix.rows
        if any(row.cells[place].mark != "not_applicable" for place in two)
    ]
    return Table(matrix.title, [*matrix.heads, *(names[place] for place in two), "Change"], rows)


def change(row: Row, two: tuple[int, int], places: int, d: Disclosure) -> Cell:
    """The second figure less the first; none where either is not shown."""
    before, after = (row.cells[place].value for place in two)
    if before is None or after is None:
        return d.untold(*(row.cells[place] for place in two))
    by = after - before
    # No finer than the two are shown: a count among shares, a rate among shares of links.
    places = min(places, max(len(row.cells[place].text.partition(".")[2]) for place in two))
    digits = 6 if by and abs(by) < 0.5 * 10**-places else places
    return Cell(f"{by:{'+' if by else ''},.{digits}f}".replace("-", "−"), round(by, 6))


def as_trend(
    matrix: Matrix, names: Sequence[str], *, name: str, title: str, y: str, wanted: Callable[[Row], bool]
) -> list[Block]:
    """A strip for each row, the run across; nothing where no run has a number.

    Args:
        y: what the numbers are; those that have a unit (`_UNITS`) are said with it.
    """
    shown = [row for row in matrix.rows if wanted(row) and any(cell.value is not None for cell in row.cells)]
    if not shown:
        return []
    unit = f", {_UNITS[y].strip()}" if y in _UNITS else ""
    values = [
        {
            "label": run,
            "group": (row.labels[0] if len(row.labels) == 1 else f"{row.labels[0]}: {row.labels[-1].lower()}") + unit,
            "value": cell.value,
            "low": row.bounds[place][0].value if row.bounds else None,
            "high": row.bounds[place][1].value if row.bounds else None,
            "shown": cell.text,
        }
        for row in shown
        for place, (run, cell) in enumerate(zip(names, row.cells, strict=True))
    ]
    bars = "; bars are 95% intervals" if any(row.bounds for row in shown) else ""
    gaps = ""
    if any(cell.value is None for row in shown for cell in row.cells):
        gaps = (
            " Where a run has no point its figure is not shown, or there is none: the table has the symbol for which."
        )
    return [
        figure(
            name,
            title,
            f"{_said(shown[0], names, _UNITS.get(y, ''))} Each strip has its own scale{bars}.{gaps}",
            lambda width: charts.trend(values, width, y=y, step=matrix.step),
            as_table(matrix, names, wanted),
        )
    ]


_UNITS = {"Per cent": "%", "Seconds": " s"}


def _said(row: Row, names: Sequence[str], unit: str) -> str:
    """The first row from its first run to its last that show a number."""
    told = [(name, cell) for name, cell in zip(names, row.cells, strict=True) if cell.value is not None]
    what = ": ".join(row.labels)
    first, last = told[0], told[-1]
    if first == last:
        return f"{what}: {last[1].text}{unit} in {last[0]}."
    return f"{what}: {first[1].text}{unit} in {first[0]}, {last[1].text}{unit} in {last[0]}."
