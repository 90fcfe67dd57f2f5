"""ACRO's verdict on a table beside ours, where it is installed: a second pair of eyes on single cells.

ACRO (AI-SDC, MIT) judges tables that it makes itself of rows about people. So the rows of a table that add up to its
totals are told to it as that many people of each group. It is asked for its frequency check alone, by its own rules:
it looks no further than a cell, and finds no cell that others tell.
"""

import importlib.metadata
import importlib.util
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure.outputs.equations import Key
from quality.disclosure.outputs.findings import Checked

INSTALL = "pip install 'leo-linkage[sdc]'"
_MOST = 1_000  # people of a cell that it is told of: whether it has a few or a thousand is all that it asks


@dataclass(frozen=True)
class Opinion:
    """What ACRO says of a table.

    Attributes:
        version: ACRO's.
        seen: the cells that it was told of; not totals, nor what is hidden already.
        faults: those that it would not let out, with its checks' names.
    """

    version: str
    seen: frozenset[Key]
    faults: Mapping[Key, str]

    @property
    def passes(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Disagreement:
    """A cell on which the two differ."""

    place: str
    column: str
    who: str  # finds fault, alone
    says: str


def is_installed() -> bool:
    """Whether there is an ACRO to ask."""
    return importlib.util.find_spec("acro") is not None


def second_opinion(checked: Checked) -> Opinion | None:
    """Ask ACRO; None where the table has no count of a group.

    Takes some seconds the first time, since ACRO imports much.
    """
    session, pandas = _session()
    seen, faults = set[Key](), dict[Key, str]()
    layout = checked.layout
    blocks = [[column for column in layout.counts if column != layout.across]] if layout.across is not None else []
    for columns in blocks or [[column] for column in layout.counts]:
        cells = dict(_cells(checked, columns))
        if not any(cells.values()):
            continue
        people = [(key, codes) for key, (codes, number) in cells.items() for _ in range(min(int(number), _MOST))]
        frame = pandas.DataFrame([codes for _, codes in people])
        *index, across = [frame[name] for name in frame.columns]
        with _quiet():
            session.crosstab(index or across, across)
        outcome = next(reversed(session.results.results.values())).outcome
        for key, (codes, _) in cells.items():
            *at, column = codes
            row = at[0] if len(at) == 1 else tuple(at)
            if row in outcome.index and column in outcome.columns:
                seen.add(key)
                verdict = str(outcome.loc[row, column]).strip("; ")
                faults |= {} if verdict == "ok" else {key: verdict.replace("; ", ", ")}
    if not seen:
        return None
    return Opinion(importlib.metadata.version("acro"), frozenset(seen), faults)


def disagreements(checked: Checked, opinion: Opinion) -> Iterator[Disagreement]:
    """Cells in which only one of the two finds fault, of those that ACRO was told of."""
    ours: dict[str, list[str]] = {}
    for finding in checked.findings:
        if not finding.is_note:
            ours.setdefault(finding.place, []).append(finding.rule)
    for key in sorted(opinion.seen):
        place, column = checked.sheet.place(key[0], key[1]), checked.sheet.heads[key[1]]
        if key in opinion.faults and place not in ours:
            yield Disagreement(place, column, "acro", opinion.faults[key])
        if key not in opinion.faults and place in ours:
            yield Disagreement(place, column, "leo", ", ".join(dict.fromkeys(ours[place])))


def _cells(checked: Checked, columns: Sequence[int]) -> Iterator[tuple[Key, tuple[tuple[str, ...], float]]]:
    """Counts of groups: codes of the labels and the column's name, and how many."""
    sheet, layout = checked.sheet, checked.layout
    parents = {parent for _, parent in layout.parents.items()}
    for row, cells in enumerate(sheet.rows):
        labels = [cells[label].text for label in layout.labels]
        if any(layout.is_total(text) or text.lower() in parents for text in labels):
            continue
        for column in columns:
            number = cells[column].number
            if number is not None:
                yield (row, column, ""), ((*labels, sheet.header[column]), number)


def _session() -> tuple[Any, Any]:
    level = logging.root.level
    handlers = list(logging.root.handlers)
    import acro  # sets up the root logger, to print every table
    import pandas

    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers
    with _quiet():
        return acro.ACRO(suppress=False), pandas


class _quiet:
    """ACRO writes to its log the tables that it makes."""

    def __enter__(self) -> None:
        self._before = logging.root.manager.disable
        logging.disable(logging.CRITICAL)

    def __exit__(self, *_: object) -> None:
        logging.disable(self._before)
