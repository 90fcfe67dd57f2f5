"""Which further shares must be hidden, because those shown beside them tell one that is hidden."""

from collections.abc import Collection, Iterator, Sequence

from quality.disclosure.outputs.layout import Layout
from quality.disclosure.outputs.reading import Sheet
from quality.disclosure.outputs.shares import places_of


def beside_hidden(
    sheet: Sheet, layout: Layout, hidden: Collection[tuple[int, int]], least: float
) -> Iterator[tuple[int, int]]:
    """Row and column of further shares to hide: where shares of one base add up to the whole, a lone one is told.

    Args:
        hidden: row and column of the shares that must be.
        least: how many people those hidden in a row must come to.
    """
    by_base: dict[int, list[int]] = {}
    for column in layout.shares:
        _, base = layout.of.get(column, (None, None))
        if base is not None:
            by_base.setdefault(base, []).append(column)
    for base, columns in by_base.items():
        whole = next((whole for whole in layout.wholes(columns[0]) if _add_up(sheet, columns, whole)), None)
        if whole is None or len(columns) < 3:  # of two each is what the other leaves
            continue
        for row, cells in enumerate(sheet.rows):
            unseen = [c for c in columns if (row, c) in hidden or cells[c].mark in ("suppressed", "under")]
            shown = {c: number for c in columns if c not in unseen and (number := cells[c].number) is not None}
            for column in sorted(shown, key=lambda c: (not shown[c], shown[c])):  # a nought last: it hides nothing
                left = (whole - sum(shown.values())) * (cells[base].number or 0.0) / whole
                if not unseen or (len(unseen) > 1 and left > least - 0.5):
                    break
                del shown[column]
                unseen.append(column)
                yield row, column


def _add_up(sheet: Sheet, columns: Sequence[int], whole: float) -> bool:
    """Whether the shares of every row that has them all come to the whole, as far as they are rounded."""
    rows = [[row[column] for column in columns] for row in sheet.rows]
    full = [row for row in rows if all(cell.number is not None for cell in row)]
    places = max((places_of(cell) for row in full for cell in row), default=0)
    reach = 0.51 * 10.0**-places * len(columns)
    return bool(full) and all(abs(sum(cell.number or 0.0 for cell in row) - whole) <= reach for row in full)
