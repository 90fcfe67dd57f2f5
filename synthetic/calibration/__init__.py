"""Whether a population is like the published figures: targets in configs/calibration,
measured on the written files.
"""

from synthetic.calibration.checking import (
    Checked,
    as_json,
    as_markdown,
    check,
    in_words,
)
from synthetic.calibration.targets import VERDICTS

__all__ = ["VERDICTS", "Checked", "as_json", "as_markdown", "check", "in_words"]
