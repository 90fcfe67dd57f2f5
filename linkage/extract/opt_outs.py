"""People who may be in no extract: they opted out, withdrew their consent, or their
record must not be shared.
"""

import errno
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table, one
from linkage.errors import ConfigError, InputError
from linkage.extract.layout import PERSON

COLUMNS = ("source", "entity_key")


@dataclass(frozen=True)
class OptedOut:
    """How many a list names, how many of them the run holds, and how many people of a
    project are left out for it.
    """

    listed: int
    found: int
    people: int


def read_opt_outs(path: Path) -> pa.Table:
    """A list of people by a source's own key: a CSV file with the columns source and
    entity_key; others are ignored.

    Raises:
        ConfigError: no such file, or a column is missing.
        InputError: it cannot be read as CSV, or a row lacks its source or key; no value
            is shown.
    """
    try:
        options = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(COLUMNS, pa.string()),
            strings_can_be_null=True,
            include_columns=list(COLUMNS),
        )
        table = pa_csv.read_csv(path, convert_options=options)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file\n  give the list of people who opted out"
        ) from None
    except OSError as error:  # Arrow names no file where it is a folder
        reason = (
            "is a folder"
            if path.is_dir()
            else f"cannot be read: {os.strerror(error.errno or errno.EIO)}"
        )
        raise ConfigError(
            f"{path}: {reason}\n  give the list of people who opted out"
        ) from None
    except KeyError:
        raise ConfigError(
            f"{path}: lacks a column\n  its header has {' and '.join(COLUMNS)}"
        ) from None
    except pa.ArrowException:
        raise InputError(
            f"{path}: cannot be read as CSV in UTF-8\n  save it as CSV (UTF-8) with "
            "the columns source and entity_key"
        ) from None
    for name in COLUMNS:
        empty = table[name].null_count + (
            pc.sum(pc.equal(pc.utf8_trim_whitespace(table[name]), "")).as_py() or 0
        )
        if empty:
            raise InputError(
                f"{path}: {empty} rows have no {name}\n  every row names a person"
            )
    return table


def check_sources(opt_outs: pa.Table, catalogue: Catalogue, run: Iterable[str]) -> None:
    """Check that every row of a list is of a known source: one under another name would
    exclude no person.

    Args:
        catalogue: a list for all runs may name its datasets, but for tax and benefit
            tables, which carry people of CIS.
        run: the run's own sources.

    Raises:
        InputError: rows are of another; how many, and which sources there are.
    """
    own_names = [
        name
        for name, dataset in catalogue.datasets.items()
        if any(
            table.entity_key and not table.entity_source
            for table in dataset.table.values()
        )
    ]
    names = sorted({name.lower() for name in (*own_names, *run)})
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(opt_outs["source"].cast(pa.string())))
    unknown = len(opt_outs) - (
        pc.sum(pc.is_in(plain, pa.array(names, pa.string()))).as_py() or 0
    )
    if unknown:
        rows = "1 row of the list" if unknown == 1 else f"{unknown:,} rows of the list"
        raise InputError(
            f"{rows} of people who opted out: the source is none of "
            f"{', '.join(names)}\n"
            "  they would exclude no person: write the source as the run names it"
        )


def opted_out(
    engine: Engine,
    opt_outs: pa.Table,
    spine: Table,
    lookup_ae_id: Table,
    members: Table,
    datasets: Mapping[str, str],
) -> tuple[Table, OptedOut]:
    """The members without those named in a list by any of their records; and the
    counts.

    Sources and keys are compared without case, and without blanks: a National Insurance
    number is often written with some, and whoever opted out by it is to be left out.

    Args:
        opt_outs: source, entity_key.
        members: AE_ID (raw).
        datasets: the sources of the spine, each with its dataset: a list may name
            either.
    """
    keys = engine.sql(
        f"select distinct lower(trim(source)) as source, {_plain('entity_key')} as "
        f"entity_key from {{opt_outs}}",
        opt_outs=engine.from_arrow(opt_outs),
        store=True,
    )
    names = sorted(
        {
            (source, name.lower())
            for source, dataset in datasets.items()
            for name in (source, dataset)
        }
    )
    aliases = pa.table(
        {
            "source": [source for source, _ in names],
            "alias": [name for _, name in names],
        }
    )
    persons = engine.sql(
        f"""
        select distinct keys.source, keys.entity_key, lookup.{PERSON}
        from {{keys}} as keys
        join {{aliases}} as aliases on aliases.alias = keys.source
        join {{spine}} as spine
            on spine.source = aliases.source
                and {_plain("spine.entity_key")} = keys.entity_key
        join {{lookup}} as lookup on lookup.entity_id = spine.entity_id
        """,
        keys=keys,
        aliases=engine.from_arrow(aliases),
        spine=spine,
        lookup=lookup_ae_id,
        store=True,
    )
    remainder = engine.sql(
        f"select {PERSON} from {{members}} anti join {{persons}} using ({PERSON})",
        members=members,
        persons=persons,
        store=True,
    )
    counts = one(
        engine,
        engine.sql(
            """
            select (select count(*) from {keys}) as listed,
                   (select count(*) from (select distinct source, entity_key
                       from {persons}) as keys) as found,
                   (select count(*) from {members}) - (select count(*) from {remainder})
                       as people
            """,
            keys=keys,
            persons=persons,
            members=members,
            remainder=remainder,
        ),
    )
    engine.drop(keys, persons)
    return remainder, OptedOut(**counts)


def _plain(key: str) -> str:
    return f"upper(replace(cast({key} as varchar), ' ', ''))"
