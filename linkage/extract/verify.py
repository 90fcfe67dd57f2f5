"""Verify an extract: hashes, schema, keys, row counts, and signs of identifiers and
keys.
"""

import base64
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from linkage.catalogue import Catalogue, datapackage
from linkage.catalogue.datapackage import DESCRIPTOR
from linkage.catalogue.years import Years
from linkage.config.toml_file import json_of
from linkage.engine import Engine, Table, columns, one
from linkage.errors import ConfigError, GateError
from linkage.extract.guards import TEXTS, name_list, table_signs, text_signs
from linkage.extract.layout import PERSON, Field, Layout
from linkage.extract.pseudonyms import MasterKey
from linkage.extract.seal import SUMS, broken, files_below
from linkage.records.source_files import sha256_of

_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Verified:
    """What was checked."""

    project: str
    files: int
    tables: int
    rows: int
    seal: str


# What a column of a type may be in Parquet; CSV is read as the first of each.
_ARROW: Mapping[str, tuple[pa.DataType, ...]] = {
    "integer": (pa.int64(), pa.int32(), pa.int16(), pa.int8()),
    "number": (pa.float64(), pa.float32()),
    "boolean": (pa.bool_(),),
    "date": (pa.date32(),),
    "string": (pa.string(), pa.large_string()),
}


@dataclass(frozen=True)
class _StoredTable:
    """One table in one form, as it lies on the disk."""

    layout: Layout
    table: Table
    files: tuple[str, ...]
    rows: int  # as the description says

    @property
    def place(self) -> str:
        """As a message names it."""
        return (
            self.files[0]
            if len(self.files) == 1
            else f"{Path(self.files[0]).parts[0]}/{self.layout.name}"
        )


def verify(
    engine: Engine,
    catalogue: Catalogue,
    folder: Path,
    *,
    key: MasterKey | None = None,
    seal: str | None = None,
) -> Verified:
    """Check every file of an extract, and every value in it.

    Args:
        folder: the extract's.
        key: the master key: that no file holds it, and that the extract was made with
            it, is seen too.
        seal: the first characters of the seal, as printed when the extract was made.

    Raises:
        ConfigError: the folder is not an extract's.
        GateError: what is wrong, a line each with the file; no value is shown.
    """
    if not (folder / SUMS).is_file() or not (folder / DESCRIPTOR).is_file():
        raise ConfigError(
            f"{folder}: is not an extract: it has no {SUMS} or no {DESCRIPTOR}\n  give "
            "the folder that leo extract wrote"
        )
    digest = sha256_of(folder / SUMS)
    faults = [f"{name}: {fault}" for name, fault in sorted(broken(folder).items())]
    if seal and not digest.startswith(seal.lower()):
        faults.append(
            f"{SUMS}: is not that of the seal {seal}; the extract's seal is {digest}"
        )
    faults += _key_faults(folder, key) if key else []
    _refuse(folder, faults)  # what was changed need not be readable
    package = json_of(folder / DESCRIPTOR)
    faults += _hashes_differ(folder, package)
    if key and package["leo:key_fingerprint"] != key.fingerprint:
        faults.append(
            f"{DESCRIPTOR}: the extract was made with the key of fingerprint "
            f"{package['leo:key_fingerprint']}, "
            f"this one has {key.fingerprint}"
        )
    tables, rows = 0, 0
    with tempfile.TemporaryDirectory(dir=getattr(engine, "scratch", None)) as scratch:
        people: dict[str, _StoredTable] = {}
        names = name_list(engine)
        for table in _read_tables(engine, folder, package, Path(scratch)):
            if isinstance(table, str):
                faults.append(table)
                continue
            form = table.files[0].split("/")[0]
            people |= {form: table} if table.layout.name == "people" else {}
            signs = _table_faults(engine, catalogue, table, people.get(form), names)
            faults += [f"{table.place}: {sign}" for sign in signs]
            tables, rows = tables + 1, rows + table.rows
    for name in files_below(folder):
        if name.endswith(TEXTS):
            faults += [f"{name}: {sign}" for sign in text_signs(folder / name)]
    _refuse(folder, faults)
    return Verified(package["name"], len(files_below(folder)) + 1, tables, rows, digest)


def _refuse(folder: Path, faults: list[str]) -> None:
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise GateError(
            f"{folder}: {count}\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\n  do not use it: make it again with leo extract, or fetch it again "
            "whole"
        )


def _hashes_differ(folder: Path, package: dict[str, Any]) -> Iterator[str]:
    for resource in package["resources"]:
        path = folder / resource["path"]
        if not path.is_file():
            yield f"{resource['path']}: is missing, though {DESCRIPTOR} lists it"
        elif (
            resource["hash"] != f"sha256:{sha256_of(path)}"
            or resource["bytes"] != path.stat().st_size
        ):
            yield (
                f"{resource['path']}: is not what {DESCRIPTOR} describes: size or "
                "SHA-256 differs"
            )


