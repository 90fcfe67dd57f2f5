"""Invented universities, colleges and training providers: who learns where."""

import functools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.catalogue import shipped
from synthetic.base.draws import Draws, Floats, Ints, Slots
from synthetic.base.reference import Codes, published, reference
from synthetic.base.rules import rule_file

GENERAL, SIXTH_FORM, ADULT, TRAINING = range(4)
KINDS = ("college", "sixth form college", "adult", "training")
FIRST_UNIVERSITY, FIRST_COLLEGE = 19_000_001, 19_010_000
"""First UKPRN of each: real ones begin with 100 (UK Register of Learning Providers,
10000001 and up).
"""


@dataclass(frozen=True)
class Colleges:
    """A table to draw from."""

    choice: NDArray[np.int32]  # (kind, region, slots): place of a provider

    def choose(self, draw: Floats, kind: Codes, region: Codes) -> Ints:
        """The UKPRN for each draw, kind of provider and home region."""
        slot = (draw * self.choice.shape[-1]).astype(np.int64)
        out: Ints = FIRST_COLLEGE + self.choice[kind, region, slot].astype(np.int64)
        return out


@functools.cache
def colleges() -> Colleges:
    """The colleges that ship with the package; who lives outside England learns
    anywhere in England.
    """
    rows = list(published("colleges.csv"))
    kind, region = (
        np.array([row["kind"] for row in rows]),
        np.array([row["region"] for row in rows]),
    )
    share = np.array([float(row["share"]) for row in rows])
    tables = [
        [
            Slots(
                share
                * (kind == college_kind)
                * ((region == home) | ~np.isin(home, region)),
                12,
            ).table
            for home in reference().regions
        ]
        for college_kind in KINDS
    ]
    return Colleges(np.array(tables))


TARIFFS = ("low", "medium", "high")
EVERYWHERE = -1
"""The region of someone who looks at all universities alike."""

LEVELS = ("first degree", "taught", "research")
BANDS = 3

# how much more one in the home region draws: about half of young entrants then stay in
# their region
_NEAR = 8.0


@dataclass(frozen=True)
class Universities:
    """Tables to draw from: universities by tariff group and home region, subjects by
    level, sex and band.
    """

    by_choice: NDArray[
        np.int32
    ]  # (tariff, region + 1, slots): place of a university; the last region is EVERYWHERE  # noqa: E501
    anyone: NDArray[np.int32]  # (slots,): universities that ask for no grades
    subjects: NDArray[np.int32]  # (level, sex, band, slots): place in `codes`
    codes: tuple[
        str, ...
    ]  # of the common aggregation hierarchy, as the catalogue's frame
    pgce: Floats  # (sex,): taught courses that are a certificate of education

    def choose(self, draw: Floats, tariff: Codes, region: Codes) -> Ints:
        """The UKPRN for each draw, tariff group and home region; a tariff of -1 asks
        for no grades.
        """
        slot = (draw * self.anyone.size).astype(np.int64)
        places = np.where(
            tariff < 0,
            self.anyone[slot],
            self.by_choice[np.maximum(tariff, 0), region, slot],
        )
        return FIRST_UNIVERSITY + places.astype(np.int64)

    def subject(
        self, level: Codes, female: NDArray[np.bool_], band: Codes, draw: Floats
    ) -> Codes:
        """Subjects as places in `codes`."""
        slots = self.subjects.shape[-1]
        out: Codes = self.subjects[
            level, female.astype(np.int64), band, (draw * slots).astype(np.int64)
        ]
        return out


@functools.cache
def universities() -> Universities:
    """The universities and subjects that ship with the package."""
    rows = list(published("universities.csv"))
    size = np.array([float(row["thousands"]) for row in rows])
    tariff, region = (
        np.array([row["tariff"] for row in rows]),
        np.array([row["region"] for row in rows]),
    )
    choices = [
        [
            Slots(size * (tariff == group) * np.where(region == home, _NEAR, 1)).table
            for home in [*reference().regions, ""]
        ]
        for group in TARIFFS
    ]
    codes = tuple(shipped().frames["cah2"])
    shares = _subject_shares(codes)
    return Universities(
        by_choice=np.array(choices),
        anyone=Slots(size * (tariff == "open")).table,
        subjects=np.array(
            [
                [[Slots(band).table for band in _by_band(sex, codes)] for sex in level]
                for level in shares
            ]
        ),
        codes=codes,
        pgce=_certificates(),
    )


def band_of(ability: Floats) -> Codes:
    """The third of entrants that an ability lies in: 0 the lowest, 2 the highest (about
    thirds of the people who enter).
    """
    return np.searchsorted(np.array([0.0, 0.75]), ability, side="right").astype(
        np.int32
    )


def subjects_of(
    draws: Draws, ids: Ints, female: NDArray[np.bool_], ability: Floats
) -> Codes:
    """The subject of each person's first degree: as published by sex, choosy subjects
    more often for the able.
    """
    level = np.zeros(len(ids), np.int32)
    return universities().subject(
        level, female, band_of(ability), draws.uniform("subject", ids)
    )


def _subject_shares(codes: tuple[str, ...]) -> Floats:
    """(level, sex, subject): shares as published; a master's of business administration
    is business.
    """
    out = np.zeros((len(LEVELS), 2, len(codes)))
    for row in published("subjects.csv"):
        code = {"MBA": "CAH17-01"}.get(row["subject"], row["subject"])
        if code in codes:
            out[
                LEVELS.index(row["level"]), "MF".index(row["sex"]), codes.index(code)
            ] += float(row["share"])
    out /= out.sum(axis=2, keepdims=True)
    return out


def _certificates() -> Floats:
    shares: dict[str, float] = defaultdict(float)
    for row in published("subjects.csv"):
        if row["subject"] == "PGCE":
            shares[row["sex"]] = float(row["share"])
    return np.array([shares["M"], shares["F"]])


def _by_band(share: Floats, codes: tuple[str, ...]) -> Floats:
    """(band, subject): shares within each third of entrants that average to the
    published ones.

    Each subject leans to the able as subjects.toml says; bands and subjects are then
    scaled in turn until both add up.
    """
    lean = np.array(
        [rule_file("study/subjects.toml").lean.get(code, 0.0) for code in codes]
    )
    table: Floats = share[None, :] * np.exp(
        lean[None, :] * np.array([-1.0, 0.0, 1.0])[:, None]
    )
    for _ in range(50):
        table *= (share * BANDS / np.maximum(table.sum(axis=0), 1e-12))[None, :]
        table /= table.sum(axis=1, keepdims=True)
    return table
