"""Pairs that the user gives by the ids of the files: true pairs, clusters of true
persons, and labels of clerical review.
"""

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from linkage.engine import Engine, Table, one, rows
from linkage.errors import InputError
from linkage.files.header_names import any_known, shown_names
from linkage.model import Model
from linkage.model.labelled import MATCH, NO_MATCH, UNCERTAIN, Labelled
from linkage.model.stages import pattern_column
from linkage.records.layout import listed

# true pairs for each record: with more, a truth shows groups (F, M) and no persons
_MAX_PAIRS = 1_000
_AS_THEY_STAND = "write ids as they stand in the files: 007 is not 7, and 1.0 is not 1"
_OWN_NAMES = frozenset({"left_id", "right_id", "id", "cluster", "answer"})


@dataclass(frozen=True)
class TruePairs:
    """True pairs by unit_id (left_id, right_id), None where no truth was given; and
    notes without values.
    """

    table: Table | None = None
    notes: list[str] = field(default_factory=list)


def true_pairs(
    engine: Engine, path: Path | None, left: Table, right: Table
) -> TruePairs:
    """True pairs (left_id, right_id) of two files' ids; a pair of which a file lacks an
    id is left out, with a note.

    Raises:
        InputError: no such file, none with such columns or without a pair, or one whose
            ids are in neither file.
    """
    if path is None:
        return TruePairs()
    pairs = engine.sql(
        "select distinct left_id, right_id from {t}",
        t=_read(engine, path, ("left_id", "right_id")),
    )
    known = engine.sql(_IN_UNITS, truth=pairs, left=left, right=right, store=True)
    if not engine.count(known):
        problem = (
            f"{path}: none of its {engine.count(pairs):,} true pairs names an "
            "id "
            "of each file"
        )
        if count := engine.count(
            engine.sql(_IN_UNITS, truth=pairs, left=right, right=left)
        ):
            raise InputError(
                f"{problem}; the other way round {count:,} do\n  call the ids of the "
                "left file left_id"
            )
        raise InputError(
            f"{problem}\n  {_AS_THEY_STAND}; or state which column holds them: --id "
            "LEFT --id RIGHT"
        )
    return TruePairs(
        known,
        _lost_note(path.name, engine.count(pairs) - engine.count(known), "true pairs"),
    )


def _lost_note(name: str, count: int, kind: str) -> list[str]:
    return (
        [
            f"{name}: {count:,} of its {kind} name a record that was not read; "
            f"{_AS_THEY_STAND}"
        ]
        if count > 0
        else []
    )


_IN_UNITS = """
    select distinct l.unit_id as left_id, r.unit_id as right_id
    from {truth} as t
    join {left} as l on cast(l.source_id as varchar) = cast(t.left_id as varchar)
    join {right} as r on cast(r.source_id as varchar) = cast(t.right_id as varchar)
    """


