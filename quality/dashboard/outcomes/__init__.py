"""Outcomes compared: schools, colleges and universities by what became of their people, under disclosure control."""

from quality.dashboard.outcomes.members import Followed, Inputs
from quality.dashboard.outcomes.rules import load as load_rules
from quality.dashboard.outcomes.site import Site, check_out, write_site

__all__ = ["Followed", "Inputs", "Site", "check_out", "load_rules", "write_site"]
