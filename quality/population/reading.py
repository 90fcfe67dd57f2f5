"""The files of a synthetic population by their contract (docs/tables.md), as tables of an engine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from linkage.catalogue import Catalogue
from linkage.catalogue.arrow_types import ARROW_TYPES
from linkage.engine import Engine, Table
from linkage.errors import InputError

MOST_SHOWN = 200_000
"""People that are looked at. A picture of more says the same, and would take minutes to draw of forty million."""


@dataclass(frozen=True)
class Population:
    """A population, of which the first parts of its files are open.

    Attributes:
        manifest: what made it, and the rows of each table by its path.
        sizes: bytes of each table by its path.
        tables: handles by "npd_census", "truth_persons" and so on; of several deliveries those of the last.
    """

    engine: Engine
    catalogue: Catalogue
    manifest: Mapping[str, Any]
    sizes: Mapping[str, int]
    tables: Mapping[str, Table]

    def has(self, *names: str) -> bool:
        """Whether all these tables are there."""
        return all(name in self.tables for name in names)


def open_population(engine: Engine, catalogue: Catalogue, folder: Path, scratch: Path) -> Population:
    """Open the last delivery of a population.

    Args:
        scratch: an empty folder, in which CSV is turned into Parquet.

    Raises:
        InputError: the folder holds no population, or a file of it is missing.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise InputError(f"{folder}: holds no population\n  make one first: leo synth --out {folder}")
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    last = f"release-{manifest['releases']}/" if manifest.get("releases", 1) > 1 else ""
    parts = max(1, MOST_SHOWN // manifest["chunk"])
    tables, sizes = {}, {}
    for place in manifest["rows"]:
        files = _files(folder, place, manifest["format"])
        sizes[place] = sum(file.stat().st_size for file in files)
        if place.startswith(("truth/", f"{last}sources/")):
            name = "_".join(place.removeprefix(last).removeprefix("sources/").split("/"))
            types = _types(catalogue, name)
            shown = [_parquet(file, types, scratch / name) for file in files[:parts]]
            tables[name] = engine.read(shown)
    return Population(engine, catalogue, manifest, sizes, tables)


def _files(folder: Path, place: str, form: str) -> list[Path]:
    whole = folder / f"{place}.{form}"
    files = [whole] if whole.is_file() else sorted((folder / place).glob(f"part-*.{form}"))
    if not files:
        raise InputError(f"{folder / place}: no file of it is left\n  make the population again: leo synth")
    return files


def _types(catalogue: Catalogue, name: str) -> dict[str, Any]:
    """The types of a source's columns; a table of the truth is read as it looks, but for its keys."""
    dataset, table = name.split("_", 1)
    if dataset == "truth":
        return dict.fromkeys(("record_key", "entity_key", "ethnic_group", "postcodes", "postcodes_from"), pa.string())
    return {variable.name: ARROW_TYPES[variable.type] for variable in catalogue.table(dataset, table).variable}


def _parquet(file: Path, types: Mapping[str, Any], folder: Path) -> Path:
    """A file as Parquet: itself, or a copy of CSV."""
    if file.suffix == ".parquet":
        return file
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{file.stem}.parquet"
    options = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False)
    pq.write_table(pa_csv.read_csv(file, convert_options=options), copy)
    return copy
