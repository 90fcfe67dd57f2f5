"""Read the tables of a stored extract, as its datapackage.json describes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from linkage.catalogue import datapackage
from linkage.catalogue.years import Years
from linkage.engine import Engine, Table
from linkage.errors import ConfigError, InputError
from linkage.extract.encryption import VARIABLE, EncryptionKey, decrypted
from linkage.extract.layout import Field, Layout

# What a column of a type may be in Parquet; CSV is read as the first of each.
_ARROW: Mapping[str, tuple[pa.DataType, ...]] = {
    "integer": (pa.int64(), pa.int32(), pa.int16(), pa.int8()),
    "number": (pa.float64(), pa.float32()),
    "boolean": (pa.bool_(),),
    "date": (pa.date32(),),
    "string": (pa.string(), pa.large_string()),
}


@dataclass(frozen=True)
class StoredTable:
    """One table in one form, as it lies on the disk."""

    layout: Layout
    table: Table
    files: tuple[str, ...]
    rows: int  # as the description says

    @property
    def place(self) -> str:
        """As a message names it."""
        return self.files[0] if len(self.files) == 1 else f"{Path(self.files[0]).parts[0]}/{self.layout.name}"


def described_tables(package: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], list[str], int]]:
    """Form, description, files and rows of each table in each form; the parts of one table together."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for resource in package["resources"]:
        groups.setdefault((resource["leo:form"], resource["leo:table"]), []).append(resource)
    for (form, _), parts in groups.items():
        yield form, parts[0], [part["path"] for part in parts], sum(part["leo:rows"] for part in parts)


def layout_of(described: Mapping[str, Any]) -> Layout:
    """A table's layout from its description."""
    schema = described.get("schema") or described["leo:schema"]
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
        name=described["leo:table"],
        title=described.get("title", ""),
        grain="",
        fields=fields,
        years=Years.parse(described["leo:years"]) if "leo:years" in described else None,
        key=tuple(schema.get("primaryKey", ())),
    )


def read_tables(
    engine: Engine,
    folder: Path,
    package: Mapping[str, Any],
    scratch: Path,
    *,
    encryption: EncryptionKey | None = None,
) -> Iterator[StoredTable | str]:
    """Every table in every form, or a fault that names the file that cannot be read as it is described.

    Args:
        scratch: an empty folder; what the engine cannot read in place is written there as Parquet. Encrypted files are
            not: they are read into memory.
        encryption: the key of an encrypted extract.

    Raises:
        ConfigError: the extract is encrypted and no key is given.
    """
    if package.get("leo:encrypted") and encryption is None:
        raise ConfigError(
            f"{folder}: its files are encrypted\n  give the key with --encryption-key, or in the environment variable "
            f"{VARIABLE}"
        )
    key = encryption if package.get("leo:encrypted") else None
    for number, (form, described, files, rows) in enumerate(described_tables(package)):
        layout = layout_of(described)
        try:
            if key:
                parts = [decrypted(folder / file, key).select(list(layout.columns)) for file in files]
                table = engine.from_arrow(pa.concat_tables(parts))
            elif form == "parquet":
                table = engine.read([folder / file for file in files])
            else:
                target = scratch / f"{number}.parquet"
                _as_parquet(folder / files[0], layout, target)
                table = engine.read(target)
            fault = _other_columns(engine, layout, table)
        except (pa.ArrowException, InputError) as error:
            # Arrow's message may quote a cell.
            message = str(error).splitlines()[0] if isinstance(error, InputError) else f"cannot be read as {form}"
            yield f"{files[0]}: {message.removeprefix(f'{folder / files[0]}: ')}"
            continue
        yield f"{files[0]}: {fault}" if fault else StoredTable(layout, table, tuple(files), rows)


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
    """What differs between a table's columns and its description; None where they agree."""
    schema = engine.arrow(engine.sql("select * from {t} limit 0", t=table)).schema
    if sorted(schema.names) != sorted(layout.columns):
        missing = [name for name in layout.columns if name not in schema.names]
        strange = [name for name in schema.names if name not in layout.columns]
        says = [f"lacks {', '.join(missing)}"] if missing else []
        says += [f"has {', '.join(strange)}, which datapackage.json does not describe"] if strange else []
        return " and ".join(says)
    other = [
        f"{field.name} is {schema.field(field.name).type} and not {field.type}"
        for field in layout.fields
        if not _is(field.type, schema.field(field.name).type)
    ]
    return "; ".join(other) or None


def _is(described: str, type_: pa.DataType) -> bool:
    if described in ("number", "integer") and pa.types.is_decimal(type_):
        return True
    return type_ in _ARROW.get(described, (type_,))
