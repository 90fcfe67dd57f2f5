"""The figures of synthetic/reference/ as look-up tables, read once a process."""

import csv
import functools
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from synthetic.base.draws import Floats, Slots

FOLDER = Path(__file__).parents[1] / "reference"
FIRST_NAME_YEAR, LAST_NAME_YEAR = 1974, 2006
GROUP_BITS = 13
MORE = 0.4  # of an origin group's people, those with a name of group_names.csv

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Alternatives:
    """What else a name is written as: for each code a run of other codes, with the
    weights before each.
    """

    start: Codes  # (names + 1,)
    other: Codes
    edge: Floats  # (others + 1,): cumulated weights

    def has(self, codes: Codes) -> NDArray[np.bool_]:
        """Whether a name has alternatives."""
        return self.start[codes + 1] > self.start[codes]

    def pick(self, codes: Codes, uniforms: Floats) -> Codes:
        """One alternative for each code by their weights, or the code itself where
        there is none.
        """
        first, end = self.start[codes], self.start[codes + 1]
        low, high = self.edge[first], self.edge[end]
        places = (
            np.searchsorted(self.edge, low + uniforms * (high - low), side="right") - 1
        )
        if not len(self.other):
            return codes
        return np.where(
            end > first,
            self.other[np.clip(places, first, np.maximum(end - 1, 0))],
            codes,
        )


@dataclass(frozen=True)
class Origin:
    """One origin group, as origins.toml describes it."""

    name: str
    facts: dict[str, Any]
    ethnic: Slots  # to codes of Reference.ethnic
    forenames: tuple[Slots, Slots] | None  # men, women
    surnames: Slots | None
    gendered: tuple[Slots, Slots] | None
    customary: (
        tuple[list[int], list[int]] | None
    )  # names of sons and of daughters that are middle names too

    def share(self, fact: str) -> float:
        """A share that the group states, 0 where it states none."""
        return float(self.facts.get(fact, 0.0))


@dataclass(frozen=True)
class Places:
    """Postcode sectors by region; a place is a position between 0 and 1, near positions
    being near places.
    """

    outward: NDArray[np.bytes_]  # "AB10" of each sector
    digit: NDArray[np.uint8]
    units: Codes
    region: Codes  # code of Reference.regions
    authority: Codes
    edges: Floats  # cumulated share of unit postcodes
    region_start: Floats
    region_end: Floats

    def sector(self, position: Floats) -> Codes:
        """The sector at a position."""
        return (
            np.searchsorted(self.edges, position, side="right")
            .clip(0, len(self.edges) - 1)
            .astype(np.int32)
        )


SECONDARY, PRIMARY, INDEPENDENT = 9000, 9200, 9800
"""First establishment number of each phase: real ones are below 9000 (Get Information
about Schools).
"""
# of secondary schools: real ones are below 160,000, in Wales below 410,000 (the same)
FIRST_URN = 810_000


@dataclass(frozen=True)
class Schools:
    """Secondary schools by authority."""

    urn: NDArray[np.int64]
    laestab: NDArray[np.int64]
    disadvantaged: Floats
    edges: Floats  # cumulated pupils
    first: dict[int, float]  # authority to the cumulated pupils before its first school
    last: dict[int, float]


@dataclass(frozen=True)
class Reference:
    """All look-up tables."""

    forenames: Any  # pa.StringArray, sorted
    surnames: Any
    feminine: Codes  # of each surname, the form that women bear
    by_second: NDArray[np.bool_]  # forenames whose bearers go by the second one
    cohorts: list[tuple[Slots, Slots]]  # by birth year from FIRST_NAME_YEAR: men, women
    general_surnames: Slots
    origins: list[Origin]
    ethnic: list[str]
    nicknames: Alternatives
    variants: Alternatives
    surname_variants: Alternatives
    transliterations: Alternatives  # other spellings of names of another script
    surname_spellings: Alternatives
    regions: list[str]
    places: Places
    schools: Schools


