"""Raw files to typed, standardised records, and records to one dated identity for each entity of a source."""

from linkage.records.attributes import read_attributes
from linkage.records.identities import identify
from linkage.records.quarantine import AttributeSummary, ReadingSummary, described
from linkage.records.reading import Reading, read_source
from linkage.records.source_files import damage_named

__all__ = [
    "AttributeSummary",
    "Reading",
    "ReadingSummary",
    "damage_named",
    "described",
    "identify",
    "read_attributes",
    "read_source",
]
