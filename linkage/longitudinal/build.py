"""All of LEO's tables from the attributes of a run and the spine's lookups."""

import datetime
from collections.abc import Iterable, Mapping

import pyarrow as pa

from linkage import catalogue as catalogues
from linkage.catalogue import Catalogue
from linkage.catalogue.arrow_types import ARROW_TYPES
from linkage.engine import Engine, Table
from linkage.errors import ContractError
from linkage.longitudinal import tax_tables
from linkage.longitudinal.definitions import OutcomeDefinitions, columns_needed
from linkage.longitudinal.earnings import earnings
from linkage.longitudinal.geography import geography
from linkage.longitudinal.outcomes import outcomes
from linkage.longitudinal.person import person

TABLES: dict[str, tuple[str, ...]] = {
    "hmrc_employment": ("StartDate", "EndDate"),
    "hmrc_earnings": (
        "TaxYear",
        "EmployerRef",
        "EnterpriseRef",
        "SIC2007",
        "Section",
        "Earnings",
    ),
    "hmrc_self_assessment": ("TaxYear", "EARNINGS_PTR", "EARNINGS_SOLE"),
    "dwp_benefits": ("StartDate", "EndDate", "Benefit_type"),
    "npd_census": ("AcademicYear", "EthnicGroupMajor", "FSMeligible"),
    "npd_ks4": ("ACADYR",),
    "hesa_qualifications": ("AcademicYear", "XLEV601"),
}
"""What the LEO tables read, whatever the definitions of outcomes ask for."""


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
    """LEO's tables, keyed by EDUKEY, and the outcomes of each cohort.

    Args:
        attributes: tables by <dataset>_<table>, each entity_id and the catalogue's
            variables. One that a run lacks counts as empty.
        lookups: lookup_ae_id (AE_ID, source, entity_id) and lookup_edukey (AE_ID,
            EDUKEY, entity_id of the CIS record).
        definitions: what counts as an outcome.
        extract_date: last day that the files can tell of.
        addresses: entity_id of the CIS record, postcode, valid_from, valid_to; without
            it geography is empty.
        births: entity_id, dob, records; without it no month and year of birth is known.
        catalogue: the one shipped where not given.

    Returns:
        employment, earnings, self_assessment, benefits, geography, person, outcomes (as
        the catalogue's dataset leo),
        and quarantined: "table", reason, rows. All stored.

    Raises:
        ContractError: a table lacks a column that is needed.
        KeyError: lookups lack a table.
    """
    needed_columns = {name: set(columns) for name, columns in TABLES.items()}
    for definition in definitions.definition:
        for table, columns in columns_needed(definition).items():
            needed_columns.setdefault(table, set()).update(columns)
    catalogue = catalogue or catalogues.shipped()
    tables = {
        name: received(engine, catalogue, attributes, name, columns)
        for name, columns in needed_columns.items()
    }
    if addresses is None:
        columns_of = {
            "postcode": pa.string(),
            "valid_from": pa.date32(),
            "valid_to": pa.date32(),
        }
        addresses = _empty(engine, entity_id=pa.int64(), **columns_of)
    if births is None:
        births = _empty(
            engine, entity_id=pa.int64(), dob=pa.date32(), records=pa.int64()
        )
    holders, lookup_ae_id = (
        tax_tables.holders(engine, lookups["lookup_edukey"]),
        lookups["lookup_ae_id"],
    )
    work, returns, claims = (
        tables["hmrc_employment"],
        tables["hmrc_self_assessment"],
        tables["dwp_benefits"],
    )
    leo = {
        "employment": tax_tables.employment(
            engine, work, holders, extract_date=extract_date
        ),
        "earnings": earnings(engine, tables["hmrc_earnings"], holders),
        "self_assessment": tax_tables.self_assessment(engine, returns, holders),
        "benefits": tax_tables.benefits(
            engine, claims, holders, definitions.benefits, extract_date=extract_date
        ),
        "geography": geography(engine, addresses, holders, extract_date=extract_date),
        "person": person(
            engine,
            lookup_ae_id,
            holders,
            census=tables["npd_census"],
            ks4=tables["npd_ks4"],
            qualifications=tables["hesa_qualifications"],
            births=births,
        ),
    }
    leo["outcomes"] = outcomes(
        engine,
        definitions,
        tables,
        lookup_ae_id,
        holders,
        leo,
        extract_date=extract_date,
    )
    leo["quarantined"] = tax_tables.quarantined(
        engine,
        holders,
        extract_date=extract_date,
        employment=work,
        earnings=tables["hmrc_earnings"],
        self_assessment=returns,
        benefits=claims,
    )
    engine.drop(holders)
    return leo


def received(
    engine: Engine,
    catalogue: Catalogue,
    attributes: Mapping[str, Table],
    name: str,
    needed: Iterable[str],
) -> Table:
    """An attribute table, or an empty one of its catalogued columns where the run has
    none.

    Raises:
        ContractError: the table lacks columns that are needed; the message names them.
    """
    if name not in attributes:
        variables = catalogue.table_called(name).variable
        return _empty(
            engine,
            entity_id=pa.int64(),
            **{v.name: ARROW_TYPES[v.type] for v in variables},
        )
    table = attributes[name]
    missing = sorted({"entity_id", *needed} - set(table.columns))
    if missing:
        raise ContractError(
            f"attributes/{name} lacks {', '.join(missing)}\n"
            "  the table needs them to make LEO's tables; it has: "
            f"{', '.join(table.columns)}"
        )
    return table


def _empty(engine: Engine, **columns: pa.DataType) -> Table:
    return engine.from_arrow(pa.schema(list(columns.items())).empty_table())
