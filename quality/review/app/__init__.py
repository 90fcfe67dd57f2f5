"""The clerical review application: pairs of a sample, one at a time, blind, by keyboard or mouse.

`quality.review` says which pairs are looked at, whose turn it is and what follows from the answers; here are the pages.
The run behind them is a Desk, which `quality.review` opens.
"""

from quality.review.app.application import application
from quality.review.app.desk import Desk, Held, Record, Verdict

__all__ = ["Desk", "Held", "Record", "Verdict", "application"]
