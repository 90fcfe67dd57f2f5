"""Whether a run's input files have the columns that it needs, told by their headers alone, before any row is read."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from linkage.catalogue import Catalogue
from linkage.config import AttributeTable, FileFormat, Source
from linkage.errors import InputError
from linkage.records import csv_files, source_files
from linkage.records.layout import attribute_columns, source_layout


def check_source_headers(
    catalogue: Catalogue, name: str, source: Source, paths: Iterable[Path], data: Path, *, damaged: bool
) -> None:
    """Hold each file of a source to the columns that the run and the catalogue name.

    Args:
        damaged: refuse files that cannot be read as well; else they are passed over.

    Raises:
        InputError: a file lacks a column that it must have; the message names it.
    """
    table = catalogue.table(source.dataset, source.table)
    for header, file in _headers(paths, source.format, data, damaged):
        source_layout(f"source.{name}", table, source, header, file)


def check_attribute_headers(
    catalogue: Catalogue, name: str, spec: AttributeTable, paths: Iterable[Path], data: Path, *, damaged: bool
) -> None:
    """The same for a table of attributes."""
    table = catalogue.table(spec.dataset, spec.table)
    for header, file in _headers(paths, spec.format, data, damaged):
        attribute_columns(f"attributes.{name}", table, header, file)


def _headers(paths: Iterable[Path], fmt: FileFormat, data: Path, damaged: bool) -> Iterator[tuple[list[str], str]]:
    for path in paths:
        try:
            is_csv = fmt.type == "csv"
            header = csv_files.read_header(path, fmt) if is_csv else list(source_files.parquet_header(path)[0].names)
        except InputError:
            if damaged:
                raise
            continue
        source_files.told_apart(header, source_files.shown(path, data))
        yield header, source_files.shown(path, data)
