"""ACRO's verdict on a table, where it is installed: a second opinion on single cells.

ACRO (AI-SDC, MIT) judges tables that it makes of rows about people, so the counts of a table are given to it as that
many people of each group. Only its frequency check is used, by its own rules: it checks no cell against others.
"""

import contextlib
import importlib.metadata
import importlib.util
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure.outputs.equations import Key
from quality.disclosure.outputs.findings import Checked

INSTALL = "pip install 'leo-linkage[sdc]'"
_MOST_PEOPLE = 1_000  # of a cell: whether it has ten or a thousand is all that ACRO checks


@dataclass(frozen=True)
class Opinion:
    """ACRO's verdict on a table.

    Attributes:
        version: ACRO's.
        seen: the cells that it was given; not totals, nor what is hidden already.
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
    """A cell that only one of the two finds at fault."""

    place: str
    column: str
    checker: str  # acro or leo
    faults: str


def is_installed() -> bool:
    """Whether ACRO is."""
    return importlib.util.find_spec("acro") is not None


def second_opinion(checked: Checked) -> Opinion | None:
    """ACRO's opinion; None where the table has no count of a group. Importing ACRO takes some seconds."""
    session, pandas = _session()
    seen, faults = set[Key](), dict[Key, str]()
    layout = checked.layout
    for columns in [layout.codes] if layout.codes else [[column] for column in layout.counts]:
        cells = dict(_cells(checked, columns))
        if not any(number for _, number in cells.values()):
            continue
        people = [codes for codes, number in cells.values() for _ in range(min(int(number), _MOST_PEOPLE))]
        frame = pandas.DataFrame(people)
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
    return Opinion(importlib.metadata.version("acro"), frozenset(seen), faults) if seen else None


def disagreements(checked: Checked, opinion: Opinion) -> Iterator[Disagreement]:
    """Cells that ACRO was given and that only one of the two finds at fault."""
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
    """Counts of groups: the codes of the labels with the column's name, and the count."""
    sheet, layout = checked.sheet, checked.layout
    parents = set(layout.parents.values())
    for row, cells in enumerate(sheet.rows):
        labels = [cells[label].text for label in layout.labels]
        if any(layout.is_total(text) or text.lower() in parents for text in labels):
            continue
        for column in columns:
            number = cells[column].number
            if number is not None:
                yield (row, column, ""), ((*labels, sheet.header[column]), number)


def _session() -> tuple[Any, Any]:
    level, handlers = logging.root.level, list(logging.root.handlers)
    import acro  # sets up the root logger, to print every table
    import pandas

    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers
    with _quiet():
        return acro.ACRO(suppress=False), pandas


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """ACRO logs the tables that it makes."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
