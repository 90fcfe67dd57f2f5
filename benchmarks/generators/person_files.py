"""Pairs of person files of other countries, with truth: people from Faker's names,
written as unseen.toml says.

Runs in an environment with Faker alone: python person_files.py unseen.toml NAME OUT
[--rows N]

Errors are made by code of this file, which shares nothing with the generator that
ships. Written are left.csv and right.csv as a body would hand them over, truth.csv, and
ready-left.parquet and ready-right.parquet: the same records as an analyst would have
them after preparing both files by hand without a mistake. Of one file that holds people
twice, file.csv, ready-file.parquet and truth.csv.
"""

import argparse
import csv
import datetime
import itertools
import random
import tomllib
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from faker import Faker

Person = dict[str, Any]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_DIGRAPHS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)
_NOT_DECOMPOSED = str.maketrans(
    {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ø": "o", "Ø": "O", "ß": "ss"}
)

# Shares of records in which a field is wrong or has changed; what a pair says of itself
# comes before.
_ERRORS = {
    "name_typo": 0.03,
    "initial": 0.02,
    "no_middle": 0.3,
    "swapped_names": 0.005,
    "new_surname": 0.06,
    "no_second_surname": 0.05,
    "respelled": 0.0,
    "moved": 0.25,
    "new_phone": 0.25,
    "new_email": 0.25,
    "dob_digit": 0.015,
    "day_month": 0.01,
    "year_off": 0.005,
    "first_of_january": 0.0,
    "year_only": 0.0,
    "sex": 0.005,
    "missing": 0.01,
}
_QUARTERS = [
    "Ashby",
    "Castle Park",
    "Easton",
    "Fenwick",
    "Hillside",
    "Kirkby",
    "Langley",
    "Newton",
    "Oakley",
    "Selby",
]
# Romanised names are spelled as they are heard; one of each pair may stand for the
# other.
_SOUNDS = [
    ("ou", "u"),
    ("dj", "j"),
    ("kh", "k"),
    ("ch", "sh"),
    ("ee", "i"),
    ("aa", "a"),
    ("y", "i"),
    ("q", "k"),
    ("gh", "g"),
    ("ss", "s"),
    ("w", "v"),
    ("ph", "f"),
    ("ck", "k"),
    ("dh", "d"),
    ("bh", "b"),
    ("oo", "u"),
    ("z", "s"),
]


class Country:
    """Names and places of a locale, with the skewed shares that names have."""

    def __init__(self, locale: str, rng: random.Random) -> None:
        fake = Faker(locale)
        fake.seed_instance(rng.randrange(2**31))
        lists = next(
            p for p in fake.factories[0].providers if "person" in p.__provider__
        )

        def names(*attributes: str) -> list[str]:
            values = next(
                (
                    getattr(lists, a)
                    for a in attributes
                    if len(getattr(lists, a, ()) or ()) > 5
                ),
                (),
            )
            return [str(name) for name in values]

        family = (
            names("last_romanized_names") if locale == "zh_CN" else names("last_names")
        )
        family = family or sorted({fake.last_name() for _ in range(3_000)})
        given_names = names("first_romanized_names") if locale == "zh_CN" else []
        self.given = {
            "M": skewed(given_names or names("first_names_male", "first_names"), rng),
            "F": skewed(given_names or names("first_names_female", "first_names"), rng),
        }
        self.family = skewed(family, rng)
        towns = [str(n) for n in dict.fromkeys(fake.city() for _ in range(400))]
        self.towns = skewed([t for t in towns if t.isprintable()], rng)
        self.streets = [
            str(n) for n in dict.fromkeys(fake.street_name() for _ in range(1_500))
        ]
        self.codes = {
            town: [fake.postcode() for _ in range(8)] for town in self.towns[0]
        }
        states = sorted(
            {getattr(fake, "state_abbr", fake.country_code)() for _ in range(200)}
        )
        self.state = {
            town: states[i % len(states)] for i, town in enumerate(self.towns[0])
        }


Skewed = tuple[list[str], list[float]]


def skewed(values: list[str], rng: random.Random) -> Skewed:
    """Values with cumulative weights: few are common and many rare, as names and towns
    are.
    """
    order = sorted(dict.fromkeys(values))
    rng.shuffle(order)
    total, cumulative = 0.0, []
    for rank in range(len(order)):
        total += 1 / (rank + 6) ** 0.8
        cumulative.append(total)
    return order, cumulative


def people(
    country: Country, pair: dict[str, Any], rng: random.Random
) -> Iterator[Person]:
    """Persons, of whom a third lives with somebody of the same surname; one in a
    hundred of these is a twin.
    """
    before: Person | None = None
    first, days = (
        datetime.date(pair.get("born_from", 1940), 1, 1),
        365 * pair.get("born_years", 70),
    )
    while True:
        sex = rng.choice("MF")

        def pick(options: Skewed) -> str:
            return rng.choices(options[0], cum_weights=options[1])[0]

        with_family = before is not None and rng.random() < 0.3
        middle = (
            pick(country.given[sex])
            if rng.random() < pair.get("middle_share", 0.3)
            else ""
        )
        person = {
            "forename": pick(country.given[sex]),
            "middle_names": middle,
            "sex": sex,
            "surname": before["surname"]
            if with_family and before
            else pick(country.family),
            "second_surname": pick(country.family) if pair.get("two_surnames") else "",
            "dob": first + datetime.timedelta(days=rng.randrange(days)),
        }
        if with_family and before:
            person |= {
                name: before[name]
                for name in (
                    "street_name",
                    "number",
                    "town",
                    "state",
                    "postcode",
                    "phone",
                )
            }
            if rng.random() < 0.01:
                person["dob"] = before["dob"]
        else:
            person |= address(country, pick(country.towns), rng)
        person["email"] = email(person, rng)
        person["number_id"] = f"{rng.randrange(10**9):09}"
        yield person
        before = person


def address(country: Country, town: str, rng: random.Random) -> Person:
    """A place to live, with its telephone."""
    return {
        "street_name": rng.choice(country.streets),
        "number": str(rng.randrange(1, 180)),
        "town": town,
        "state": country.state[town],
        "postcode": rng.choice(country.codes[town]),
        "phone": "0" + "".join(rng.choice(_DIGITS) for _ in range(9)),
    }


def email(person: Person, rng: random.Random) -> str:
    local = folded(f"{person['forename']}.{person['surname']}").lower().replace(" ", "")
    return f"{local}{rng.randrange(100)}@{rng.choice(['mail', 'post', 'web', 'inbox'])}.example"  # noqa: E501


def corrupted(
    person: Person, errors: dict[str, float], country: Country, rng: random.Random
) -> Person:
    """The person as a clerk wrote them down, perhaps years later."""

    def happens(kind: str) -> bool:
        return rng.random() < errors[kind]

    entry = dict(person)
    if entry["sex"] == "F" and happens("new_surname"):
        entry["surname"] = rng.choices(
            country.family[0], cum_weights=country.family[1]
        )[0]
    if happens("no_middle"):
        entry["middle_names"] = ""
    if happens("no_second_surname"):
        entry["second_surname"] = ""
    if happens("initial"):
        entry["forename"] = entry["forename"][0]
    for name in ("forename", "surname", "second_surname", "town", "street_name"):
        if happens("respelled"):
            entry[name] = respelled(entry[name], rng)
        if happens("name_typo"):
            entry[name] = mistyped(entry[name], _LETTERS, rng)
    if happens("swapped_names"):
        entry["forename"], entry["surname"] = entry["surname"], entry["forename"]
    if happens("moved"):
        town = rng.choice(country.towns[0]) if rng.random() < 0.5 else person["town"]
        entry |= {
            key: value
            for key, value in address(country, town, rng).items()
            if key != "phone"
        }
    if happens("new_phone"):
        entry["phone"] = address(country, person["town"], rng)["phone"]
    if happens("new_email"):
        entry["email"] = email(person, rng)
    if happens("sex"):
        entry["sex"] = "MF".replace(entry["sex"], "")
    birth = born_as_written(person["dob"], happens, rng)
    return entry | {"dob": birth}


def born_as_written(
    day: datetime.date, happens: Callable[[str], bool], rng: random.Random
) -> tuple[int, int, int]:
    """Year, month and day, the last two 0 where they are not known."""
    if happens("year_only"):
        return day.year, 0, 0
    if happens("first_of_january"):
        return day.year, 1, 1
    if happens("year_off"):
        return day.year + rng.choice([-1, 1, 10]), day.month, min(day.day, 28)
    if happens("day_month") and day.day <= 12:
        return day.year, day.day, day.month
    if happens("dob_digit"):
        return day.year, day.month, rng.randrange(1, 29)
    return day.year, day.month, day.day


def mistyped(text: str, letters: str, rng: random.Random) -> str:
    """A text with one typing error."""
    if len(text) < 3:
        return text
    place = rng.randrange(1, len(text))
    kind = rng.randrange(4)
    if kind == 0:
        return text[:place] + rng.choice(letters) + text[place:]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + rng.choice(letters) + text[place + 1 :]
    return text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]