def _table_faults(
    engine: Engine,
    catalogue: Catalogue,
    content: _StoredTable,
    people: _StoredTable | None,
    names: Table,
) -> Iterator[str]:
    key, key_names = columns(content.layout.key), ", ".join(content.layout.key)
    empty = " or ".join(f"{columns([name])} is null" for name in content.layout.key)
    counts, tables = {"rows": "count(*) from {table}"}, {"table": content.table}
    if key_names:
        counts["repeated"] = (
            f"count(*) from (select {key} from {{table}} group by {key} having "
            "count(*) > 1) as many"
        )
        counts["empty"] = f"count(*) from {{table}} where {empty}"
    if PERSON in content.layout.columns and people and people is not content:
        tables["people"] = people.table
        counts["unknown"] = f"""count(*) from {{table}} as held
            left join {{people}} as people on people.{PERSON} = held.{PERSON}
                where people.{PERSON} is null"""
    select_list = ", ".join(
        f"(select {query}) as {name}" for name, query in counts.items()
    )
    results = one(
        engine, engine.sql(f"select {select_list}", params=None, store=False, **tables)
    )
    if results["rows"] != content.rows:
        yield f"has {results['rows']:,} rows, and {content.rows:,} are described"
    if results.get("repeated"):
        yield (
            f"{results['repeated']:,} values of its primary key ({key_names}) stand "
            "in more than one row"
        )
    if results.get("empty"):
        yield f"its primary key ({key_names}) is empty in {results['empty']:,} rows"
    if results.get("unknown"):
        yield (
            f"{results['unknown']:,} rows are of people who are not in people "
            f"(foreign key {PERSON})"
        )
    yield from (
        f"{sign}"
        for sign in table_signs(engine, catalogue, content.layout, content.table, names)
    )


def _key_faults(folder: Path, key: MasterKey) -> list[str]:
    """Files that hold the master key, as bytes, hexadecimal or base64."""
    forms = [
        key.secret,
        key.secret.hex().encode(),
        key.secret.hex().upper().encode(),
        base64.b64encode(key.secret),
    ]
    pattern = re.compile(b"|".join(map(re.escape, forms)))
    overlap = max(map(len, forms))
    names = [*files_below(folder), SUMS]
    return [
        f"{name}: holds the master key"
        for name in names
        if _holds(folder / name, pattern, overlap)
    ]


def _holds(path: Path, pattern: re.Pattern[bytes], overlap: int) -> bool:
    with path.open("rb") as file:
        before = b""
        while block := file.read(_READ_BYTES):
            if pattern.search(before + block):
                return True
            before = block[-overlap:]
    return False


def _described_tables(
    package: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any], list[str], int]]:
    """Form, description, files and rows of each table in each form; the parts of one
    table together.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for resource in package["resources"]:
        groups.setdefault((resource["leo:form"], resource["leo:table"]), []).append(
            resource
        )
    for (form, _), parts in groups.items():
        yield (
            form,
            parts[0],
            [part["path"] for part in parts],
            sum(part["leo:rows"] for part in parts),
        )


def _layout_of(resource: Mapping[str, Any]) -> Layout:
    """A table's layout from its description."""
    schema = resource.get("schema") or resource["leo:schema"]
    fields = tuple(
        Field(
            name=field["name"],
            type=field["type"],
            description=field.get("description", ""),
            pseudonym_of=field.get("leo:pseudonym"),
            frame=field.get("leo:frame"),
            labels=datapackage.labels(field),
            years=field.get("leo:years", ""),
        )
        for field in schema["fields"]
    )
    return Layout(
        name=resource["leo:table"],
        title=resource.get("title", ""),
        grain="",
        fields=fields,
        years=Years.parse(resource["leo:years"]) if "leo:years" in resource else None,
        key=tuple(schema.get("primaryKey", ())),
    )


def _read_tables(
    engine: Engine, folder: Path, package: Mapping[str, Any], scratch: Path
) -> Iterator[_StoredTable | str]:
    """Every table in every form, or a fault that names the file that cannot be read as
    it is described.

    Args:
        scratch: an empty folder; what the engine cannot read in place is written there
            as Parquet.
    """
    for number, (form, resource, files, rows) in enumerate(_described_tables(package)):
        layout = _layout_of(resource)
        try:
            if form == "parquet":
                table = engine.read([folder / file for file in files])
            else:
                target = scratch / f"{number}.parquet"
                _as_parquet(folder / files[0], layout, target)
                table = engine.read(target)
            fault = _other_columns(engine, layout, table)
        except pa.ArrowException:  # whose message may quote a cell
            yield f"{files[0]}: cannot be read as {form}"
            continue
        yield (
            f"{files[0]}: {fault}"
            if fault
            else _StoredTable(layout, table, tuple(files), rows)
        )


def _as_parquet(file: Path, layout: Layout, target: Path) -> None:
    """Copy a CSV file in pieces, so that memory does not grow with the table."""
    convert = pa_csv.ConvertOptions(
        column_types={field.name: _ARROW[field.type][0] for field in layout.fields},
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=False,
    )
    with (
        pa_csv.open_csv(file, convert_options=convert) as reader,
        pq.ParquetWriter(target, reader.schema) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)


def _other_columns(engine: Engine, layout: Layout, table: Table) -> str | None:
    """What differs between a table's columns and its description; None where they
    agree.
    """
    schema = engine.arrow(engine.sql("select * from {t} limit 0", t=table)).schema
    if sorted(schema.names) != sorted(layout.columns):
        absent = [name for name in layout.columns if name not in schema.names]
        strange = [name for name in schema.names if name not in layout.columns]
        differences = [f"lacks {', '.join(absent)}"] if absent else []
        differences += (
            [f"has {', '.join(strange)}, which datapackage.json does not describe"]
            if strange
            else []
        )
        return " and ".join(differences)
    other = [
        f"{field.name} is {schema.field(field.name).type} and not {field.type}"
        for field in layout.fields
        if not _is(field.type, schema.field(field.name).type)
    ]
    return "; ".join(other) or None


def _is(type_name: str, type_: pa.DataType) -> bool:
    if type_name in ("number", "integer") and pa.types.is_decimal(type_):
        return True
    return type_ in _ARROW.get(type_name, (type_,))
