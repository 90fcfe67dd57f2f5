"""Makes the compact tables of synthetic/reference/ from the published tables they come from (see reference/SOURCES.md).

    python -m synthetic.figures.build_reference FOLDER

FOLDER holds the published tables. Only figures are carried over, in a layout of our own.
"""

import csv
import difflib
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.catalogue import shipped
from synthetic.figures.build_group_names import build as build_group_names
from synthetic.figures.build_group_names import proper
from synthetic.figures.reference import FOLDER

SMALLEST_SHARE = 1e-5  # rarer names are left out; they are a hundredth of births

# Names that the two bodies' authority tables spell differently: DfE's name to ONS's.
AUTHORITIES = {
    "Bristol": "Bristol, City of",
    "City of Bristol": "Bristol, City of",
    "Herefordshire": "Herefordshire, County of",
    "Kingston upon Hull": "Kingston upon Hull, City of",
    "Kingston Upon Hull": "Kingston upon Hull, City of",
    "City of Kingston upon Hull": "Kingston upon Hull, City of",
    "Durham": "County Durham",
    "Bournemouth": "Bournemouth, Christchurch and Poole",
    "Poole": "Bournemouth, Christchurch and Poole",
    "St Helens": "St. Helens",
    "St. Helens": "St. Helens",
    "Southend": "Southend-on-Sea",
}


def build(source: Path, out: Path = FOLDER) -> None:
    """Write every table below `out` from the published tables below `source`."""
    names = forenames(source / "forenames")
    pq.write_table(names, out / "forenames.parquet", compression="zstd", compression_level=19)
    known = {"forename": set(names["name"].to_pylist())}
    family_names = list(surnames(source / "surnames" / "uk_surnames_sdglinkage.csv"))
    known["surname"] = {name for name, _ in family_names}
    _write(out / "surnames.csv", ("name", "share"), family_names)
    _write(
        out / "variants.csv", ("field", "kind", "name", "variant", "weight"), variants(source / "name_variants", known)
    )
    schools = list(secondary_schools(source / "schools" / "secondary_schools_2019_20.csv"))
    _write(out / "schools.csv", ("urn", "laestab", "pupils", "disadvantaged"), [row[:4] for row in schools])
    sector_rows = list(sectors(source, {name: la for *_, la, name in schools}))
    _write(out / "sectors.csv", ("sector", "units", "region", "authority"), sector_rows)
    _write(out / "subjects.csv", ("level", "sex", "subject", "share"), subjects(source / "leo_outcomes"))


def forenames(folder: Path) -> pa.Table:
    """Share of births of a year and sex with a name, England and Wales: estimated to 1995, counted from 1996 on."""
    counted = pq.read_table(folder / "forenames_by_birth_year_sex.parquet", filters=[("nation", "=", "EW")])
    counts: dict[tuple[int, str, str], float] = defaultdict(float)
    births: dict[tuple[int, str], float] = defaultdict(float)
    for row in counted.select(["year", "sex", "name", "n"]).to_pylist():
        if row["year"] <= 2006:
            counts[row["year"], row["sex"], proper(row["name"])] += row["n"]
            births[row["year"], row["sex"]] += row["n"]
    for row in pq.read_table(folder / "ew_estimated_1974_1995.parquet").to_pylist():
        counts[row["year"], row["sex"], proper(row["name"])] += row["p"]
        births[row["year"], row["sex"]] += row["p"]
    rows = sorted((*key, n / births[key[:2]]) for key, n in counts.items() if n / births[key[:2]] >= SMALLEST_SHARE)
    year, sex, name, share = zip(*rows, strict=True)
    return pa.table(
        {
            "year": pa.array(year, pa.int16()),
            "sex": pa.array(sex).dictionary_encode(),
            "name": pa.array(name).dictionary_encode(),
            "share": pa.array([float(f"{s:.3g}") for s in share], pa.float32()),
        }
    )


def surnames(path: Path) -> Iterator[tuple[str, str]]:
    """Share of people with a surname, commonest first."""
    for row in _rows(path):
        if re.fullmatch(r"[a-z' -]{2,}", row["surname"]):
            yield proper(row["surname"]), f"{float(row['freq']):.5f}"


