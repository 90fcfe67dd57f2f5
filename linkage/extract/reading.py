"""Read the tables of a stored extract, as its datapackage.json describes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq

from linkage.catalogue import datapackage
from linkage.catalogue.years import Years
from linkage.engine import Engine, Table, export_database
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
    groups: dict[tuple[str, str], tuple[Mapping[str, Any], list[str], int]] = {}
    for resource in package["resources"]:
        form = resource["leo:form"]
        for described in resource.get("leo:tables", [resource] if "leo:table" in resource else []):
            first, files, rows = groups.get((form, described["leo:table"]), (described, [], 0))
            groups[form, described["leo:table"]] = first, [*files, resource["path"]], rows + described["leo:rows"]
    for (form, _), (described, files, rows) in groups.items():
        yield form, described, files, rows


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
    databases: dict[str, dict[str, Path]] = {}
    for number, (form, described, files, rows) in enumerate(described_tables(package)):
        layout = layout_of(described)
        try:
            if form == "duckdb":
                (file,) = files
                if file not in databases:
                    databases[file] = _exported(folder / file, scratch / f"database-{number}")
                if layout.name not in databases[file]:
                    yield f"{file}: has no table {layout.name}"
                    continue
                table = engine.read(databases[file][layout.name])
            elif key:
                table = engine.from_arrow(_decrypted(form, [folder / file for file in files], layout, key))
            elif form == "parquet":
                table = engine.read([folder / file for file in files])
            else:
                target = scratch / f"{number}.parquet"
                _as_parquet(form, [folder / file for file in files], layout, target)
                table = engine.read(target)
            fault = _other_columns(engine, layout, table)
        except (pa.ArrowException, InputError) as error:
            # Arrow's message may quote a cell.
            message = str(error).splitlines()[0] if isinstance(error, InputError) else f"cannot be read as {form}"
            yield f"{files[0]}: {message.removeprefix(f'{folder / files[0]}: ')}"
            continue
        yield f"{files[0]}: {fault}" if fault else StoredTable(layout, table, tuple(files), rows)


def _decrypted(form: str, files: list[Path], layout: Layout, key: EncryptionKey) -> pa.Table:
    parts = []
    for file in files:
        part = decrypted(file, key)
        column, _, year = file.parent.name.partition("=")
        if form == "partitioned" and year and column not in part.column_names:
            value = None if year == "__HIVE_DEFAULT_PARTITION__" else int(year)
            part = part.append_column(column, pa.array([value] * len(part), pa.int64()))
        parts.append(part.select([name for name in layout.columns if name in part.column_names]))
    return pa.concat_tables(parts)


def _exported(file: Path, target: Path) -> dict[str, Path]:
    target.mkdir()
    return export_database(file, target)


def _as_parquet(form: str, files: list[Path], layout: Layout, target: Path) -> None:
    """Rows in pieces, so that memory does not grow with the table."""
    if form == "partitioned":
        root = next(parent for parent in files[0].parents if parent.name == layout.name)
        read = pa_dataset.dataset(
            [str(file) for file in files], format="parquet", partitioning="hive", partition_base_dir=str(root)
        )
        with pq.ParquetWriter(target, read.schema) as writer:
            for batch in read.to_batches(batch_size=65_536):
                writer.write_batch(batch)
        return
    convert = pa_csv.ConvertOptions(
        column_types={field.name: _ARROW[field.type][0] for field in layout.fields},
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=False,
    )
    (file,) = files
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