@functools.cache
def reference() -> Reference:
    """The reference figures that ship with the package."""
    origins = _described()
    births = pq.read_table(FOLDER / "forenames.parquet")
    shares = [(row["name"], float(row["share"])) for row in published("surnames.csv")]
    others = [*published("variants.csv"), *_transliterations()]
    forenames = _dictionary(
        births["name"].unique().to_pylist(),
        origins,
        ("forenames_m", "forenames_f"),
        others,
        "forename",
    )
    surnames = _dictionary(
        [name for name, _ in shares], origins, ("surnames",), others, "surname"
    )
    first, last = (
        {name: code for code, name in enumerate(names)}
        for names in (forenames, surnames)
    )
    ethnic = sorted({code for facts in origins.values() for code in facts["ethnic"]})
    places, regions = _places()
    return Reference(
        forenames=pa.array(forenames),
        surnames=pa.array(surnames),
        cohorts=_cohorts(births, first),
        feminine=_feminine(origins, surnames, last),
        by_second=np.isin(
            forenames,
            [
                name
                for facts in origins.values()
                for name in facts.get("called_by_second", ())
            ],
        ),
        general_surnames=Slots(
            np.array([p for _, p in shares]), 16, np.array([last[n] for n, _ in shares])
        ),
        origins=[
            _origin(name, facts, ethnic, first, last) for name, facts in origins.items()
        ],
        ethnic=ethnic,
        nicknames=_alternatives(others, "forename", "nickname", first),
        variants=_alternatives(others, "forename", "variant", first),
        surname_variants=_alternatives(others, "surname", "variant", last),
        transliterations=_alternatives(others, "forename", "transliteration", first),
        surname_spellings=_alternatives(others, "surname", "transliteration", last),
        regions=regions,
        places=places,
        schools=_schools(),
    )


def published(name: str) -> Iterator[dict[str, str]]:
    """The rows of a file of published figures, which lie in `reference` as CSV with a
    header.
    """
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _described() -> dict[str, dict[str, Any]]:
    """origins.toml, with the further names of each group as facts `more`: field to name
    to weight.
    """
    origins = tomllib.loads((FOLDER / "origins.toml").read_text(encoding="utf-8"))
    for row in published("group_names.csv"):
        facts = origins[row["group"]]
        if row["name"] not in facts.get(row["field"], ()):
            facts.setdefault("more", {}).setdefault(row["field"], {})[row["name"]] = (
                float(row["weight"])
            )
    return origins


def _dictionary(
    names: list[str],
    origins: dict[str, Any],
    lists: tuple[str, ...],
    others: list[dict[str, str]],
    field: str,
) -> list[str]:
    """Every name that can be borne or written, sorted."""
    all_names = set(names)
    for facts in origins.values():
        own_names = [name for key in lists for name in _own_names(facts, key)]
        all_names.update(own_names)
        custom = facts.get("gendered", {})
        all_names.update(custom.get("m", ()), custom.get("f", ()))  # middle names too
        if field == "surname":
            all_names.update(
                _ended(name, facts.get("feminine", {})) for name in own_names
            )
    all_names.update(row["variant"] for row in others if row["field"] == field)
    all_names.update(
        row["name"]
        for row in others
        if row["field"] == field and row["kind"] == "transliteration"
    )
    return sorted(all_names)


def _own_names(facts: dict[str, Any], key: str) -> list[str]:
    return [*facts.get(key, ()), *facts.get("more", {}).get(key, ())]


def _ended(name: str, endings: dict[str, str]) -> str:
    """A surname as women bear it: the longest ending that fits is replaced."""
    for ending in sorted(endings, key=len, reverse=True):
        if name.endswith(ending):
            return name[: -len(ending)] + endings[ending]
    return name


def _feminine(
    origins: dict[str, Any], surnames: list[str], code: dict[str, int]
) -> Codes:
    out = np.arange(len(surnames), dtype=np.int32)
    for facts in origins.values():
        if endings := facts.get("feminine"):
            for name in _own_names(facts, "surnames"):
                out[code[name]] = code[_ended(name, endings)]
    return out


def _cohorts(births: pa.Table, code: dict[str, int]) -> list[tuple[Slots, Slots]]:
    year = births["year"].to_numpy()
    sex = (
        births["sex"].combine_chunks().cast(pa.string()).to_numpy(zero_copy_only=False)
    )
    name = births["name"].combine_chunks()
    codes = np.array([code[value] for value in name.dictionary.to_pylist()])[
        name.indices.to_numpy()
    ]
    share = births["share"].to_numpy()
    out = []
    for birth_year in range(FIRST_NAME_YEAR, LAST_NAME_YEAR + 1):
        rows = [(year == birth_year) & (sex == s) for s in "MF"]
        out.append(
            (
                Slots(share[rows[0]], 16, codes[rows[0]]),
                Slots(share[rows[1]], 16, codes[rows[1]]),
            )
        )
    return out


