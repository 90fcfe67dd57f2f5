"""The clerical review application: pairs of a sample, one at a time, blind, by keyboard or mouse.

`quality.review` says which pairs are looked at, whose turn it is and what follows from the answers; here are the pages.
The run behind them is a Desk, which `linkage.review` opens.
"""

from quality.clerical.application import application
from quality.clerical.desk import Desk, Held, Record, Verdict

__all__ = ["Desk", "Held", "Record", "Verdict", "application"]
