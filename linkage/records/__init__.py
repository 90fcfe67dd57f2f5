"""Raw files to typed, standardised records, and records to the entities of a source,
each with its history.
"""

from linkage.records.attributes import read_attributes
from linkage.records.entities import gather_entities
from linkage.records.quarantine import AttributeSummary, ReadingSummary, described
from linkage.records.reading import Reading, read_source
from linkage.records.source_files import damage_named

__all__ = [
    "AttributeSummary",
    "Reading",
    "ReadingSummary",
    "damage_named",
    "described",
    "gather_entities",
    "read_attributes",
    "read_source",
]
