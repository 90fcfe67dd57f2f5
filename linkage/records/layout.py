"""Which column of a source's files plays which role: the catalogue's word, the
configuration's where they differ.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.catalogue import Catalogue, TableDef, Variable
from linkage.config import AttributeTable, Source
from linkage.config.identifiers import IDENTIFIERS
from linkage.errors import InputError
from linkage.records import csv_files, source_files

_OF_RECORDS = re.compile(
    r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}.*"  # a date
    r"|\+?[\d ()-]{5,}"  # a number as long as a phone's or an id's
    r"|[^@\s]+@[^@\s]+\.\w+"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",  # a British postcode
    re.IGNORECASE,
)


def looks_like_a_record(names: Sequence[str]) -> bool:
    """Whether one of the names can only be a value: a date, a long number, an address
    of mail, a postcode.
    """
    return any(_OF_RECORDS.fullmatch(name.strip()) for name in names)


def listed(names: Sequence[str], *, known: bool = True) -> str:
    """The names, for a message; only how many they are where they may be the values of
    a record.

    Args:
        known: whether any of them is a name that a column is expected to have.
    """
    is_record = looks_like_a_record(names)
    if known and not is_record:
        return ", ".join(names)
    reason = (
        "the first line looks like a record, and not like the names of columns"
        if is_record
        else "none has a name that is known, and the first line may be a record"
    )
    return f"{len(names)} column{'s' if len(names) != 1 else ''} (not shown: {reason})"


KEYS = ("record_key", "entity_key")
_IDENTIFYING = {
    *IDENTIFIERS,
    "former_surname",
    "former_postcode",
    "email",
    "phone",
    "address",
} - {"sex"}


@dataclass(frozen=True)
class Layout:
    """A source's columns, by the names that its files have."""

    roles: dict[str, str]  # role -> column, the keys not among them
    record_key: tuple[str, ...]  # columns; empty where rows have no key of their own
    entity_key: tuple[tuple[str, ...], ...]  # alternatives, first whole one wins
    required: tuple[str, ...]
    keep: dict[str, str]  # column -> x_<name>
    variables: dict[
        str, Variable
    ]  # column -> the catalogue's entry, where there is one
    absent: tuple[
        str, ...
    ]  # columns of the catalogue that the files lack, and that the run can do without

    @property
    def columns(self) -> list[str]:
        """Every column that is read, each once."""
        alternatives = [
            column for alternative in self.entity_key for column in alternative
        ]
        return list(
            dict.fromkeys(
                [
                    *self.record_key,
                    *alternatives,
                    *self.roles.values(),
                    *self.required,
                    *self.keep,
                ]
            )
        )


def source_layout(
    where: str, table: TableDef, source: Source, header: Sequence[str], file: str
) -> Layout:
    """The layout of the files of a source.

    Args:
        where: the configuration's key, for messages: "source.npd".
        header: column names of the files.
        file: a file with that header, for messages.

    Raises:
        InputError: the configuration, a key or a required variable names a column that
            the file lacks.
    """
    known = _Header(
        header, file, [*(v.name for v in table.variable), *source.columns.values()]
    )
    column_of = {
        role: known.must(column, f"{where}.columns.{role}")
        for role, column in source.columns.items()
    }
    roles: dict[str, str] = {}
    absent: list[str] = []
    for variable in table.variable:
        if (
            variable.role
            and variable.role not in KEYS
            and variable.role not in column_of
        ):
            if column := known.find(variable.name):
                roles.setdefault(variable.role, column)
            else:
                absent.append(variable.name)
    roles |= {role: column for role, column in column_of.items() if role not in KEYS}
    reason = f"{where}: the catalogue's table {table.name}"
    renames = {v.name for v in table.variable if v.role and v.role in column_of}
    required = [
        column_of[v.role]
        if v.role and v.role in column_of
        else known.must(v.name, reason)
        for v in table.variable
        if v.required
    ]
    record_key = tuple(
        known.must(column, reason) for column in _record_key(table, column_of)
    )
    return Layout(
        roles=roles,
        record_key=record_key,
        entity_key=_entity_key(known, table, column_of, renames, reason),
        required=tuple(
            dict.fromkeys([*required, *record_key])
        ),  # a row without its key has no place among the others
        keep={
            known.must(column, f"{where}.keep"): f"x_{name}"
            for name, column in source.keep.items()
        },
        variables=_described(known, table, column_of),
        absent=tuple(absent),
    )


