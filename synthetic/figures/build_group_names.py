"""Makes synthetic/reference/group_names.csv: names that are common in the countries a group's families came from.

    python -m synthetic.figures.build_group_names FOLDER

FOLDER holds the published tables (see reference/SOURCES.md). A name's weight is the square root of how many people in
England and Wales bear it, since a name is borne in more than one group. Names that the whole population bears are left
out; where a group's commonest names are listed by hand (origins.toml), the reader of this table passes over them.
"""

import csv
import hashlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from synthetic.figures.reference import FOLDER

GROUPS = {
    "albanian": ["east_european"], "arab": ["arab_turkish_other"], "bangladeshi": ["bangladeshi"],
    "bulgarian": ["east_european"], "chinese": ["chinese"],
    "east_african": ["east_african"], "filipino": ["other_asian"],
    "ghanaian": ["west_african"], "hungarian": ["east_european"],
    "indian": ["indian"], "iranian": ["arab_turkish_other"],
    "irish": ["white_irish"], "italian": ["west_european"], "lithuanian": ["east_european"], "nepali": ["other_asian"],
    "nigerian": ["west_african"], "pakistani_muslim": ["pakistani", "bangladeshi"], "polish": ["east_european"],
    "portuguese": ["west_european"], "romanian": ["east_european"], "slovak": ["east_european"],
    "spanish": ["west_european"], "sri_lankan": ["other_asian"], "turkish": ["arab_turkish_other"],
    "vietnamese": ["other_asian"],
}  # fmt: skip
"""Groups of the published lists to those of origins.toml."""

MOST_FORENAMES, MOST_SURNAMES = 200, 500
"""Names of a group (and sex) that are kept, those with most bearers."""
COMMON_FORENAME, COMMON_SURNAME = 4000, 16
"""Bearers (born 1996 to 2024; in 100,000 people) from which a name is one of the whole population."""


def build(source: Path, out: Path = FOLDER) -> None:
    """Write the table from the lists of names by group and the counts of births."""
    rows = sorted(group_names(source / "names_by_country" / "names_by_group_starter.csv", out / "forenames.parquet"))
    with (out / "group_names.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("group", "field", "name", "weight"))
        writer.writerows(rows)


def group_names(path: Path, births: Path) -> Iterator[tuple[str, str, str, str]]:
    """group, field (forenames_m, forenames_f, surnames), name and weight."""
    girls = _girls(births)
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            name = proper(row["name"])
            if (
                len(name) < 2
                or not name.isascii()
                or not name.replace(" ", "").replace("'", "").replace("-", "").isalpha()
            ):
                continue
            for group in GROUPS.get(row["group"], []):
                for field, bearers in _fields(row, name, girls):
                    found[group, field][name] = max(found[group, field].get(name, 0), bearers**0.5)
    for (group, field), names in found.items():
        most = MOST_SURNAMES if field == "surnames" else MOST_FORENAMES
        for name, weight in sorted(names.items(), key=lambda item: (-item[1], _shuffled(item[0])))[:most]:
            yield group, field, name, f"{weight:.2f}"


def proper(name: str) -> str:
    """A name with capitals as it is written: O'Brien, Mary-Jane, McDonald."""
    titled = name.strip().replace("’", "'").title()
    return re.sub(r"\bMc([a-z])", lambda found: "Mc" + found[1].upper(), titled)


def _fields(row: dict[str, str], name: str, girls: dict[str, float]) -> Iterator[tuple[str, float]]:
    """Where a name belongs, with its bearers; a forename of no stated sex goes to the sex that mostly bears it."""
    if row["kind"] == "surname":
        bearers = float(row["uk_surname_freq"] or 0) * 1e5
        if bearers < COMMON_SURNAME:
            yield "surnames", max(bearers, 0.6)
        return
    bearers = float(row["uk_count_1996_2024"] or 0)
    if bearers < COMMON_FORENAME and (row["sex"] or bearers >= 20):
        sex = row["sex"] or ("F" if girls.get(name, 0.5) > 0.5 else "M")
        yield f"forenames_{sex.lower()}", max(bearers, 5)


def _shuffled(name: str) -> bytes:
    """An order that favours no letter."""
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


def _girls(path: Path) -> dict[str, float]:
    """Of each forename, the share of bearers who are girls."""
    shares: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    table = pq.read_table(path, columns=["sex", "name", "share"])
    for sex, name, share in zip(*(table[c].to_pylist() for c in ("sex", "name", "share")), strict=True):
        shares[name][sex == "F"] += share
    return {name: f / (m + f) for name, (m, f) in shares.items()}


if __name__ == "__main__":
    build(Path(sys.argv[1]))
