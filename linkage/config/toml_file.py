"""TOML and JSON files, and TOML checked against a model: every fault at once, with its
path and what is allowed there.

Unknown keys are refused, so that a misspelt setting cannot be lost in silence.
"""

import contextlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from linkage.errors import ConfigError, all_faults, hint

Model = TypeVar("Model", bound=BaseModel)


def fault(text: str) -> PydanticCustomError:
    """A fault of one key, reported with its place."""
    return PydanticCustomError("of_one_key", "{text}", {"text": text})


class Frozen(BaseModel):
    """A part of a file: no unknown keys. Its validator is built when it is first used,
    since a command reads few of the files that there are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def read_toml(path: Path, remedy: str) -> dict[str, Any]:
    """A TOML file as it stands.

    Raises:
        ConfigError: no such file, with what to do about it, or no TOML.
    """
    try:
        return toml_of(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file\n  {remedy}") from None


# levels of tables and lists: a run's file has five; Python's recursion limit is 1,000
_DEEPEST = 100
_MOST_CHARACTERS = (
    2_000_000  # fifty times the largest file that ships; tomllib reads as many in 2 s
)
# Parts of a dotted key, outside and inside brackets: tomllib keeps every beginning of
# one, 40 GB of 100,000 parts.
_DEEP_KEY = rf"""(?<![\w"'-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{_DEEPEST}}}"""  # noqa: E501


def toml_of(path: Path) -> dict[str, Any]:
    """A TOML file that is there, as it stands, with or without the mark that editors of
    Windows put before it.

    Raises:
        ConfigError: it is no TOML, or not in UTF-8.
    """
    with text_read(path, "TOML"):
        text = path.read_text(encoding="utf-8-sig")
        if len(text) > _MOST_CHARACTERS:
            raise DamagedText(
                f"{path}: not TOML: it has {len(text):,} characters\n  name the right "
                "file, or shorten it"
            )
        # Compiling the pattern takes 60 ms, which no other file need spend.
        if any(line.count(".") >= _DEEPEST for line in text.splitlines()) and re.search(
            _DEEP_KEY, text
        ):
            raise RecursionError
        raw = tomllib.loads(text)
        level: list[Any] = [raw]
        for _ in range(_DEEPEST):
            tables = [part for part in level if isinstance(part, dict)]
            level = [x for part in level if isinstance(part, dict | list) for x in part]
            level += [value for table in tables for value in table.values()]
            if any(
                isinstance(x, int) and x.bit_length() > 63 for x in level
            ):  # TOML's are of 64 bits
                raise ValueError
            if any(isinstance(value, str) and "\0" in value for value in level):
                raise DamagedText(
                    f"{path}: not TOML: a text holds a NUL, which no file and no name "
                    "has"
                )
            if not level:
                return raw
        raise RecursionError


def json_of(path: Path, remedy: str = "restore it from a copy") -> Any:
    """A JSON file that is there, as it stands.

    Raises:
        DamagedText: it is no JSON, or not in UTF-8.
    """
    with text_read(path, "JSON", remedy):
        return json.loads(path.read_text(encoding="utf-8"))


class DamagedText(ConfigError, ValueError):
    """A file is not of its form."""


@contextlib.contextmanager
def text_read(
    path: Path, form: str, remedy: str = "correct it, or restore it from a copy"
) -> Iterator[None]:
    """What a parser does not read in a file as an error that names it: its line, and
    none of its values.

    Raises:
        DamagedText: it is not in UTF-8, not of its form, nested too deeply, or has a
            number of too many digits.
    """
    try:
        yield
    except DamagedText:
        raise
    except UnicodeDecodeError:
        problem, remedy = (
            "it is not in UTF-8",
            "save it again with UTF-8 as its encoding",
        )
    except RecursionError:
        problem = "lists or tables lie too deep within one another"
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        problem = str(error)
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        problem = "a number has too many digits"
    else:
        return
    raise DamagedText(f"{path}: not {form}: {problem}\n  {remedy}") from None


def read_as(model: type[Model], path: Path, remedy: str = "") -> Model:
    """A TOML file as a model.

    Raises:
        ConfigError: as of `read_toml` and `check`.
    """
    return check(model, read_toml(path, remedy), str(path))


def check(model: type[Model], raw: dict[str, Any], where: str) -> Model:
    """Raw TOML as a model, or one error with every fault.

    Raises:
        ConfigError: the faults, a line each: file, path, what is wrong, what is
            allowed, the nearest known key.
    """
    # Pydantic looks at what lies between the parts only when each part is right.
    faults_between = getattr(model, "faults_between", None)
    lines: list[str] = faults_between(raw) if faults_between else []
    try:
        # As JSON, a list may be a tuple and a text a date where a text may not be a
        # number.
        result = model.model_validate_json(json.dumps(raw, default=str), strict=True)
    except ValidationError as error:
        lines = fault_lines(model, error, raw) + lines
    if lines:
        raise all_faults(where, lines)
    return result


def _fields(annotation: Any) -> dict[str, Any] | None:
    """The keys of a table that an annotation names; None where it names
    something else.
    """
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return None
    return {
        field.alias or name: field for name, field in annotation.model_fields.items()
    }


def fault_lines(
    model: type[BaseModel], error: ValidationError, raw: Any = None
) -> list[str]:
    """What is wrong with raw TOML, a line a fault: path, what is wrong, the nearest
    known key; no value of it.
    """
    faults = error.errors(include_url=False, include_input=False)
    return [line for fault in faults for line in _lines(model, fault, raw)]


def _lines(model: type[BaseModel], fault: Any, raw: Any) -> list[str]:
    text = fault_text(model, fault)
    if fault["type"] == "value_error":
        return text.splitlines()
    return [f"{'.'.join(_named(raw, fault['loc']))}: {text}"]


_NAME = re.compile(r"[a-z][a-z0-9_-]*")  # as of steps and passes: no name of a person


def _named(raw: Any, path: tuple[Any, ...]) -> Iterator[str]:
    """The parts of a path, a table among several by its name:
    step.education-cis.train.
    """
    part = raw
    for key in path:
        children = dict(enumerate(part)) if isinstance(part, list) else part
        part = children.get(key) if isinstance(children, dict) else None
        name = (
            part.get("name")
            if isinstance(key, int) and isinstance(part, dict)
            else None
        )
        yield name if isinstance(name, str) and _NAME.fullmatch(name) else str(key)


_TEXTS = {
    "int_type": "a whole number is expected, without quotes",
    "float_type": "a number is expected, without quotes",
    "bool_type": "true or false is expected, without quotes",
    "missing": "is missing; write this key",
}


def fault_text(model: type[BaseModel], fault: Any) -> str:
    """What is wrong at one place of raw TOML, without the place."""
    if fault["type"] == "extra_forbidden":
        return (
            "no such "
            f"key{hint(str(fault['loc'][-1]), _allowed(model, fault['loc'][:-1]))}"
        )
    if fault["type"] in _TEXTS:
        return _TEXTS[fault["type"]]
    if fault["type"] in ("tuple_type", "frozen_set_type", "list_type"):
        if _holds_tables(model, fault["loc"]):
            return (
                "one of several is expected: write "
                f"[[{'.'.join(map(str, fault['loc']))}]] above it"
            )
        return "a list is expected, in brackets"
    if fault["type"] in ("dict_type", "model_type", "model_attributes_type"):
        return "a table is expected: { name = ... }"
    text = str(fault["msg"]).removeprefix("Value error, ")
    return text if fault["type"] == "value_error" else f"{text[0].lower()}{text[1:]}"


def _allowed(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """Keys of the model that a path leads to."""
    current: Any = model
    for part in path:
        fields = _fields(current) or {}
        current = (
            _inner(fields[str(part)].annotation) if str(part) in fields else current
        )
    return list(_fields(current) or {})


def _holds_tables(model: type[BaseModel], path: tuple[Any, ...]) -> bool:
    """Whether what a path leads to is a list of tables."""
    field = model.model_fields.get(str(path[0])) if len(path) == 1 else None
    return field is not None and _fields(_inner(field.annotation)) is not None


def _inner(annotation: Any) -> Any:
    """The model inside Optional, tuple or dict; a dictionary's keys pass through."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        inner = _inner(argument)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    return annotation
