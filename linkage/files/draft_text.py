"""A draft as text: definitions of the catalogue, a run's file and passes, laid out to be read and changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from linkage.config import FileFormat

if TYPE_CHECKING:
    from linkage.files.draft import SourceColumns

_DESCRIBED = {
    "forename": ("name", 1, "Forename."),
    "middle_names": ("name", 1, "Further forenames."),
    "surname": ("name", 1, "Surname."),
    "former_surname": ("name", 1, "An earlier surname."),
    "dob": ("age", 2, "Birth date."),
    "sex": ("sex", 5, "Sex."),
    "postcode": ("address", 2, "Postcode."),
    "nino": ("identity", 1, "National Insurance number."),
    "uln": ("identity", 1, "Unique learner number."),
    "upn": ("identity", 1, "Unique pupil number."),
    "husid": ("identity", 1, "HESA student identifier."),
}
"""Role to concept, identifiability and description."""
_OF_NUMBERS = ("nino", "uln", "upn", "husid")


@dataclass(frozen=True)
class Source:
    """A file as a run will know it.

    Attributes:
        name: of the source, its dataset and its file of the catalogue.
        file: as the run's file names it, below its folder of data.
        columns: of the file, in their order.
        key: the column that says which rows are one person's.
        postcode: the form of its postcodes.
        format: how the file is written.
    """

    name: str
    file: str
    columns: Sequence[str]
    key: str
    read: "SourceColumns"
    postcode: str | None = None
    format: FileFormat = field(default_factory=FileFormat)


def quoted(text: str) -> str:
    """A string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def inline(pairs: Mapping[str, object]) -> str:
    """A table of TOML in one line."""
    text = ", ".join(f"{key} = {_value(value)}" for key, value in pairs.items())
    return f"{{ {text} }}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else str(value)


def variable_name(column: str) -> str:
    """A column's name in the catalogue, where names are letters, digits and underscores."""
    return "".join(sign if sign.isalnum() else "_" for sign in column).strip("_") or "column"


def catalogue_text(source: Source) -> str:
    """What the catalogue says of a file: a line for each column."""
    lines = [
        "# Drafted from the file. Unrated columns are in no extract: rate them, or delete them.",
        f"dataset = {quoted(source.name)}",
        f"title = {quoted(source.name)}",
        'owner = "to be named"',
        "",
        "[table.records]",
        f"title = {quoted('Records of ' + source.name)}",
        f"grain = {quoted('record of ' + source.name)}",
        f"entity_key = [[{quoted(variable_name(source.key))}]]",
        "generated = false",
        "variable = [",
        *(f"  {inline(variable)}," for variable in _variables(source)),
        "]",
    ]
    return "\n".join(lines) + "\n"


def _variables(source: Source) -> Iterable[dict[str, object]]:
    roles = {column: role for role, column in source.read.roles.items()}
    seen: set[str] = set()
    for column in source.columns:
        name = variable_name(column)
        if name in seen:  # two that differ in punctuation only: the second would be described twice
            continue
        seen.add(name)
        rated = {"concept": "unrated", "identifiability": 1, "sensitivity": "A", "description": "Unrated."}
        made: dict[str, object] = {"name": name, "type": "string"}
        if column == source.key:
            made |= {"role": "entity_key", "required": True}
            rated = {"concept": "identity", "identifiability": 3, "sensitivity": "E"}
            rated["description"] = "The number of a record."
        elif role := roles.get(column):
            form = source.postcode if role == "postcode" else role if role in _OF_NUMBERS else None
            frame = f"{source.name}_sex" if role == "sex" and source.read.sexes else None
            made |= {"type": "date" if role == "dob" else "string"}
            made |= {key: value for key, value in (("role", role), ("frame", frame), ("format", form)) if value}
            concept, rating, description = _DESCRIBED[role]
            rated = {"concept": concept, "identifiability": rating, "sensitivity": "C" if role == "sex" else "E"}
            rated["description"] = description
        elif name != column:
            continue
        yield {**made, **rated}


