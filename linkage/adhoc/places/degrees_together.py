"""Positions in one column become two: "52.4862, -1.8904", "POINT(-1.8904 52.4862)", 52°29'10"N 1°53'25"W."""

import re
from collections.abc import Iterable, Sequence

import pyarrow as pa

from linkage.adhoc.files.columns_made import counted, looked_up
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.header_words import in_latin
from linkage.adhoc.places.positions import DEGREES, SEXAGESIMAL, degrees
from linkage.engine import Engine, columns, quote

_LOOKED_AT = 300  # rows
_MOSTLY = 0.8  # share of the known values that are positions
_FEWEST = 3
_NUMBER = r"([NSEWO]?\s*[-+]?[0-9]{1,3}[.][0-9]{2,}\s*°?\s*[NSEWO]?)"
_WITH_COMMAS = _NUMBER.replace("[.]", "[.,]")
_AROUND, _BEHIND = r"(?:SRID=[0-9]+;)?\s*(POINT)?\s*[(\[]*\s*", r"\s*[)\]]*"
_FORMS = [
    re.compile(f"{_AROUND}{number}{between}{number}{_BEHIND}", re.IGNORECASE)
    for number, between in ((_NUMBER, r"\s*[,;/|\s]\s*"), (_WITH_COMMAS, r"\s*[;/|\s]\s*"))
]
_SEXAGESIMAL = re.compile(rf"({SEXAGESIMAL.pattern})[\s,;/|]*({SEXAGESIMAL.pattern})", re.IGNORECASE)
_EAST_WEST = re.compile("[EWO]", re.IGNORECASE)


def with_degrees_parted(engine: Engine, file: PersonFile) -> PersonFile:
    """The file with latitude and longitude in the stead of a column that holds both, where there is one."""
    if {in_latin(name) for name in file.header} & {*DEGREES}:
        return file
    texts = [name for name in file.header if pa.types.is_string(file.types.get(name, pa.null()))]
    if not texts:
        return file
    first = f"select {columns(texts)} from {{t}} order by {quote(PLACE)} limit {_LOOKED_AT}"
    held = engine.arrow(engine.sql(first, t=file.table))
    for name in texts:
        values = [text for value in held[name].to_pylist() if value is not None and (text := value.strip())]
        if _are_positions(values):
            return _parted(engine, file, name)
    return file


def _are_positions(values: Sequence[str]) -> bool:
    """Whether most are; of other columns, which are nearly all, no more is looked at than shows that they are none."""
    others = len(values) - max(_FEWEST, _MOSTLY * len(values))
    for value in values:
        if others < 0:
            break
        others -= two_degrees(value) is None
    return others >= 0


def _parted(engine: Engine, file: PersonFile, column: str) -> PersonFile:
    values = counted(engine, file, column)
    last = _east_first(column, values)
    texts = {value: two_degrees(value, east_first=last) or (None, None) for value in values}
    made, names = looked_up(engine, file, column, texts, DEGREES)
    other = [name for name in made.header if name != column]
    kept = columns([name for name in made.table.columns if name not in names])
    renamed = ", ".join(f'"{new}" as "{name}"' for new, name in zip(names, DEGREES, strict=True))
    table = engine.sql(f"select {kept}, {renamed} from {{t}}", t=made.table)
    types = {**file.types, **dict.fromkeys(DEGREES, pa.string())}
    return made.with_columns(table, header=(*other, *DEGREES), types=types)


def _east_first(column: str, values: Iterable[str]) -> bool:
    """Whether the longitude stands before the latitude: by the column's name, or since there is no such latitude."""
    name = in_latin(column)
    if "lon" in name and "lat" in name:
        return name.index("lon") < name.index("lat")
    return any(two_degrees(value) is None and two_degrees(value, east_first=True) for value in values)


def two_degrees(text: str, *, east_first: bool = False) -> tuple[str, str] | None:
    """Latitude and longitude of a position; None where a text is none.

    Args:
        east_first: of two numbers alone, the first is the longitude.

    >>> two_degrees("52.4862, -1.8904"), two_degrees("POINT(-1.8904 52.4862)"), two_degrees("1,8904 W; 52,4862 N")
    (('52.486200', '-1.890400'), ('52.486200', '-1.890400'), ('52.486200', '-1.890400'))
    >>> two_degrees("52°29'24\"N 1°53'24\"W")
    ('52.490000', '-1.890000')
    """
    found = next((match for form in _FORMS if (match := form.fullmatch(text.strip()))), None)
    if found:
        point, first, second = found.groups()
    elif minutes := _SEXAGESIMAL.fullmatch(text.strip()):
        point, first, second = "", minutes[1], minutes[7]
    else:
        return None
    sided: Sequence[bool] = [bool(_EAST_WEST.search(number)) for number in (first, second)]
    if bool(point) or sided[0] or (east_first and not any(sided)):
        first, second = second, first
    north, east = degrees(first, "latitude"), degrees(second, "longitude")
    return (north, east) if north is not None and east is not None else None
