"""The catalogue as a folder of pages that open without a server or a network."""

from linkage.catalogue.site.entries import Entry, Everything, TableEntry, everything
from linkage.catalogue.site.pages import SiteSummary, write_site

__all__ = ["Entry", "Everything", "SiteSummary", "TableEntry", "everything", "write_site"]
