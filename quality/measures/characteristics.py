"""Characteristics of entities: a column for each that the run's tables can give, with no value but known codes."""

import functools
import tomllib
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.csv as pa_csv

from linkage.catalogue import Catalogue
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, columns, literal, quote
from quality.measures.definitions import Characteristic, Definitions

NOT_KNOWN = "not known"
OTHER_CODE = "other code"


def labels_of(characteristic: Characteristic, catalogue: Catalogue) -> Mapping[str, str]:
    """Code to label, from the catalogue's frame and the definition's own labels."""
    framed = catalogue.frames.get(characteristic.frame or "", {})
    return {**framed, **characteristic.labels}


def entities_described(
    engine: Engine,
    identities: Mapping[str, Table],
    attributes: Mapping[str, Table],
    definitions: Definitions,
    catalogue: Catalogue,
) -> Table:
    """entity_id, source, born, and a text column for each characteristic that the run's tables can give.

    A code that is in no frame becomes "other code": what a file holds in a column is not shown because of its place.

    Args:
        identities: by source.
        attributes: by <dataset>_<table>; a characteristic whose table is not there is left out.
    """
    by_identity = [c for c in definitions.characteristic if c.identity and c.part != "region"]
    by_region = [c for c in definitions.characteristic if c.part == "region"]
    if by_region and not _any_british(engine, identities):
        by_region = []
    by_attribute = [
        c
        for c in definitions.characteristic
        if c.table in attributes and c.variable in attributes[str(c.table)].columns
    ]
    parts, tables = [], {}
    for index, table in enumerate(identities.values()):
        tables[f"identities_{index}"] = table
        values = "".join(f", {_identity_value(c, table, catalogue)} as {quote(c.name)}" for c in by_identity)
        parts.append(
            f"select entity_id, $source_{index} as source, {_newest('dob', table, 'date')} as born {values} "
            f"from {{identities_{index}}}"
        )
    entities = engine.sql(
        "\nunion all\n".join(parts),
        params={f"source_{index}": source for index, source in enumerate(identities)},
        store=False,
        **tables,
    )
    joined, joins, named = [], [], {}
    for index, c in enumerate([*by_attribute, *by_region]):
        named[f"picked_{index}"] = (
            _regions(engine, identities, c, catalogue)
            if c.part == "region"
            else _picked(engine, attributes[str(c.table)], c, catalogue)
        )
        joined.append(f", picked_{index}.value as {quote(c.name)}")
        joins.append(f"left join {{picked_{index}}} as picked_{index} on picked_{index}.entity_id = entities.entity_id")
    return engine.sql(
        f"select {columns(entities.columns, of='entities')} {''.join(joined)} "
        f"from {{entities}} as entities {' '.join(joins)}",
        params=None,
        store=True,
        entities=entities,
        **named,
    )


def _newest(identifier: str, table: Table, kind: str) -> str:
    """The first value of an identifier's list, which is its newest."""
    if identifier not in table.columns:
        return f"cast(null as {kind})"
    name = quote(identifier)
    return f"case when array_length({name}) > 0 then cast({name}[1] as {kind}) end"


def _identity_value(characteristic: Characteristic, table: Table, catalogue: Catalogue) -> str:
    if characteristic.part == "year":
        return f"cast(year({_newest(str(characteristic.identity), table, 'date')}) as varchar)"
    return _known(_newest(str(characteristic.identity), table, "varchar"), characteristic, catalogue)


def _known(value: str, characteristic: Characteristic, catalogue: Catalogue) -> str:
    """A text as it is where it is a code of the characteristic; another code by that name; NULL as NULL."""
    codes = ", ".join(literal(code) for code in labels_of(characteristic, catalogue))
    return f"case when {value} in ({codes}) then {value} when {value} is not null then {literal(OTHER_CODE)} end"


@functools.cache
def _british_form() -> str:
    """The form of a British postcode as records have it: of another country's, letters that look alike are no area."""
    rules = tomllib.loads(config_file("records/identifiers.toml").read_text(encoding="utf-8"))
    return str(rules["postcode"]["standard"])


def _any_british(engine: Engine, identities: Mapping[str, Table]) -> bool:
    """Whether anybody has a British postcode; a run without one has no regions to speak of."""
    with_postcode = [table for table in identities.values() if "postcode" in table.columns]
    found = (
        engine.sql(
            f"""
            select 1 as n from {{identities}}
            where regexp_matches({_newest("postcode", table, "varchar")}, {literal(_british_form())})
            limit 1
            """,
            identities=table,
        )
        for table in with_postcode
    )
    return any(engine.count(one) for one in found)


def _regions(
    engine: Engine, identities: Mapping[str, Table], characteristic: Characteristic, catalogue: Catalogue
) -> Table:
    """entity_id, value: the region of the newest postcode, by its outward code where that is named, else its area."""
    with_postcode = {
        f"of_{place}": table for place, table in enumerate(identities.values()) if "postcode" in table.columns
    }
    postcodes = engine.sql(
        "\nunion all\n".join(
            f"select entity_id, {_newest('postcode', table, 'varchar')} as postcode from {{{name}}}"
            for name, table in with_postcode.items()
        ),
        params=None,
        store=False,
        **with_postcode,
    )
    return engine.sql(
        f"""
        with parts as (
            select entity_id, regexp_extract(postcode, '^[A-Z]+[0-9][A-Z0-9]?', 0) as outward,
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
        select entity_id, {_known("code", characteristic, catalogue)} as value from placed
        """,
        postcodes=postcodes,
        regions=engine.from_arrow(_postcode_regions()),
    )


def _postcode_regions() -> pa.Table:
    """prefix, region: outward codes and postcode areas."""
    table = pa_csv.read_csv(config_file("outcomes/postcode_regions.csv"))
    return table.rename_columns(["prefix", "region"])


def _picked(engine: Engine, attributes: Table, characteristic: Characteristic, catalogue: Catalogue) -> Table:
    """entity_id, value: the one value that stands for an entity."""
    value = quote(str(characteristic.variable))
    chosen = "max(observed_value)"
    observed = f"select entity_id, {value} as observed_value from {{attributes}} where {value} is not null"
    if characteristic.pick == "latest" and characteristic.order_by:
        # Of two values of one year it is the first by its code, so that a run repeated gives the same.
        year = quote(characteristic.order_by)
        chosen = f"max_by(observed_value, {year})"
        observed = f"""
            select entity_id, {year}, min({value}) as observed_value
            from {{attributes}}
            where {value} is not null
            group by entity_id, {year}"""
    return engine.sql(
        f"""
        with observed as ({observed}),
        picked as (
            select entity_id, cast({chosen} as varchar) as code from observed group by entity_id
        )
        select entity_id, {_known("code", characteristic, catalogue)} as value from picked
        """,
        attributes=attributes,
    )
