"""Characteristics of entities: a column for each that the run's tables can give, with
no value but known codes.
"""

import functools
import tomllib
from collections.abc import Mapping

import pyarrow.csv as pa_csv

from linkage.catalogue import Catalogue
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, literal, quote, union_all
from quality.measures.definitions import Characteristic, Definitions

NOT_KNOWN = "not known"
OTHER_CODE = "other code"


def labels_of(
    characteristic: Characteristic, catalogue: Catalogue
) -> Mapping[str, str]:
    """Code to label, from the catalogue's frame and the definition's own labels."""
    labels = catalogue.frames.get(characteristic.frame or "", {})
    return {**labels, **characteristic.labels}


def entities_described(
    engine: Engine,
    entities: Mapping[str, Table],
    attributes: Mapping[str, Table],
    definitions: Definitions,
    catalogue: Catalogue,
) -> Table:
    """entity_id, source, born, and a text column for each characteristic that the run's
    tables can give.

    A code that is in no frame becomes "other code": what a file holds in a column is
    not shown because of its place.

    Args:
        entities: by source.
        attributes: by <dataset>_<table>; a characteristic whose table is not there is
            left out.
    """
    by_identifier = [
        c for c in definitions.characteristic if c.identifier and c.part != "region"
    ]
    by_region = [c for c in definitions.characteristic if c.part == "region"]
    if by_region and not _any_british(engine, entities):
        by_region = []
    by_attribute = [
        c
        for c in definitions.characteristic
        if c.table in attributes and c.variable in attributes[str(c.table)].columns
    ]
    parts = []
    for source, table in entities.items():
        values = "".join(
            f", {_identity_value(c, table, catalogue)} as {quote(c.name)}"
            for c in by_identifier
        )
        born = _newest("dob", table, "date")
        query = (
            f"select entity_id, cast({literal(source)} as varchar) as source, "
            f"{born} as born {values} from {{t}}"
        )
        parts.append((query, table))
    value_tables = {
        c.name: _regions(engine, entities, c, catalogue)
        if c.part == "region"
        else _picked(engine, attributes[str(c.table)], c, catalogue)
        for c in [*by_attribute, *by_region]
    }
    picked_columns = "".join(
        f", picked_{n}.value as {quote(name)}" for n, name in enumerate(value_tables)
    )
    joins = " ".join(
        f"left join {{picked_{n}}} as picked_{n} on picked_{n}.entity_id = "
        "entities.entity_id"
        for n in range(len(value_tables))
    )
    return engine.sql(
        f"select entities.*{picked_columns} from {{entities}} as entities {joins}",
        params=None,
        store=True,
        entities=union_all(engine, parts),
        **{f"picked_{n}": table for n, table in enumerate(value_tables.values())},
    )


def _newest(identifier: str, table: Table, kind: str) -> str:
    """The first value of an identifier's list, which is its newest."""
    if identifier not in table.columns:
        return f"cast(null as {kind})"
    name = quote(identifier)
    return f"case when array_length({name}) > 0 then cast({name}[1] as {kind}) end"


def _identity_value(
    characteristic: Characteristic, table: Table, catalogue: Catalogue
) -> str:
    if characteristic.part == "year":
        return (
            f"cast(year({_newest(str(characteristic.identifier), table, 'date')}) "
            "as varchar)"
        )
    return _known(
        _newest(str(characteristic.identifier), table, "varchar"),
        characteristic,
        catalogue,
    )


def _known(value: str, characteristic: Characteristic, catalogue: Catalogue) -> str:
    """A text as it is where it is a code of the characteristic; another code by that
    name; NULL as NULL.
    """
    codes = ", ".join(literal(code) for code in labels_of(characteristic, catalogue))
    return (
        f"case when {value} in ({codes}) then {value} when {value} is not null "
        "then "
        f"{literal(OTHER_CODE)} end"
    )


@functools.cache
def _british_form() -> str:
    """The form of a British postcode as records have it: of another country's, letters
    that look alike are no area.
    """
    rules = tomllib.loads(
        config_file("records/identifiers.toml").read_text(encoding="utf-8")
    )
    return str(rules["postcode"]["standard"])


def _any_british(engine: Engine, entities: Mapping[str, Table]) -> bool:
    """Whether anybody has a British postcode; a run without one has no regions to speak
    of.
    """
    queries = [
        (
            f"select 1 as n from {{t}} where regexp_matches({newest}, "
            f"{literal(_british_form())}) limit 1",
            table,
        )
        for table in entities.values()
        if "postcode" in table.columns
        for newest in [_newest("postcode", table, "varchar")]
    ]
    return any(engine.count(engine.sql(query, t=table)) for query, table in queries)


def _regions(
    engine: Engine,
    entities: Mapping[str, Table],
    characteristic: Characteristic,
    catalogue: Catalogue,
) -> Table:
    """entity_id, value: the region of the newest postcode, by its outward code where
    that is named, else its area.
    """
    with_postcode = [
        table for table in entities.values() if "postcode" in table.columns
    ]
    query = "select entity_id, {} as postcode from {{t}}"
    regions = pa_csv.read_csv(config_file("outcomes/postcode_regions.csv"))
    parts = [
        (query.format(_newest("postcode", table, "varchar")), table)
        for table in with_postcode
    ]
    return engine.sql(
        f"""
        with parts as (
            select entity_id, regexp_extract(postcode, '^[A-Z]+[0-9][A-Z0-9]?', 0)
                as outward,
                   regexp_extract(postcode, '^[A-Z]+', 0) as area
            from {{postcodes}}
            where regexp_matches(postcode, {literal(_british_form())})
        ),
        placed as (
            select parts.entity_id, coalesce(of_outward.region, of_area.region) as code
            from parts
            left join {{regions}} as of_outward on of_outward.prefix = parts.outward
            left join {{regions}} as of_area on of_area.prefix = parts.area
        )
        select entity_id, {_known("code", characteristic, catalogue)} as value
            from placed
        """,
        postcodes=union_all(engine, parts),
        regions=engine.from_arrow(regions.rename_columns(["prefix", "region"])),
    )


def _picked(
    engine: Engine,
    attributes: Table,
    characteristic: Characteristic,
    catalogue: Catalogue,
) -> Table:
    """entity_id, value: the one value that stands for an entity."""
    value = quote(str(characteristic.variable))
    aggregate = "max(observed_value)"
    observed = (
        f"select entity_id, {value} as observed_value from {{attributes}} "
        "where "
        f"{value} is not null"
    )
    if characteristic.pick == "latest" and characteristic.order_by:
        # Of two values of one year it is the first by its code, so that a run repeated
        # gives the same.
        year = quote(characteristic.order_by)
        aggregate = f"max_by(observed_value, {year})"
        observed = f"""
            select entity_id, {year}, min({value}) as observed_value
            from {{attributes}}
            where {value} is not null
            group by entity_id, {year}"""
    return engine.sql(
        f"""
        with observed as ({observed}),
        picked as (
            select entity_id, cast({aggregate} as varchar) as code from observed
                group by entity_id
        )
        select entity_id, {_known("code", characteristic, catalogue)} as value
            from picked
        """,
        attributes=attributes,
    )