def variants(folder: Path, known: dict[str, set[str]]) -> Iterator[tuple[str, str, str, str, str]]:
    """Other spellings of a name and what its bearers are called for short, each with a weight.

    A spelling is written in error the oftener the more alike it is; a short form is used the oftener the more people
    bear it as their name. One that is unlike is no spelling, and left out.
    """
    seen = set()
    for field, kind, name, variant, weight in _variants(folder):
        alike = difflib.SequenceMatcher(None, name, variant).ratio()
        if kind == "variant" and alike < 0.6:
            continue
        key = (field, kind, name, variant)
        if name in known[field] and name != variant and len(variant) > 1 and key not in seen:
            seen.add(key)
            yield *key, f"{weight * (alike**4 if kind == 'variant' else 1):.3f}"


def _variants(folder: Path) -> Iterator[tuple[str, str, str, str, float]]:
    for row in _rows(folder / "wikidata_given_variants_uk.csv"):
        bearers = int(row["uk_count_variant"] or 0)
        if int(row["uk_count_name"] or 0) >= 50 and bearers >= 50:
            kind = "nickname" if row["type"] in ("shortname", "hypocorism", "diminutive") else "variant"
            yield "forename", kind, proper(row["name"]), proper(row["variant"]), bearers**0.5 / 10
    for row in _rows(folder / "nicknames_carltonnorthern.csv"):
        yield "forename", "nickname", proper(row["name1"]), proper(row["name2"]), 1
    for row in _rows(folder / "lastname_uk_variant.csv"):
        yield "surname", "variant", proper(row["lastname1"]), proper(row["lastname2"]), 2 * float(row["freq"])
    for row in _rows(folder / "wikidata_family_variants_uk.csv"):
        yield "surname", "variant", proper(row["surname"]), proper(row["variant"]), 1


def secondary_schools(path: Path) -> Iterator[tuple[str, str, str, str, str, str]]:
    """urn, laestab, pupils of years 7 to 11, disadvantaged share, then the authority's number and name."""
    for row in _rows(path):
        pupils = float(row["secondary_pupils_y7_11"] or 0)
        if pupils >= 30 and row["laestab"]:
            share = min(float(row["deprivation_pupil_premium_pupils"] or 0) / pupils, 1)
            name = AUTHORITIES.get(row["la_name"], row["la_name"])
            yield row["urn"], row["laestab"], f"{pupils:.0f}", f"{share:.2f}", row["la_code"], name


def sectors(source: Path, authority_of: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Postcode sectors of Great Britain with their number of unit postcodes, by region; authority 0 outside England."""
    places = {row["outcode"]: row for row in _rows(source / "geography" / "outcodes.csv")}
    local = {row["UTLACD"]: row for row in _rows(source / "geography" / "local_authorities.csv")}
    rows = []
    for row in _rows(source / "postcode_sectors" / "postcode_sectors.csv"):
        place = places.get(row["outcode"])
        area = local.get(place["utla_code"]) if place else None
        units = int(row["live_unit_postcodes"])
        if area is None or area["CTRYCD"].startswith("N") or units < 20:
            continue
        region = area["RGNCD"] if area["CTRYCD"].startswith("E") else area["CTRYCD"]
        authority = authority_of.get(area["UTLANM"], "0")
        rows.append((f"{row['outcode']} {row['sector_digit']}", str(min(units, 400)), region, authority))
    yield from sorted(rows, key=lambda r: (r[2], r[3], r[0]))


LEVELS = {"First degree": "first degree", "Level 7 (taught)": "taught", "Level 8": "research"}


def subjects(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Share of graduates of a level and sex with a subject; certificates of education and MBAs stand for themselves."""
    codes = {label: code for code, label in shipped().frames["cah2"].items()} | {"PGCE": "PGCE", "MBA": "MBA"}
    graduates: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in pq.read_table(folder / "graduate_industry_transitions.parquet").to_pylist():
        known = row["qualification"] in LEVELS and row["sex"] in ("F", "M") and row["subject_name"] in codes
        if known and row["yag_from"] == 1:
            graduates[LEVELS[row["qualification"]], row["sex"], codes[row["subject_name"]]] += row["count"] or 0
    everyone: dict[tuple[str, str], int] = defaultdict(int)
    for key, count in graduates.items():
        everyone[key[:2]] += count
    for key, count in sorted(graduates.items()):
        if count:
            yield *key, f"{count / everyone[key[:2]]:.4f}"


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
    build_group_names(Path(sys.argv[1]))
