"""Colleges and training providers, all of them invented: who learns where."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Floats, Ints, Slots
from synthetic.reference_tables import Codes, published, reference

GENERAL, SIXTH_FORM, ADULT, TRAINING = range(4)
KINDS = ("college", "sixth form college", "adult", "training")


@dataclass(frozen=True)
class Colleges:
    """A table to draw from."""

    ukprn: NDArray[np.int64]
    names: tuple[str, ...]
    choice: NDArray[np.int32]  # (kind, region, slots): place of a provider

    def choose(self, drawn: Floats, kind: Codes, region: Codes) -> Ints:
        """The UKPRN for each draw, kind of provider and home region."""
        out: Ints = self.ukprn[self.choice[kind, region, (drawn * self.choice.shape[-1]).astype(np.int64)]]
        return out


@functools.cache
def colleges() -> Colleges:
    """The colleges that ship with the package; who lives outside England learns anywhere in England."""
    rows = list(published("colleges.csv"))
    kind, region = np.array([row["kind"] for row in rows]), np.array([row["region"] for row in rows])
    share = np.array([float(row["share"]) for row in rows])
    tables = [
        [
            Slots(share * (kind == of) * ((region == home) | ~np.isin(home, region)), 12).table
            for home in reference().regions
        ]
        for of in KINDS
    ]
    return Colleges(
        ukprn=np.array([int(row["ukprn"]) for row in rows]),
        names=tuple(row["name"] for row in rows),
        choice=np.array(tables),
    )
