"""Tables of results that are to leave a secure setting: what is wrong with them, and how they may leave."""

from quality.disclosure.outputs.approved import Approved, Context, alone, approve, load_approved
from quality.disclosure.outputs.checking import check_table, check_tables
from quality.disclosure.outputs.findings import Checked, Finding
from quality.disclosure.outputs.layout import Said
from quality.disclosure.outputs.microdata import Asked, Sign, check_microdata
from quality.disclosure.outputs.reading import Sheet, read_tables
from quality.disclosure.outputs.writing import refuse_overwriting, write_safe

__all__ = [
    "Approved",
    "Asked",
    "Checked",
    "Context",
    "Finding",
    "Said",
    "Sheet",
    "Sign",
    "alone",
    "approve",
    "check_microdata",
    "check_table",
    "check_tables",
    "load_approved",
    "read_tables",
    "refuse_overwriting",
    "write_safe",
]