def frames_text(sources: Iterable[Source]) -> str:
    """The code frames of sex; empty where no file has codes of it."""
    parts = []
    for source in sources:
        if source.read.sexes and "sex" in source.read.roles:
            codes = "\n".join(f"{quoted(code)} = {quoted(label)}" for code, label in source.read.sexes.items())
            parts.append(f"[{source.name}_sex]\n{codes}\n")
    return "\n".join(parts)


def passes_text(numbers: Sequence[str], *, dated: bool) -> str:
    """Passes on numbers of persons, and those on names that ship with them.

    Args:
        numbers: columns of units.
        dated: the files hold birth dates.
    """
    head = "# Drafted: pairs that agree in this are links before the model is asked.\n"
    names = [("five-identifiers", "forename"), ("forename-four", "forename^4")]
    parts = [
        f'[[pass]]\nname = "{number.replace("_", "-")}"\n'
        'why = "One person\'s number; a name guards against a mistyped one"\n'
        f"equal = [{', '.join(map(quoted, [number, 'dob'] if dated else [number]))}]\n"
        'agree_any = ["surname", "forename~close", "forename~initial"]\n'
        for number in numbers
    ] + [
        f'[[pass]]\nname = "{name}"\nwhy = "Forename, surname, birth date, postcode and sex agree"\n'
        f'equal = ["{forename}", "surname", "dob", "postcode", "sex"]\n'
        for name, forename in names
    ]
    return "\n".join([head, *parts])


def run_text(name: str, data: str, sources: Sequence[Source], *, passes: str, model: str, definitions: str) -> str:
    """A run's file, of one step for each source but the first.

    Args:
        data: the folder of the files, as the run's file names it.
        passes, model: files that the steps name.
        definitions: the folder that holds what was drafted with it.
    """
    first, *others = sources
    lines = [
        f"# Drafted from {', '.join(source.file for source in sources)}. What may stand here: leo config schema",
        f"# Run it: leo --definitions {definitions} run THIS_FILE --out runs/{name}",
        "[run]",
        f"name = {quoted(name)}",
        *([] if data == "." else [f"data = {quoted(data)}"]),
        f"spine = [{quoted(first.name)}]  # whose records are people even when nothing links to them",
    ]
    for source in sources:
        lines += ["", *_source(source)]
    left = first.name
    for source in others:
        lines += ["", *_step(left, source.name, passes, model)]
        left = "people"
    lines += ["", "[outputs]", "longitudinal = false  # spells, pay and outcomes need the tables of LEO"]
    return "\n".join(lines) + "\n"


def _source(source: Source) -> list[str]:
    read = source.read
    lines = [f"# not read: {name} {why}" for name, why in read.left_out.items()]
    missed, known = read.undated
    if missed:
        lines.append(f"# {100 * missed / known:.1f} % of birth dates are in another form: their rows are set aside")
    lines += [f"[source.{source.name}]", f"dataset = {quoted(source.name)}", 'table = "records"']
    lines.append(f"files = [{quoted(source.file)}]")
    renamed = {r: c for r, c in {**read.roles, "entity_key": source.key}.items() if variable_name(c) != c}
    if renamed:
        lines.append(f"columns = {inline(renamed)}")
    made = source.format.model_dump(exclude_defaults=True)
    dates = {"date_format": read.date_format}
    default = FileFormat()
    made |= {key: value for key, value in dates.items() if value and value != getattr(default, key)}
    lines += [f"format = {inline(made)}"] if made else []
    return lines


def _step(left: str, right: str, passes: str, model: str) -> list[str]:
    return [
        "[[step]]",
        f"name = {quoted(f'{left}-{right}')}",
        f"left = {quoted(left)}",
        f"right = {quoted(right)}",
        f"passes = {quoted(passes)}",
        f"model = {quoted(model)}  # where training starts: leo model train and leo model tune make it yours",
        'duplicates = "join"  # who is in a file twice keeps both records',
    ]
