"""Reading configs/catalogue/: what we hold, one file a dataset, and all code frames."""

import functools
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from linkage.catalogue.definitions import (
    CODE_FORMS,
    SEX_LABELS,
    Catalogue,
    Dataset,
    TableDef,
)
from linkage.config.resources import config_files, shipped_dir
from linkage.errors import ConfigError, repeated

_FRAMES = "frames.toml"


def load(folder: Path | None = None) -> Catalogue:
    """Read configs/catalogue: one file a dataset, and frames.toml with all code frames.

    Args:
        folder: of these files. Where not given, those in use: the shipped ones, and the
            user's own datasets and code frames before them.

    Raises:
        ConfigError: all faults of all files at once, each with its file and path.
    """
    shipped_frames = shipped_dir() / "catalogue" / _FRAMES
    files = (
        sorted(folder.glob("*.toml"))
        if folder
        else [shipped_frames, *config_files("catalogue/*.toml").values()]
    )
    faults: list[str] = []
    datasets: dict[str, Dataset] = {}
    frames: dict[str, dict[str, str]] = {}
    for path in dict.fromkeys(path for path in files if path.name == _FRAMES):
        frames |= _frames(path, faults)
    for path in files:
        if path.name == _FRAMES:
            continue
        try:
            dataset = Dataset.model_validate(
                _named(tomllib.loads(path.read_text(encoding="utf-8-sig")))
            )
        except ValidationError as error:
            faults += [
                f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}"
                for e in error.errors(include_input=False)
            ]
            continue
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            faults.append(f"{path.name}: {error}")
            continue
        if dataset.dataset in datasets:
            faults.append(
                f"{path.name}: dataset '{dataset.dataset}' is described in another "
                "file already"
            )
        datasets[dataset.dataset] = dataset
        faults += _unknown_names(path.name, dataset, frames)
    faults += _faults_between(datasets)
    if faults:
        raise ConfigError(
            "the catalogue has faults\n" + "\n".join(f"  {fault}" for fault in faults)
        )
    return Catalogue(datasets=datasets, frames=frames)


def _frames(path: Path, faults: list[str]) -> dict[str, dict[str, str]]:
    """The code frames, codes and labels as text; faults of the file are added to
    `faults`.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path.name}: {error}")
        return {}
    faulty = [
        name
        for name, codes in raw.items()
        if not isinstance(codes, dict)
        or not all(isinstance(label, str) for label in codes.values())
    ]
    faults += [
        f"{path.name}: {name}: a frame is a table of codes, each with a label in quotes"
        for name in faulty
    ]
    return {name: codes for name, codes in raw.items() if name not in faulty}


def _faults_between(datasets: dict[str, Dataset]) -> list[str]:
    """Names that would mean two tables, or that no file or request can bear; years of
    tables that have none.
    """
    tables = [
        (name, table)
        for name, dataset in datasets.items()
        for table in dataset.table.values()
    ]
    names = [f"{name}_{table.name}" for name, table in tables]
    faults = [f"two tables are {both} (dataset_table)" for both in repeated(names)]
    faults += [
        f"{name}.{table.name}: names of datasets and tables are letters, digits, "
        "underscores and hyphens"
        for name, table in tables
        if not re.fullmatch(r"[\w-]+", name) or not re.fullmatch(r"[\w-]+", table.name)
    ]
    yearly = {f"{name}.{table.name}" for name, table in tables if table.year}
    return (
        faults
        + [
            f"{name}.{table.name}.{v.name}: year_of '{table_name}' is not a table with "
            'years; write it as "npd.ks4"'
            for name, table in tables
            for v in table.variable
            for table_name in v.years_of.values()
            if table_name not in yearly
        ]
        + [
            f"{name}.{table.name}.{v.name}: year_of for each value needs year_by, a "
            "variable of the table"
            for name, table in tables
            for v in table.variable
            if isinstance(v.year_of, dict) and v.year_by not in table.variables
        ]
    )


@functools.cache
def shipped() -> Catalogue:
    """The catalogue in use, read once: what ships, and the user's own definitions
    before it.
    """
    return load()


def _named(raw: dict[str, Any]) -> dict[str, Any]:
    for name, table in raw.get("table", {}).items():
        table.setdefault("name", name)
    return raw


def _unknown_names(file: str, dataset: Dataset, frames: dict[str, Any]) -> list[str]:
    """Keys and frames that are named but do not exist, and variables described
    twice.
    """
    faults = []
    for table in dataset.table.values():
        place = f"{file}: table.{table.name}"
        names = [v.name for v in table.variable]
        faults += [f"{place}: '{name}' is described twice" for name in repeated(names)]
        keys = {
            *table.key,
            *(column for alternative in table.entity_key for column in alternative),
        }
        faults += [
            f"{place}: key '{k}' is not a variable of the table"
            for k in sorted(keys - set(names))
        ]
        integers = {v.name for v in table.variable if v.type == "integer"}
        faults += [
            f"{place}: year '{y}' is not an integer of the table"
            for y in table.year
            if y not in integers
        ]
        faults += [
            f"{place}.{v.name}: no code frame '{v.frame}'"
            for v in table.variable
            if v.frame and v.frame not in frames
        ]
        faults += _read_wrongly(place, table, frames)
        faults += [
            f"{place}.{n}: a column name is letters, digits and underscores"
            for n in names
            if not re.fullmatch(r"\w+", n)
        ]
    return faults


def _read_wrongly(place: str, table: TableDef, frames: dict[str, Any]) -> list[str]:
    """What linkage would read otherwise than it is meant, or an extract hold that names
    a person.
    """
    faults = []
    roles = [v.role for v in table.variable if v.role and v.role != "entity_key"]
    faults += [
        f"{place}: two columns have the role '{role}'; linkage would read only the "
        "first"
        for role in repeated(roles)
    ]
    faults += [
        f"{place}.{v.name}: no label of frame '{v.frame}' is "
        f"{' or '.join(SEX_LABELS)}; no person's sex would be known"
        for v in table.variable
        if v.role == "sex"
        and frames.get(v.frame or "")
        and not set(SEX_LABELS) & set(frames[str(v.frame)].values())
    ]
    faults += [
        f"{place}.{v.name}: a number of a person has identifiability 1 or 2, so that "
        "no extract holds it"
        for v in table.variable
        if v.format == "number" and v.role is None and v.identifiability > 2
    ]
    faults += [
        f"{place}.{v.name}: '{v.format}' is not a form of postcodes; there are "
        "postcode (a British one), " + ", ".join(CODE_FORMS)
        for v in table.variable
        if v.role in ("postcode", "former_postcode")
        and v.format not in (None, "postcode", *CODE_FORMS)
    ]
    return faults
