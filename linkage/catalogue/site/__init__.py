"""The catalogue as a folder of pages that open without a server or a network."""

from linkage.catalogue.site.entries import Everything, everything
from linkage.catalogue.site.pages import write_site

__all__ = ["Everything", "everything", "write_site"]