def attribute_columns(
    where: str, table: TableDef, header: Sequence[str], file: str
) -> dict[str, Variable]:
    """Column -> variable of a table of attributes, of its identifiers those that the
    file has under these names.

    Raises:
        InputError: the file lacks a key or an attribute of the catalogue's table, since
            an extract may promise any. No extract holds an identifier, which a source
            of the same file may read under another name.
    """
    known = _Header(header, file, (v.name for v in table.variable))
    keys = {name for alternative in table.entity_key for name in alternative}
    needs = [
        v
        for v in table.variable
        if v.role not in _IDENTIFYING or v.required or v.name in keys
    ]
    present = {column: v for v in table.variable if (column := known.find(v.name))}
    return {
        known.must(v.name, f"{where}: the catalogue's table {table.name}"): v
        for v in needs
    } | present


def check_headers(
    catalogue: Catalogue,
    where: str,
    spec: Source | AttributeTable,
    paths: Iterable[Path],
    data: Path,
    *,
    damaged: bool,
) -> None:
    """Check that each file of a source or a table of attributes has the columns that
    the run and the catalogue name.

    Args:
        where: as of `source_layout`.
        damaged: refuse files that cannot be read as well; else they are passed over.

    Raises:
        InputError: a file lacks a column that it must have; the message names it.
    """
    table, fmt = catalogue.table(spec.dataset, spec.table), spec.format
    for path in paths:
        try:
            is_csv = fmt.type == "csv"
            header = (
                csv_files.read_header(path, fmt)
                if is_csv
                else list(source_files.parquet_header(path)[0].names)
            )
        except InputError:
            if damaged:
                raise
            continue
        file = source_files.shown(path, data)
        source_files.told_apart(header, file)
        if isinstance(spec, Source):
            source_layout(where, table, spec, header, file)
        else:
            attribute_columns(where, table, header, file)


def _described(
    known: "_Header", table: TableDef, column_of: dict[str, str]
) -> dict[str, Variable]:
    """Column -> the catalogue's variable: the one of its name, else, where the run
    gives it a role, the role's.
    """
    by_name = {column: v for v in table.variable if (column := known.find(v.name))}
    roles = {v.role: v for v in table.variable if v.role and v.role not in KEYS}
    return {
        column: roles[role] for role, column in column_of.items() if role in roles
    } | by_name


def _record_key(table: TableDef, column_of: dict[str, str]) -> tuple[str, ...]:
    if "record_key" in column_of:
        return (column_of["record_key"],)
    variable = table.with_role("record_key")
    return (variable.name,) if variable else ()


def _entity_key(
    known: "_Header",
    table: TableDef,
    column_of: dict[str, str],
    renames: set[str],
    reason: str,
) -> tuple[tuple[str, ...], ...]:
    if "entity_key" in column_of:
        return ((column_of["entity_key"],),)
    columns = {
        v.name: column_of[v.role]
        for v in table.variable
        if v.role and v.name in renames
    }
    alternatives = [
        tuple(columns.get(name, name) for name in alternative)
        for alternative in table.entity_key
    ]
    # The last alternative is the one to fall back on; one before it may rest on a
    # column that the files lack.
    complete = [
        alternative
        for alternative in alternatives[:-1]
        if all(known.find(name) for name in alternative)
    ]
    return tuple(
        tuple(known.must(name, reason) for name in alternative)
        for alternative in [*complete, *alternatives[-1:]]
    )


class _Header:
    """Looks columns up by name, then by name without regard to case.

    Args:
        expected: names that the file may have; where it has none of them, its first
            line may be a record.
    """

    def __init__(
        self, names: Sequence[str], file: str, expected: Iterable[str]
    ) -> None:
        self.names, self.file = tuple(names), file
        self._exact = set(names)
        self._folded = {name.strip().lower(): name for name in reversed(names)}
        self._is_known = any(self.find(name) for name in expected)

    def find(self, name: str) -> str | None:
        return name if name in self._exact else self._folded.get(name.strip().lower())

    def must(self, name: str, reason: str) -> str:
        column = self.find(name)
        if column is None:
            matches = (
                difflib.get_close_matches(name.lower(), self._folded, 1, cutoff=0.5)
                if self._is_known
                else []
            )
            raise InputError(
                f"{reason}: {self.file} has no column '{name}'\n"
                f"  it has: {listed(self.names, known=self._is_known)}"
                + (
                    ""
                    if len(self.names) > 1
                    else "\n  where that is one column of several, say their delimiter "
                    "in format"
                )
                + (f"\n  nearest: {self._folded[matches[0]]}" if matches else "")
            )
        return column
