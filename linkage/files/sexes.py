"""Codes of sex as M and F, by the code frame of configs/recognise.toml that fits a column."""

from collections.abc import Mapping
from typing import Any

from anyascii import anyascii

from linkage.files.header_names import plain
from linkage.files.missing_values import says_unknown
from linkage.files.vocabulary import vocabulary

_MIN_SHARE = 0.5  # of a column's rows that a frame must tell
_BITS = {"1": "M", "1.0": "M", "0": "F", "0.0": "F"}


def code_of(value: str) -> str:
    """A value as code frames write it."""
    return str(anyascii(value)).upper().strip(" .")


def are_bits(values: Mapping[str, int]) -> bool:
    """Whether a column has 0 and 1, of which nothing tells which is which."""
    codes = {code_of(value) for value in values if not says_unknown(value)}
    return len(codes) == 2 and codes <= _BITS.keys()


def frame_of(values: Mapping[str, int], column: str) -> dict[str, str] | None:
    """The frame that tells most rows, as codes to M and F; of those that fit alike that of the header's language.

    H and M are man and woman in Spain; a frame to which both are men tells nothing.
    """
    known = {value: rows for value, rows in values.items() if not says_unknown(value)}
    fitting: list[tuple[tuple[Any, ...], dict[str, str]]] = []
    for frame in vocabulary()["sex_frame"]:
        codes = {code: sex for sex in ("M", "F") for code in frame[sex]}
        sexes = {value: codes[code_of(value)] for value in known if code_of(value) in codes}
        tells = len(set(sexes.values())) == min(len({code_of(value) for value in sexes}), 2)
        rows = sum(known[value] for value in sexes)
        if rows > _MIN_SHARE * sum(known.values()):
            fitting.append(((tells, rows, plain(column) in frame.get("headers", ())), codes))
    return max(fitting, key=lambda ranked: ranked[0])[1] if fitting else None


def settings_of(columns: list[tuple[Mapping[str, int], str]]) -> list[dict[str, Any]]:
    """The codes of each file's column: 0 and 1 are taken to be the same in both, where both write so."""
    bits = all(are_bits(values) for values, _ in columns)
    frames = [_BITS if bits else frame_of(values, column) for values, column in columns]
    present = [{code_of(value) for value in values} for values, _ in columns]
    return [
        {"codes": {code: sex for code, sex in (frame or {}).items() if code in codes}}
        for frame, codes in zip(frames, present, strict=True)
    ]


def sex(text: str, settings: Mapping[str, Any]) -> str | None:
    """M or F; None for another code."""
    found: str | None = settings["codes"].get(code_of(text))
    return found
