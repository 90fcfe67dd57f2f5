"""Raw files to typed, standardised records, and records to one dated identity for each entity of a source."""

from linkage.records.attributes import Attributes, read_attributes
from linkage.records.identities import Identities, identify
from linkage.records.quarantine import AttributeSummary, ReadingSummary, Rejection, described
from linkage.records.reading import Reading, read_source
from linkage.records.source_files import damage_named

__all__ = [
    "AttributeSummary",
    "Attributes",
    "Identities",
    "Reading",
    "ReadingSummary",
    "Rejection",
    "damage_named",
    "described",
    "identify",
    "read_attributes",
    "read_source",
]
