"""Outcomes compared: schools, colleges and universities by what became of their people, under disclosure control."""

from quality.outcomes.members import Followed, Inputs
from quality.outcomes.rules import load as load_rules
from quality.outcomes.site import Site, write_site

__all__ = ["Followed", "Inputs", "Site", "load_rules", "write_site"]
