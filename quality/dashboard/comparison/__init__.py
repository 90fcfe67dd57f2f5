"""Two runs side by side: what the second links otherwise, for whom, and by which change of its models."""

from quality.dashboard.comparison.counting import FATES, RunTables, as_each_has_it, compare

__all__ = ["FATES", "RunTables", "as_each_has_it", "compare"]
