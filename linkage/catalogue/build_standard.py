"""Makes configs/catalogue/standard/*.csv from the list of fields of the LEO variable request form.

    python -m linkage.catalogue.build_standard FORM.csv[.gz]

FORM has the columns table, field, type, standard_extract and years, a row for each field, in the order of the form.
Names, types and years are carried over; concept, rating and description come from standard/families.toml, and from the
variables of ours that have the same name. No sentence of the form is carried over.
"""

import csv
import gzip
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from linkage.catalogue.definitions import Variable
from linkage.catalogue.families import Families
from linkage.catalogue.reading import shipped
from linkage.catalogue.standard import COLUMNS, TableOfForm, form_table
from linkage.catalogue.years import span, years_of
from linkage.config.resources import shipped_dir

FOLDER = shipped_dir() / "catalogue" / "standard"

TYPES = {
    "categorical": "string", "text": "string", "varchar": "string", "nvarchar": "string", "char": "string",
    "": "string",
    "dichotomous": "integer", "int": "integer", "smallint": "integer", "bigint": "integer", "bit": "boolean",
    "continuous": "number", "float": "number", "numeric": "number", "decimal": "number", "num": "number",
    "date": "date", "date9.": "date",
}  # fmt: skip
DATE = re.compile(r"date$|^date|date_|(start|end)date|^poc_start$", re.IGNORECASE)

# Years that the form misprints, as it means them.
MISPRINTS = {
    "207/2008": "2007/2008",
    "20019": "2009",
    "200708": "2007/08",
    "2003/2003": "2002/2003",
    "2006/2006": "2006/2007",
}

# DfE's own groups of items that say more of their sensitivity than their concept does.
GROUPS = {"Sensitive": "B", "CIN-CLA": "A"}


@dataclass(frozen=True)
class Field:
    """A field of the form."""

    written: str  # "Gender_[term][yy]"
    name: str  # "Gender"
    type: str
    group: str
    years: tuple[int, ...]


def build(form: Path, folder: Path = FOLDER) -> int:
    """Write the CSV file of every table of tables.toml; the number of fields written."""
    families = Families.load(folder / "families.toml")
    tables = [form_table(entry) for entry in tomllib.loads((folder / "tables.toml").read_text("utf-8"))["table"]]
    rows = list(_rows(form))
    count = 0
    for table in tables:
        fields = list(_merged(_fields(table, rows)))
        with (folder / f"{table.dataset}.{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(_described(table, field, families) for field in fields)
        count += len(fields)
    return count


def _rows(form: Path) -> Iterator[dict[str, str]]:
    with gzip.open(form, "rt", encoding="utf-8") if form.suffix == ".gz" else form.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _fields(table: TableOfForm, rows: Iterable[dict[str, str]]) -> Iterator[Field]:
    """A table's fields. A sheet lists what is given on request, then, below its headings, what always is."""
    sheet = [row for row in rows if row["table"] == table.sheet]
    heading = next((n for n, row in enumerate(sheet) if row["type"] == "Data Type"), -1)
    halves = (sheet[:heading], sheet[heading + 1 :]) if heading >= 0 else ((), sheet)
    for half in halves:
        part, seen = 1, set[str]()
        for row in half:
            name = _name(table, row["field"])
            # The second part of a sheet is told by what it starts with: the year or sex a second time, or the key that
            # is not made anonymous. Other figures told twice are the same figure.
            starts = name.upper() in ("ACADYR", "GENDER") and name.upper() in seen
            if starts or name.upper().endswith("MATCHINGREFNONANONYMOUS"):
                part = 2
            seen.add(name.upper())
            if table.part in (None, part):
                for written in re.split(r"\s+or\s+", row["field"].split("\n")[0]):
                    found = _years(row["years"], table.years)
                    yield Field(written.strip(), _name(table, written), row["type"], row["standard_extract"], found)


def _merged(fields: Iterable[Field]) -> Iterator[Field]:
    """A name that is told several times, case apart, is one, with all of its years."""
    found: dict[str, Field] = {}
    for field in fields:
        first = found.setdefault(field.name.upper(), field)
        years = tuple(sorted({*first.years, *field.years}))
        found[field.name.upper()] = Field(first.written, first.name, first.type or field.type, first.group, years)
    yield from found.values()


def _name(table: TableOfForm, written: str) -> str:
    """A field's name without its table's prefix and the places of term and year."""
    name = re.sub(r"\[.*?\]?\]|\(.*?\)", "", written.split("\n")[0]).strip()
    before, _, after = table.pattern.partition("{name}")
    for ending in ("_SPR", after.replace("[term]", "").replace("[yy]", "").rstrip("_")):
        name = re.sub(f"{ending}(_anon)?$", r"\1", name) if ending else name
    name = re.sub(f"^{re.escape(before)}", "", name, flags=re.IGNORECASE)
    return re.sub(r"\W+", "_", re.sub(r"\s+_", "_", name)).replace("__", "_").strip("_")


def _years(text: str, of_table: str) -> tuple[int, ...]:
    """Years as the form writes them, in a dozen ways; the table's own where it writes none."""
    for wrong, right in MISPRINTS.items():
        text = text.replace(wrong, right)
    held = years_of(of_table)
    if not held:
        return ()
    if text.lower().startswith("all years"):
        broken = [int(year) for year in re.findall(r"\d{4}", text)]
        return tuple(year for year in held if year not in broken)
    years: set[int] = set()
    for part in re.split(r"[,;]", text):
        found = [int(year) for year in re.findall(r"(?<![\d/])(\d{4})", part)]
        if "up to" in part:
            found.insert(0, held[0])
        open_ended = re.search(r"(-|onwards)\s*$", part) is not None
        if found:
            last = held[-1] if open_ended and len(found) == 1 else found[1] if len(found) > 1 else found[0]
            years.update(range(found[0], last + 1))
    return tuple(sorted(years)) or held


def _described(table: TableOfForm, field: Field, families: Families) -> dict[str, str]:
    """The row of a field: ours where we hold it, else what families say of its name."""
    held = shipped().datasets.get(table.dataset)
    ours = held.table[table.name].variable if held and table.name in held.table else ()
    row = {
        "name": field.name,
        "as": "" if table.pattern.format(name=field.name) == field.written else field.written,
        "type": "date" if DATE.search(field.name) else TYPES[re.sub(r"\(.*", "", field.type).strip().lower()],
        "years": span(field.years),
        "concept": "", "rating": "", "frame": "", "held": "", "description": "",
    }  # fmt: skip
    same = next((variable for variable in ours if _plain(variable.name) == _plain(field.name)), None)
    if same:
        return row | {"held": same.name}
    concept, rating, says = families.of(f"{table.dataset}.{table.name}", field.name)
    alike = _like(field) if table.dataset == "npd" else None
    if alike:
        concept, says = alike.concept, alike.description
        rating = f"{alike.identifiability}{alike.sensitivity}"
        row |= {"frame": alike.frame or "", "type": alike.type}
    rating = rating[0] + min(rating[1], GROUPS.get(field.group, rating[1]))
    return row | {"concept": concept, "rating": rating, "description": says}


def _like(field: Field) -> Variable | None:
    """The school census's variable of the name: the pupil's background is the same in every table."""
    census = shipped().datasets["npd"].table["census"].variable
    found = next((variable for variable in census if _plain(variable.name) == _plain(field.name)), None)
    return found if found and not found.role and found.concept not in ("time", "institution", "identity") else None


def _plain(name: str) -> str:
    return re.sub(r"(anon|desc)$", "", name.replace("_", "").lower())


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1])):,} fields\n")
