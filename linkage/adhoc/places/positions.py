"""Positions on earth: two columns of degrees become one field, which is compared by how far two records lie apart.

A latitude by itself is shared by whatever lies east and west, and no two bodies measure a door at one and the same
spot. How far apart two spots lie says most of all that is known of shops, stations and schools. To be found, a spot
stands in cells of several sizes, each in four grids that are half a cell apart, so that two spots nearer than half a
cell have one in common. Which cells hold so few that a rule may ask for them is told as of rare words.
"""

import functools
import re
from collections.abc import Mapping, Sequence

from linkage.adhoc.files.columns_made import as_text, each_value, expressed
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.word_columns import POSITION
from linkage.engine import Engine, one, quote

DEGREES = ("latitude", "longitude")
_METRES = ("northing", "easting")
PLACED = frozenset({POSITION, *DEGREES, *_METRES})
_METRES_OF_A_DEGREE, _KILOMETRE = 111_195.0, 1_000.0
_MOST = {"latitude": 90.0, "longitude": 180.0}
_MINUTES = r"([-+]?[0-9]{1,3}) *° *([0-9]{1,2}(?:[.,][0-9]+)?) *['′’] *(?:([0-9]{1,2}(?:[.,][0-9]+)?) *(?:\"|″|”|''))?"
SEXAGESIMAL = re.compile(f"([NSEWO]?) *{_MINUTES} *([NSEWO]?)", re.IGNORECASE)
"""Degrees, minutes and seconds: 52°29'10"N, S 33° 51.6'."""
_NUMBER = re.compile(r"([NSEWO]?) *([-+]?[0-9]{1,3}(?:[.,][0-9]+)?) *°? *([NSEWO]?)", re.IGNORECASE)
_CELLS = (0.002, 0.01, 0.05)  # degrees of latitude: 200 m, 1 km, 5 km
_WIDER = 1.5  # degrees of longitude for one of latitude, which are as long at 48 degrees north or south


def with_positions(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, dict[str, str]]]:
    """Each file with a column of positions, where all have both degrees, or both metres; its fields."""
    held = list(zip(files, map(dict, fields), strict=True))
    if all(name in of for of in fields for name in DEGREES):
        return [_with_position(engine, file, of, *_of_degrees(engine, file, of)) for file, of in held]
    if all(name in of for of in fields for name in _METRES):
        south = _southernmost(engine, held)
        return [_with_position(engine, file, of, file, _of_metres(of, south)) for file, of in held]
    return held


def _of_degrees(engine: Engine, file: PersonFile, of: Mapping[str, str]) -> tuple[PersonFile, str]:
    """The file with its degrees read, and SQL of the position."""
    read = []
    for name in DEGREES:
        ((file, column),) = each_value(engine, [(file, of[name])], name, functools.partial(degrees, of=name))
        read.append(quote(column))
    nowhere = " and ".join(f"cast({column} as double) = 0" for column in read)  # what a program writes for unknown
    return file, f"case when not ({nowhere}) then {' || chr(32) || '.join(read)} end"


def _of_metres(of: Mapping[str, str], south: float) -> str:
    """SQL of a position on a plane as degrees from where the equator would be: a country's metres at its south are as
    long there as they are, and a thousandth shorter by each 300 km northwards.

    Args:
        south: metres north of which all lies.
    """
    north, east = (f"{_metres(of[name])} - {less!r}" for name, less in zip(_METRES, (south, 0.0), strict=True))
    shown = [
        f"cast(cast(({metres}) / {_METRES_OF_A_DEGREE!r} as decimal(12, 6)) as varchar)" for metres in (north, east)
    ]
    return f"{shown[0]} || chr(32) || {shown[1]}"


def _southernmost(engine: Engine, held: Sequence[tuple[PersonFile, Mapping[str, str]]]) -> float:
    """Metres north below which next to nothing lies, in whole kilometres; in all files the same."""
    found = []
    for file, of in held:
        query = f"select quantile_cont({_metres(of[_METRES[0]])}, 0.01) as south from {{t}}"
        found.append(float(one(engine, engine.sql(query, t=file.table))["south"] or 0))
    return min(found) // _KILOMETRE * _KILOMETRE


def _metres(column: str) -> str:
    return f"try_cast({as_text(column)} as double)"


def _with_position(
    engine: Engine, file: PersonFile, of: Mapping[str, str], made: PersonFile, position: str
) -> tuple[PersonFile, dict[str, str]]:
    made, column = expressed(engine, made, position, POSITION)
    others = {name: held for name, held in of.items() if name not in (*DEGREES, *_METRES)}
    return made, {**others, POSITION: column}


def degrees(text: str, of: str) -> str | None:
    """A latitude or longitude with six decimals, a tenth of a metre; None where it is none.

    >>> [degrees(text, "latitude") for text in ("52.4", "52,4 N", "S33.86", "52.4891234", "400123", "91", "")]
    ['52.400000', '52.400000', '-33.860000', '52.489123', None, None, None]
    >>> degrees("52°29'24\"N", "latitude"), degrees("1° 53.4' W", "longitude")
    ('52.490000', '-1.890000')
    """
    found = _NUMBER.fullmatch(text.strip()) or SEXAGESIMAL.fullmatch(text.strip())
    if not found:
        return None
    before, whole, *parts, behind = found.groups()
    if before and behind:
        return None
    size = sum(_decimal(part) / 60 ** (place + 1) for place, part in enumerate(parts) if part)
    value = abs(_decimal(whole)) + size
    value = -value if (before or behind).upper() in ("S", "W") or whole.startswith("-") else value
    return f"{value:.6f}" if abs(value) <= _MOST[of] else None


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def cells(column: str) -> str:
    """SQL: the names of the cells that a position lies in, with blanks between."""
    north, east = (f"try_cast(split_part({quote(column)}, ' ', {place}) as double)" for place in (1, 2))
    names = []
    for letter, size in zip("ABC", _CELLS, strict=True):
        for shift in range(4):
            steps = [
                f"cast(floor(({degree} + {_MOST[name]}) / {width} + {moved / 2}) as bigint)"
                for degree, name, width, moved in (
                    (north, "latitude", size, shift // 2),
                    (east, "longitude", size * _WIDER, shift % 2),
                )
            ]
            names.append(f"'{letter}{shift}N' || {steps[0]} || 'E' || {steps[1]}")
    return " || ' ' || ".join(names)
