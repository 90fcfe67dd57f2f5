"""Whether a run's input files have the columns that it needs, told by their headers alone, before any row is read."""

from collections.abc import Iterable
from pathlib import Path

from linkage.catalogue import Catalogue
from linkage.config import AttributeTable, FileFormat, Source
from linkage.records import csv_files, source_files
from linkage.records.layout import attribute_columns, source_layout


def check_source_headers(catalogue: Catalogue, name: str, source: Source, paths: Iterable[Path], data: Path) -> None:
    """Hold each file of a source to the columns that the run and the catalogue name.

    Raises:
        InputError: a file lacks a column that it must have, has no header, or cannot be read; the message names it.
    """
    table = catalogue.table(source.dataset, source.table)
    for path in paths:
        source_layout(f"source.{name}", table, source, _header(path, source.format), _shown(path, data))


def check_attribute_headers(
    catalogue: Catalogue, name: str, spec: AttributeTable, paths: Iterable[Path], data: Path
) -> None:
    """The same for a table of attributes."""
    table = catalogue.table(spec.dataset, spec.table)
    for path in paths:
        attribute_columns(f"attributes.{name}", table, _header(path, spec.format), _shown(path, data))


def _header(path: Path, fmt: FileFormat) -> list[str]:
    if fmt.type == "csv":
        return csv_files.read_header(path, fmt)
    return list(source_files.parquet_header(path)[0].names)


def _shown(path: Path, data: Path) -> str:
    return str(path.relative_to(data) if path.is_relative_to(data) else path)