def respelled(text: str, rng: random.Random) -> str:
    """A romanised name as another clerk hears it."""
    low = text.lower()
    fitting_pairs = [
        (a, b) for pair in _SOUNDS for a, b in (pair, pair[::-1]) if a in low
    ]
    if not fitting_pairs:
        return text
    a, b = rng.choice(fitting_pairs)
    return low.replace(a, b, 1).title()


def folded(text: str) -> str:
    """Letters without their marks."""
    parts = unicodedata.normalize("NFKD", text.translate(_NOT_DECOMPOSED))
    return "".join(c for c in parts if not unicodedata.combining(c))


class Writer:
    """A side's way of writing a record."""

    def __init__(self, side: dict[str, Any], rng: random.Random) -> None:
        self._side, self._rng = side, rng

    def row(self, person: Person) -> dict[str, str]:
        """The record under the side's own headers."""
        rates = self._side.get("missing", {})
        dates = self._side.get("dates", ["%Y-%m-%d"])
        form = self._rng.choice(dates)
        cells = {}
        for header, kind in self._side["columns"].items():
            gap = self._rng.random() < rates.get(
                kind, _ERRORS["missing"] if kind not in ("id", "number_id") else 0
            )
            cells[header] = "" if gap else self._cell(kind, person, form)
        return cells

    def _cell(self, kind: str, p: Person, form: str) -> str:
        year, month, day = p["dob"]
        if kind == "address":
            return self._letters(self._side.get("between", ", ").join(self._address(p)))
        if kind.startswith("line "):
            return self._letters(
                dict(enumerate(self._address(p), 1)).get(
                    int(kind.removeprefix("line ")), ""
                )
            )
        if kind == "dob":
            return (
                datetime.date(year, month, day).strftime(form) if month else str(year)
            )
        if kind in ("birth_year", "birth_month", "birth_day"):
            number = {"birth_year": year, "birth_month": month, "birth_day": day}[kind]
            return str(number) if number else ""
        if kind == "age":
            return str(self._side["in_year"] - year) if year else ""
        if kind == "sex":
            return str(self._side.get("sexes", {"M": "M", "F": "F"})[p["sex"]])
        if kind in ("id", "phone", "email", "number_id", "number", "postcode", "state"):
            text = str(p[kind])
            return (
                text[:5]
                if kind == "postcode" and self._side.get("short_postcode")
                else text
            )
        return self._letters(self._words(kind, p))

    def _address(self, p: Person) -> list[str]:
        """The pieces of an address, some of them with a flat or a part of the town
        before them.
        """
        home = zlib.crc32(f"{p['street_name']} {p['number']}".encode())
        quarter = zlib.crc32(f"{p['town']} {home % 4}".encode())
        flat = (
            f"{self._side.get('flat', 'Flat')} {home % 30 + 1}" if home % 7 == 0 else ""
        )
        part = {
            "flat": flat,
            "quarter": _QUARTERS[quarter % len(_QUARTERS)] if home % 3 == 0 else "",
        }
        pieces = (
            " ".join(piece.format(**p, **part).split())
            for piece in self._side["address"].split("|")
        )
        return [piece for piece in pieces if piece]

    def _words(self, kind: str, p: Person) -> str:
        names = " ".join(x for x in (p["forename"], p["middle_names"]) if x)
        family = " ".join(x for x in (p["surname"], p["second_surname"]) if x)
        core = p["surname"].split(" ")
        texts = {
            "forenames": names,
            "surnames": family,
            "full": f"{names} {family}",
            "full_comma": f"{family}, {names}",
            "surname_first": f"{family} {' '.join(names.split(' ')[::-1])}",
            "middle_initial": p["middle_names"][:1],
            "particle": " ".join(core[:-1]),
            "core_surname": core[-1],
            "street": f"{p['street_name']} {p['number']}",
            "us_street": f"{p['number']} {p['street_name']}",
        }
        return texts[kind] if kind in texts else str(p[kind])

    def _letters(self, text: str) -> str:
        marks = self._side.get("marks", "kept")
        if marks == "digraphs":
            text = text.translate(_DIGRAPHS)
        if marks != "kept":
            text = folded(text)
        return text.upper() if self._side.get("upper") else text


