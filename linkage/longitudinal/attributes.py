"""The attribute tables as this room reads them: present or empty, and never short of a column that a rule names."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from linkage.catalogue import Catalogue
from linkage.catalogue.arrow_types import ARROW_TYPES
from linkage.engine import Engine, Table
from linkage.errors import ContractError

TABLES: dict[str, tuple[str, ...]] = {
    "hmrc_employment": ("StartDate", "EndDate"),
    "hmrc_earnings": ("TaxYear", "EmployerRef", "EnterpriseRef", "SIC2007", "Section", "Earnings"),
    "hmrc_self_assessment": ("TaxYear", "EARNINGS_PTR", "EARNINGS_SOLE"),
    "dwp_benefits": ("StartDate", "EndDate", "Benefit_type"),
    "npd_census": ("AcademicYear", "EthnicGroupMajor", "FSMeligible"),
    "npd_ks4": ("ACADYR",),
    "hesa_qualifications": ("AcademicYear", "XLEV601"),
}
"""What the LEO tables read, whatever the definitions of outcomes ask for."""


def received(
    engine: Engine, catalogue: Catalogue, attributes: Mapping[str, Table], name: str, needed: Iterable[str]
) -> Table:
    """An attribute table, or an empty one of its catalogued columns where the run has none.

    Raises:
        ContractError: the table lacks columns that are needed; the message names them.
    """
    if name not in attributes:
        variables = catalogue.table_called(name).variable
        schema = [("entity_id", pa.int64()), *((v.name, ARROW_TYPES[v.type]) for v in variables)]
        return engine.from_arrow(pa.schema(schema).empty_table())
    table_given = attributes[name]
    missing = sorted({"entity_id", *needed} - set(table_given.columns))
    if missing:
        raise ContractError(
            f"attributes/{name} lacks {', '.join(missing)}\n"
            f"  the table needs them to make LEO's tables; it has: {', '.join(table_given.columns)}"
        )
    return table_given
