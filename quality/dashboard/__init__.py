"""The dashboard: one folder of pages over all runs, without a network: trends, models, stages, any two compared."""

from quality.dashboard.reading import Aside, Found, Run, found_below
from quality.dashboard.site import Site, write_site

__all__ = ["Aside", "Found", "Run", "Site", "found_below", "write_site"]
