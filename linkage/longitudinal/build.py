"""All of LEO's tables from the attributes of a run and the spine's lookups."""

import datetime
from collections.abc import Mapping

import pyarrow as pa

from linkage import catalogue as catalogues
from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table
from linkage.longitudinal.attributes import TABLES, received
from linkage.longitudinal.benefits import benefits
from linkage.longitudinal.definitions import OutcomeDefinitions, columns_needed
from linkage.longitudinal.earnings import earnings
from linkage.longitudinal.employment import employment
from linkage.longitudinal.geography import geography
from linkage.longitudinal.outcomes import outcomes
from linkage.longitudinal.people import holders as find_holders
from linkage.longitudinal.person import person
from linkage.longitudinal.self_assessment import self_assessment
from linkage.longitudinal.set_aside import set_aside


def build(
    engine: Engine,
    attributes: Mapping[str, Table],
    lookups: Mapping[str, Table],
    definitions: OutcomeDefinitions,
    *,
    extract_date: datetime.date,
    addresses: Table | None = None,
    births: Table | None = None,
    catalogue: Catalogue | None = None,
) -> dict[str, Table]:
    """LEO's tables, keyed by EDUKEY, and what they say of each cohort.

    Args:
        attributes: tables by <dataset>_<table>, each entity_id and the catalogue's variables. One that a run lacks
            counts as empty.
        lookups: lookup_ae_id (AE_ID, source, entity_id) and lookup_edukey (AE_ID, EDUKEY, entity_id of the CIS record).
        definitions: what counts as an outcome.
        extract_date: last day that the files can tell of.
        addresses: entity_id of the CIS record, postcode, valid_from, valid_to; without it geography is empty.
        births: entity_id, dob, records; without it nobody's month and year of birth are known.
        catalogue: the one shipped where not given.

    Returns:
        employment, earnings, self_assessment, benefits, geography, person, outcomes (as the catalogue's dataset leo),
        and set_aside: "table", reason, rows. All stored.

    Raises:
        ContractError: a table lacks a column that is needed.
        KeyError: lookups lack a table.
    """
    given = all_received(engine, catalogue or catalogues.shipped(), attributes, definitions)
    holders = find_holders(engine, lookups["lookup_edukey"])
    lookup_ae_id = lookups["lookup_ae_id"]
    leo = {
        **tax_tables(engine, given, holders, definitions, extract_date=extract_date),
        "geography": geography(engine, addresses or _no_addresses(engine), holders, extract_date=extract_date),
        "person": person(
            engine,
            lookup_ae_id,
            holders,
            census=given["npd_census"],
            ks4=given["npd_ks4"],
            qualifications=given["hesa_qualifications"],
            births=births or _empty(engine, entity_id=pa.int64(), dob=pa.date32(), records=pa.int64()),
        ),
    }
    leo["outcomes"] = outcomes(engine, definitions, given, lookup_ae_id, holders, leo, extract_date=extract_date)
    leo["set_aside"] = set_aside(
        engine,
        employment=given["hmrc_employment"],
        earnings=given["hmrc_earnings"],
        self_assessment=given["hmrc_self_assessment"],
        benefits=given["dwp_benefits"],
        holders=holders,
        extract_date=extract_date,
    )
    engine.drop(holders)
    return leo


def all_received(
    engine: Engine, catalogue: Catalogue, attributes: Mapping[str, Table], definitions: OutcomeDefinitions
) -> dict[str, Table]:
    """Every attribute table that LEO's tables and the definitions need; one that a run lacks is empty.

    Raises:
        ContractError: a table lacks a column that is needed.
    """
    needed = {name: set(columns) for name, columns in TABLES.items()}
    for definition in definitions.definition:
        for table, columns in columns_needed(definition).items():
            needed.setdefault(table, set()).update(columns)
    return {name: received(engine, catalogue, attributes, name, columns) for name, columns in needed.items()}


def tax_tables(
    engine: Engine,
    given: Mapping[str, Table],
    holders: Table,
    definitions: OutcomeDefinitions,
    *,
    extract_date: datetime.date,
) -> dict[str, Table]:
    """What tax and benefit records alone tell: employment, earnings, self_assessment, benefits."""
    return {
        "employment": employment(engine, given["hmrc_employment"], holders, extract_date=extract_date),
        "earnings": earnings(engine, given["hmrc_earnings"], holders),
        "self_assessment": self_assessment(engine, given["hmrc_self_assessment"], holders),
        "benefits": benefits(engine, given["dwp_benefits"], holders, definitions.benefits, extract_date=extract_date),
    }


def _empty(engine: Engine, **columns: pa.DataType) -> Table:
    return engine.from_arrow(pa.schema(list(columns.items())).empty_table())


def _no_addresses(engine: Engine) -> Table:
    return _empty(engine, entity_id=pa.int64(), postcode=pa.string(), valid_from=pa.date32(), valid_to=pa.date32())