def error(engine: Engine, links: Table, truth: Table) -> dict[str, float]:
    """Precision, recall and F1 of the accepted links."""
    accepted_pairs = engine.sql(
        "select left_id, right_id from {links} where decision = 'accepted'", links=links
    )
    query = "select left_id from {a} join {t} using (left_id, right_id)"
    links_count, pairs, right = map(
        engine.count,
        (accepted_pairs, truth, engine.sql(query, a=accepted_pairs, t=truth)),
    )
    precision, recall = right / max(links_count, 1), right / max(pairs, 1)
    f1 = 2 * right / max(links_count + pairs, 1)
    return {
        "true_pairs": pairs,
        "accepted": links_count,
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


@dataclass(frozen=True)
class FileTruth:
    """Which records of one file are one person: a table (left_id, right_id; or id,
    cluster), or a column of the file.
    """

    stated: str
    table: Table | None
    column: str | None = None

    def in_units(self, engine: Engine, ids: Table) -> TruePairs:
        """True pairs, left_id < right_id, each once, by `ids`: unit_id, source_id, and
        `kept`, the values of `column`.

        Raises:
            InputError: it names no record of the file, or its clusters are no persons.
        """
        if self.table and "left_id" in self.table.columns:
            known = engine.sql(_IN_UNITS, truth=self.table, left=ids, right=ids)
            pairs = engine.sql(_EACH_ONCE, pairs=known, store=True)
        else:
            persons = (
                _PERSONS
                if self.table
                else "select unit_id, kept as person from {ids} where kept is not null"
            )
            known = engine.sql(persons, ids=ids, store=True, truth=self.table or ids)
            sizes = one(engine, engine.sql(_SIZES, persons=known))
            if sizes["pairs"] > _MAX_PAIRS * sizes["records"]:
                raise InputError(
                    f"--truth {self.stated}: says of {int(sizes['largest']):,} records "
                    "that they are of one person\n"
                    "  name a column or file that says who is who, and is empty where "
                    "it is not known"
                )
            pairs = engine.sql(_PAIRS_OF_PERSONS, persons=known, store=True)
        lines, records = engine.count(self.table or known), engine.count(known)
        if self.table and not records:
            problem = (
                f"{self.stated}: none of its {lines:,} lines names records of the file"
            )
            raise InputError(
                f"{problem}\n  {_AS_THEY_STAND}; state which column holds them: --id "
                "COLUMN"
            )
        return TruePairs(
            pairs, _lost_note(Path(self.stated).name, lines - records, "lines")
        )


def truth_of_file(engine: Engine, stated: str, header: Sequence[str]) -> FileTruth:
    """What `--truth` names: a file of true pairs or of clusters, or a column of the
    file.

    Raises:
        InputError: neither such a file nor such a column, or a file without the
            columns.
    """
    if stated in header:
        return FileTruth(stated, None, stated)
    if not Path(stated).is_file():
        raise InputError(
            f"--truth {stated}: neither a column of the file nor a file\n  it has: "
            f"{shown_names(header)}"
        )
    return FileTruth(
        stated, _read(engine, Path(stated), ("left_id", "right_id"), ("id", "cluster"))
    )


@dataclass(frozen=True)
class Labels:
    """Labelled pairs of two files' units."""

    table: Table  # left_id, right_id of units
    # pair to its answer and to the number of pairs that it stands for
    answers: Mapping[tuple[int, int], tuple[str, float]]
    notes: Sequence[str]  # what to know where labels name records that the files lack

    def labelled(self, engine: Engine, model: Model, scored: Table) -> list[Labelled]:
        """The pairs with the levels that `linkage.match.candidates.score` gave them."""
        names = [pattern_column(comparison) for comparison in model.comparisons]
        return [
            Labelled(
                tuple(int(row[name]) for name in names),
                *self.answers[row["left_id"], row["right_id"]],
            )
            for row in sorted(
                rows(engine, scored), key=lambda row: (row["left_id"], row["right_id"])
            )
        ]


def labelled_pairs(engine: Engine, path: Path, left: Table, right: Table) -> Labels:
    """Labels of a CSV as pairs of units; those that name a record which the files lack
    are left out, with a note.

    Args:
        path: left_id, right_id, answer (match, no match, uncertain); optional: weight,
            of how many pairs it was drawn.
        left, right: unit_id, source_id.

    Raises:
        InputError: no such file or column, an answer that is none, or no pair that the
            files hold; lines are named, ids are not.
    """
    table = engine.arrow(
        _read(engine, path, ("left_id", "right_id", "answer"))
    ).to_pylist()
    lines = [
        _label(path, number, row)
        for number, row in enumerate(table, 2)
        if (row["answer"] or "").strip()
    ]
    sides = [
        {str(row["source_id"]): row["unit_id"] for row in rows(engine, ids)}
        for ids in (left, right)
    ]
    answers: dict[tuple[int, int], tuple[str, float]] = {}
    for left_id, right_id, answer, weight in lines:
        if left_id in sides[0] and right_id in sides[1]:
            pair = (sides[0][left_id], sides[1][right_id])
            old_answer, old_weight = answers.get(pair, (answer, weight))
            answers[pair] = (
                answer if old_answer == answer else UNCERTAIN,
                max(weight, old_weight),
            )
    if not answers:
        raise InputError(
            f"{path}: names no pair of the two files\n  left_id and right_id are the "
            "files' own ids"
        )
    pairs = len({line[:2] for line in lines})
    notes = _lost_note(path.name, pairs - len(answers), f"{pairs:,} labelled pairs")
    ids = [{"left_id": left_id, "right_id": right_id} for left_id, right_id in answers]
    return Labels(engine.from_arrow(pa.Table.from_pylist(ids)), answers, notes)


def _label(
    path: Path, number: int, row: Mapping[str, Any]
) -> tuple[str, str, str, float]:
    """Ids, answer and weight of a line."""
    answer, ids = (
        row["answer"].strip().lower(),
        [(row[name] or "").strip() for name in ("left_id", "right_id")],
    )
    if answer not in (MATCH, NO_MATCH, UNCERTAIN):
        raise InputError(
            f"{path}: line {number}: this is no answer\n  there are: {MATCH}, "
            f"{NO_MATCH}, {UNCERTAIN}"
        )
    weight = math.nan
    with contextlib.suppress(ValueError):
        weight = float(row.get("weight") or 1)
    if not 0 < weight < math.inf:
        raise InputError(
            f"{path}: line {number}: weight is no number above 0\n  say of how many "
            "pairs it was drawn"
        )
    return ids[0], ids[1], answer, weight


def _read(engine: Engine, path: Path, *columns: Sequence[str]) -> Table:
    """A file of ids, all of them text, that has one of several sets of columns."""
    if not path.is_file():
        raise InputError(
            f"{path}: no such file\n  check its name, and the folder that it is looked "
            "for in"
        )
    try:
        table = (
            engine.read(path)
            if path.suffix == ".parquet"
            else engine.from_arrow(_read_text(path))
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise InputError(
            f"{path}: is empty, or no CSV in UTF-8\n  save it as that, with a header "
            "and a line for each pair"
        ) from None
    if not any({*table.columns}.issuperset(names) for names in columns):
        header_text = listed(
            table.columns,
            known=any_known(table.columns) or not _OWN_NAMES.isdisjoint(table.columns),
        )
        required_text = "; or ".join(", ".join(names) for names in columns)
        raise InputError(
            f"{path}: lacks columns\n  its first line must name {required_text}; it "
            f"has: {header_text}"
        )
    if engine.count(table) == 0:
        raise InputError(f"{path}: holds a header and no lines\n  fetch it again")
    return table


def _read_text(path: Path) -> pa.Table:
    with path.open("rb") as file:
        first = file.readline()
    parse = pyarrow.csv.ParseOptions(
        delimiter=max(",;\t|", key=lambda mark: first.count(mark.encode()))
    )
    header = pyarrow.csv.read_csv(
        pa.BufferReader(first), parse_options=parse
    ).column_names
    text = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True
    )
    return pyarrow.csv.read_csv(
        path, parse_options=parse, convert_options=text
    )  # 0007 is not 7


_EACH_ONCE = """
    select distinct least(left_id, right_id) as left_id,
        greatest(left_id, right_id) as right_id
    from {pairs}
    where left_id <> right_id
    """
_PERSONS = """
    select i.unit_id, t.cluster as person
    from {truth} as t
    join {ids} as i on cast(i.source_id as varchar) = cast(t.id as varchar)
    where t.cluster is not null
    """
_SIZES = """
    with sizes as (select count(distinct unit_id) as records from {persons}
        group by person)
    select coalesce(max(records), 0) as largest, coalesce(sum(records), 0) as records,
           coalesce(sum(records * (records - 1) / 2), 0) as pairs
    from sizes
    """
_PAIRS_OF_PERSONS = """
    select distinct a.unit_id as left_id, b.unit_id as right_id
    from {persons} as a
    join {persons} as b on b.person = a.person and b.unit_id > a.unit_id
    """
