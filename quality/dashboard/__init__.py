"""Pages over several runs: trends and models, two runs compared, and provider
outcomes.
"""

from quality.dashboard.reading import NotShown, Run, RunsBelow, runs_below
from quality.dashboard.site import write_site

__all__ = ["NotShown", "Run", "RunsBelow", "runs_below", "write_site"]