# What an analyst would make of a side's columns, whatever form they came in.
_READY = {
    "forename": ("forename", "forenames", "full", "full_comma", "surname_first"),
    "surname": (
        "surname",
        "surnames",
        "full",
        "full_comma",
        "surname_first",
        "core_surname",
    ),
    "dob": ("dob",),
    "birth_year": ("birth_year",),
    "sex": ("sex",),
    "postcode": ("postcode",),
    "town": ("town",),
    "state": ("state",),
    "street": ("street", "us_street"),
    "phone": ("phone",),
    "email": ("email",),
    "number_id": ("number_id",),
    "age": ("age",),
}


def ready(
    row: dict[str, str], side: dict[str, Any], person: Person
) -> dict[str, str | None]:
    """The record's fields in one form, empty where the file has nothing."""
    values = {kind: row[header] for header, kind in side["columns"].items()}
    if "address" in side and values.get("address") != "":  # an address in parts
        street = f"{person['street_name']} {person['number']}"
        values |= {
            "street": street,
            "town": person["town"],
            "postcode": person["postcode"],
        }
    parts_of_date = {"birth_year", "birth_month", "birth_day"} <= set(values)
    fields: dict[str, str | None] = {"id": values["id"]}
    for field, sources in _READY.items():
        value = next((values[s] for s in sources if s in values), None)
        if field == "dob" and parts_of_date:
            value = values["birth_year"]
        if value is None:
            continue
        year, month, day = person["dob"]
        plain = {
            "dob": f"{year:04}-{month or 1:02}-{day or 1:02}",
            "birth_year": str(year),
            "sex": person["sex"],
            "forename": folded(person["forename"].split(" ")[0]).upper(),
            "surname": folded(person["surname"]).upper(),
        }
        fields[field] = (
            (plain.get(field) or folded(value).upper()) if value.strip(" ,") else None
        )
    return fields


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("recipes", type=Path)
    parser.add_argument("name")
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--rows",
        type=int,
        help="rows of the left file, in the place of what the pair says",
    )
    options = parser.parse_args()
    pairs = tomllib.loads(options.recipes.read_text(encoding="utf-8"))["pair"]
    pair = next(p for p in pairs if p["name"] == options.name)
    rows = options.rows or pair["rows"]
    make(
        pair,
        rows,
        round(rows * pair.get("right_rows", pair["rows"]) / pair["rows"]),
        options.out,
    )


