"""A British population as education, tax and benefit bodies hold it, with the truth
about who is who.

from pathlib import Path
from synthetic import synthesise

synthesise(Path("population"), people=20_000)
"""

from synthetic.generate import SynthManifest, synthesise

__all__ = ["SynthManifest", "synthesise"]
