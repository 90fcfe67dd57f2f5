"""Find & Explore: the catalogue as a folder of pages that open without a server, a network or scripts."""

from linkage.explore.entries import Entry, Explored, TableEntry, explored
from linkage.explore.release import ReleaseFacts, release_facts
from linkage.explore.site import SiteSummary, write_site

__all__ = [
    "Entry",
    "Explored",
    "ReleaseFacts",
    "SiteSummary",
    "TableEntry",
    "explored",
    "release_facts",
    "write_site",
]