def make(pair: dict[str, Any], left_rows: int, right_rows: int, out: Path) -> None:
    """Write a pair of files, or one file, of so many people."""
    rng = random.Random(f"2026 {pair['name']}")
    country = Country(pair["locale"], rng)
    out.mkdir(parents=True, exist_ok=True)
    if "file" in pair:
        true_pairs = _one_file(pair, left_rows, country, rng, out)
    else:
        true_pairs = _two_files(pair, left_rows, right_rows, country, rng, out)
    with (out / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["left_id", "right_id"])
        writer.writerows(true_pairs)


TruePairs = Iterator[tuple[str, str]]


def _one_file(
    pair: dict[str, Any], rows: int, country: Country, rng: random.Random, out: Path
) -> TruePairs:
    """Write one file; returns the pairs of records of one person."""
    population = list(itertools.islice(people(country, pair, rng), rows))
    rng.shuffle(population)
    numbers = {id(person): n for n, person in enumerate(population)}
    ids = _write(out, "file", "F", population, pair, country, numbers, rng)
    for records in ids.values():
        yield from itertools.combinations(records, 2)


def _two_files(
    pair: dict[str, Any],
    left_rows: int,
    right_rows: int,
    country: Country,
    rng: random.Random,
    out: Path,
) -> TruePairs:
    """Write two files; returns the pairs of records of one person."""
    shared_count = round(min(left_rows, right_rows) * pair["overlap"])
    stream = people(country, pair, rng)
    population = [next(stream) for _ in range(left_rows + right_rows - shared_count)]
    rng.shuffle(population)
    sides = {
        "left": population[:left_rows],
        "right": population[left_rows - shared_count :],
    }
    numbers = {id(person): n for n, person in enumerate(population)}
    ids = {
        name: _write(out, name, letter, side_people, pair, country, numbers, rng)
        for letter, (name, side_people) in zip("LR", sides.items(), strict=True)
    }
    for number, lefts in ids["left"].items():
        yield from itertools.product(lefts, ids["right"].get(number, ()))


def _write(
    out: Path,
    name: str,
    letter: str,
    side_people: list[Person],
    pair: dict[str, Any],
    country: Country,
    numbers: dict[int, int],
    rng: random.Random,
) -> dict[int, list[str]]:
    """A side's file and its prepared form; returns the ids of each person's records."""
    side, constant = pair[name], pair.get("constant", {})
    errors = {**_ERRORS, **pair.get("errors", {}), **side.get("errors", {})}
    writer = Writer(side, rng)
    originals = [(person, numbers[id(person)]) for person in side_people]
    duplicates = [
        rng.choice(originals)
        for _ in range(round(len(originals) * side.get("duplicates", 0)))
    ]
    records = originals + duplicates
    rng.shuffle(records)
    ids: dict[int, list[str]] = {}
    prepared = []
    with (out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(
            file, list(side["columns"]), delimiter=side.get("delimiter", ",")
        )
        table.writeheader()
        for place, (person, number) in enumerate(records):
            entry = corrupted(person, errors, country, rng) | constant
            entry["id"] = f"{letter}{place:07}"
            ids.setdefault(number, []).append(str(entry["id"]))
            row = writer.row(entry)
            table.writerow(row)
            prepared.append(ready(row, side, entry))
    pq.write_table(pa.Table.from_pylist(prepared), out / f"ready-{name}.parquet")
    return ids


if __name__ == "__main__":
    main()
