"""Tables of results that are to leave a secure setting: their faults, and how they may leave."""

from quality.disclosure.outputs.checking import check_table, check_tables, draft, read_approved
from quality.disclosure.outputs.findings import Checked, Finding
from quality.disclosure.outputs.microdata import Rules, Sign, check_microdata
from quality.disclosure.outputs.reading import Sheet, read_tables
from quality.disclosure.outputs.release import refuse_overwriting, write_safe
from quality.disclosure.outputs.schema import Column, Schema

__all__ = [
    "Checked",
    "Column",
    "Finding",
    "Rules",
    "Schema",
    "Sheet",
    "Sign",
    "check_microdata",
    "check_table",
    "check_tables",
    "draft",
    "read_approved",
    "read_tables",
    "refuse_overwriting",
    "write_safe",
]
