"""Links that may be of two people whom nothing in two files tells apart, such as father and son of one name."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from linkage.adhoc.codes.rare_words import names_persons
from linkage.engine import Engine, Table, one
from linkage.match.candidates.score import term_frequencies
from linkage.match.likelihood.strangers import strangers_as_heavy, told
from linkage.match.step import StepResult

_OWN = ("email", "phone")
"""Beside numbers: what two records of one file share are one person's."""

_MOST_DATED = 0.5
"""Share of pairs with birth dates from which these tell most people apart."""


def strangers_among(
    engine: Engine, result: StepResult, kinds: Mapping[str, str], left: Table, right: Table
) -> dict[str, Any]:
    """Of files without whole birth dates: the links, and how many of them pairs within the files let expect to be of
    strangers, if nobody is in a file twice. Nothing of others, whom a birth date tells apart."""
    if kinds.get("dob") == "date" and _pairs_with_dates(engine, left, right) >= _MOST_DATED:
        return {}
    frequencies = term_frequencies(engine, result.model, left, right)
    own = [name for name, kind in kinds.items() if kind in ("number", "own number") or name in _OWN]
    accept = float(result.summary["thresholds"]["accept"])
    bands = strangers_as_heavy(engine, result.model, left, right, frequencies, result.links, accept, numbers=own)
    engine.drop(*frequencies.values())
    return told(bands, counted=False)


def _pairs_with_dates(engine: Engine, *sides: Table) -> float:
    """The share of all pairs of which both know a birth date to the day."""
    known = "select avg(case when dob is null or dob like '%-00' then 0e0 else 1e0 end) as share from {t}"
    return math.prod(float(one(engine, engine.sql(known, t=side))["share"] or 0) for side in sides)


def notes(summary: Mapping[str, Any], fields: Collection[str]) -> Sequence[str]:
    """What to tell where many links may be of strangers, who are persons or things by the fields that are compared."""
    found = summary.get("strangers") or {}
    if not found.get("many"):
        return []
    if names_persons(fields):
        many, nobody = "people are", "nobody is"
        two = "links are of two people, such as father and son of one name"
    else:
        many, nobody = "things are", "nothing is"
        two = "links are of two things, such as branches of one firm or songs of one album"
    return [
        f"many pairs of two records of one file weigh as much as links: unless {many} in a file twice, as many as "
        f"{found['strangers']:,.0f} of the {found['links']:,} {two}, which their probabilities do not say; "
        f"--each-once: {nobody} in a file twice, and links are held against these pairs"
    ]