def _origin(
    name: str,
    facts: dict[str, Any],
    ethnic: list[str],
    first: dict[str, int],
    last: dict[str, int],
) -> Origin:
    custom = facts.get("gendered")
    codes = [ethnic.index(code) for code in facts["ethnic"]]
    return Origin(
        name=name,
        facts=facts,
        ethnic=Slots(np.array(list(facts["ethnic"].values())), 10, np.array(codes)),
        forenames=(
            _ranked(facts, "forenames_m", first),
            _ranked(facts, "forenames_f", first),
        )
        if "forenames_m" in facts
        else None,
        surnames=_ranked(facts, "surnames", last) if "surnames" in facts else None,
        gendered=(_ranked(custom, "m", last), _ranked(custom, "f", last))
        if custom
        else None,
        customary=([first[n] for n in custom["m"]], [first[n] for n in custom["f"]])
        if custom
        else None,
    )


def _ranked(facts: dict[str, Any], field: str, code: dict[str, int]) -> Slots:
    """Names listed by hand, whose odds fall with their rank, and a share of `MORE` for
    the group's further names.
    """
    names = facts[field]
    odds = 1 / (np.arange(len(names)) + 1.5) ** float(facts.get("zipf", 1))
    further_names = facts.get("more", {}).get(field, {})
    if not further_names:
        return Slots(odds, GROUP_BITS, np.array([code[name] for name in names]))
    further_odds = np.array(list(further_names.values()))
    odds = np.concatenate(
        [odds / odds.sum() * (1 - MORE), further_odds / further_odds.sum() * MORE]
    )
    return Slots(
        odds, GROUP_BITS, np.array([code[name] for name in [*names, *further_names]])
    )


def _transliterations() -> Iterator[dict[str, str]]:
    """Each spelling of a name with each of its others, the commoner the likelier."""
    for row in published("transliterations.csv"):
        spellings = row["spellings"].split()
        for name in spellings:
            for rank, variant in enumerate(spellings, 1):
                if variant != name:
                    yield {
                        "field": row["field"],
                        "kind": "transliteration",
                        "name": name,
                        "variant": variant,
                        "weight": f"{1 / rank:.3f}",
                    }


def _alternatives(
    rows: list[dict[str, str]], field: str, kind: str, code: dict[str, int]
) -> Alternatives:
    variants: dict[int, dict[int, float]] = defaultdict(dict)
    for row in rows:
        if row["field"] == field and row["kind"] == kind and row["name"] in code:
            variants[code[row["name"]]][code[row["variant"]]] = float(row["weight"])
    counts = np.zeros(len(code) + 1, np.int32)
    for name, others in variants.items():
        counts[name + 1] = len(others)
    pairs = [
        pair for name in sorted(variants) for pair in sorted(variants[name].items())
    ]
    return Alternatives(
        np.cumsum(counts).astype(np.int32),
        np.array([other for other, _ in pairs], np.int32),
        np.cumsum([0.0, *(weight for _, weight in pairs)]),
    )


def _places() -> tuple[Places, list[str]]:
    rows = list(published("sectors.csv"))
    regions = sorted({row["region"] for row in rows})
    region = np.array([regions.index(row["region"]) for row in rows], np.int32)
    units = np.array([int(row["units"]) for row in rows], np.int32)
    edges = np.cumsum(units) / units.sum()
    outward, digit = zip(*(row["sector"].split(" ") for row in rows), strict=True)
    authority = np.array([int(row["authority"]) for row in rows], np.int32)
    for row in range(
        1, len(rows)
    ):  # an English sector without a known authority takes its neighbour's
        if authority[row] == 0 and rows[row]["region"].startswith("E"):
            authority[row] = authority[row - 1] or 850
    starts = np.array(
        [(edges - units / units.sum())[region == r].min() for r in range(len(regions))]
    )
    ends = np.array([edges[region == r].max() for r in range(len(regions))])
    places = Places(
        outward=np.array(outward, "S4"),
        digit=np.array([ord(d) for d in digit], np.uint8),
        units=units,
        region=region,
        authority=authority,
        edges=edges,
        region_start=starts,
        region_end=ends,
    )
    return places, regions


def _schools() -> Schools:
    rows = sorted(published("schools.csv"), key=lambda row: int(row["authority"]))
    authority = np.array([int(row["authority"]) for row in rows])
    pupils = np.array([float(row["pupils"]) for row in rows])
    edges = np.cumsum(pupils)
    number = np.arange(len(rows)) - np.searchsorted(authority, authority)
    first = {
        int(a): float((edges - pupils)[authority == a].min())
        for a in np.unique(authority)
    }
    last = {int(a): float(edges[authority == a].max()) for a in np.unique(authority)}
    urn, laestab = (
        FIRST_URN + np.arange(len(rows)),
        authority * 10_000 + SECONDARY + number,
    )
    return Schools(
        urn,
        laestab,
        np.array([float(row["disadvantaged"]) for row in rows]),
        edges,
        first,
        last,
    )
