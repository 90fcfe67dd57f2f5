"""Pages over several runs: trends and models, two runs compared, and provider outcomes."""

from quality.dashboard.reading import Found, Run, SetAside, found_below
from quality.dashboard.site import Site, write_site

__all__ = ["Found", "Run", "SetAside", "Site", "found_below", "write_site"]
