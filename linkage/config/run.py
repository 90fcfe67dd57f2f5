"""What a run is: one TOML file, checked whole before any work."""

import hashlib
import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from linkage.config.identifiers import HISTORY_ENDS, IDENTIFIERS
from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, check, fault, read_toml
from linkage.errors import ConfigError, hint

Cardinality = Literal["one-to-one", "one-to-many", "many-to-one", "many-to-many"]
Probability = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]

SIDES = ("left", "right")
OTHER_SIDE = {"left": "right", "right": "left"}


def holds_many(cardinality: Cardinality, side: str) -> bool:
    """Whether a record of this side may have several links."""
    first, last = cardinality.split("-to-")
    # one-to-many: one left record, many right ones; the left record has many links.
    return (last if side == "left" else first) == "many"


def single_sides(cardinality: Cardinality) -> list[str]:
    """The sides whose records have one link at most."""
    return [side for side in SIDES if not holds_many(cardinality, side)]


_MEMORY = re.compile(
    r"\s*\d+([.]\d+)?\s*(%|b|bytes?|[kmgt](i?b)?|(kilo|mega|giga|tera)bytes?)\s*",
    re.IGNORECASE,
)

ROLES = (
    *IDENTIFIERS,
    *(
        "valid_from",
        "valid_to",
        "record_key",
        "entity_key",
        "former_surname",
        "former_postcode",
    ),
)


# threads; DuckDB takes minutes to start 100,000, and no machine has as many processors
MOST_THREADS = 1_024


class FileFormat(Frozen):
    """How a source's files are written."""

    type: Literal["parquet", "csv"] = Field(
        "parquet", description="Format of the files."
    )
    delimiter: str = Field(
        ",",
        min_length=1,
        max_length=1,
        description="Character between the columns of CSV.",
    )
    quote: str = Field(
        '"', max_length=1, description="Character around values of CSV; empty for none."
    )
    encoding: str = Field(
        "utf-8", description="Encoding of CSV, by its name in Python."
    )
    compression: Literal["auto", "none", "gzip"] = Field(
        "auto", description="Of CSV; `auto` uses the file name."
    )
    date_format: str = Field(
        "%Y-%m-%d", description="strptime format of the dates in CSV."
    )
    repeated_names: Literal["refuse", "number"] = Field(
        "refuse", description="CSV: a name that two columns have."
    )


def _named(files: tuple[str, ...]) -> tuple[str, ...]:
    if not files or not all(files):
        raise fault('names no file; write for example ["people*.csv"]')
    return files


Globs = Annotated[tuple[str, ...], AfterValidator(_named)]  # below run.data


class Source(Frozen):
    """A body's files of persons, and the tables of attributes that carry the
    same key.
    """

    dataset: str = Field(description="The dataset of the catalogue.")
    table: str = Field(
        description="The table of the catalogue whose rows carry identifiers."
    )
    files: Globs = Field(description="File names or patterns, below `run.data`.")
    format: FileFormat = Field(FileFormat(), description="How the files are written.")
    columns: dict[str, str] = Field(
        {}, description="Role to column, where names differ from the catalogue's."
    )
    keep: dict[Name, str] = Field(
        {},
        description="Name to further column, `x_<name>` in passes and models; or a "
        "list.",
    )

    @field_validator(
        "keep", mode="before", json_schema_input_type=dict[Name, str] | tuple[str, ...]
    )
    @classmethod
    def _named_as_its_column(cls, value: Any) -> Any:
        """A list keeps each column under its own name."""
        if not isinstance(value, list | tuple) or not all(
            isinstance(column, str) for column in value
        ):
            return value
        columns_by_name: dict[str, str] = {}
        for column in value:
            name = re.sub(r"\W+", "_", column).strip("_").lower()
            if (first := columns_by_name.setdefault(name, column)) != column:
                raise fault(
                    f"'{first}' and '{column}' would both be kept as x_{name}; write "
                    f"{{ name = ... }}"
                )
        return columns_by_name

    @field_validator("keep")
    @classmethod
    def _no_name_of_a_history(cls, value: dict[str, str]) -> dict[str, str]:
        if ends := [
            name for name in value if name.endswith(HISTORY_ENDS) or "-" in name
        ]:
            raise fault(
                f"'{ends[0]}': a name has no hyphen, and does not end in _all, _held, "
                "_first or _last"
            )
        if repeats := [
            column
            for column in value.values()
            if list(value.values()).count(column) > 1
        ]:
            raise fault(f"column '{repeats[0]}' is kept under two names; give one")
        return value


class AttributeTable(Frozen):
    """A table whose rows belong to entities of a source: `[attributes.npd_ks4]`."""

    dataset: str = Field(description="The dataset of the catalogue.")
    table: str = Field(description="The table of the catalogue.")
    source: str = Field(description="The source whose entity key its rows carry.")
    files: Globs = Field(description="File names or patterns, below `run.data`.")
    format: FileFormat = Field(FileFormat(), description="How the files are written.")


class Pass(Frozen):
    """A deterministic rule. Pairs that are unambiguous on both sides are accepted."""

    name: Name = Field(description="Name of the pass.")
    why: str = Field(
        description="Why pairs that meet the rule are links; shown in the report."
    )
    equal: tuple[str, ...] = Field(
        description="Identifiers that agree exactly, at any time either had them."
    )
    agree_any: tuple[str, ...] = Field(
        (), description="One of them agrees too: `surname`, `forename~close`."
    )
    accept: Literal["unique", "all"] = Field(
        "unique", description="`unique`: if no other record meets the rule, or `all`."
    )


class Step(Frozen):
    """One link between two sides, in the order of the file."""

    name: Name = Field(description="Name of the step.")
    left: str = Field(
        description="A source, or `people`: all records that earlier steps have joined."
    )
    right: str = Field(description="The other side: a source, or `people`.")
    cardinality: Cardinality = Field(
        "one-to-one", description="How many links a record of either side may have."
    )
    passes: str | None = Field(
        None, description="Passes (TOML), below configs/ or next to the run's file."
    )
    model: str | None = Field(
        None,
        description="Splink model (JSON), below configs/ or next to the run's file.",
    )
    overrides: str | None = Field(
        None, description="CSV of decisions by reviewers, next to the run's file."
    )
    train: bool = Field(
        True,
        description="Estimate m, u and the prior here; `false` takes the model as it "
        "is.",
    )
    trainer: Literal["leo", "splink"] = Field(
        "leo", description="Our training, or Splink's own (DuckDB only)."
    )
    accept_probability: Probability = Field(
        0.5, description="Match probability, 0 to 1, from which a pair is linked."
    )
    review_probability: Probability = Field(
        0.5, description="The same from which a pair goes to review."
    )
    keep_probability: Probability = Field(
        0.5, description="The same for a pair that was one person before."
    )
    link_draws: int = Field(
        0, ge=0, le=1_000, description="Number of link draws from the posterior."
    )
    most_left: int | None = Field(
        None, ge=1, description="Most left records that are linked to one right record."
    )
    most_right: int | None = Field(
        None, ge=1, description="Most right records that are linked to one left record."
    )
    duplicates: Literal["leave", "join"] = Field(
        "leave", description="`join` links second records of a person too."
    )
    diagnose: bool = Field(
        True,
        description="Find reasons, blocking recall and missed matches; `false` is "
        "faster.",
    )

    @model_validator(mode="after")
    def _fits_its_cardinality(self) -> "Step":
        many_left, many_right = (
            side == "many" for side in self.cardinality.split("-to-")
        )
        faults = [
            f"step '{self.name}': {key} has no meaning where cardinality is "
            f"{self.cardinality}"
            for key, limit, is_many in (
                ("most_left", self.most_left, many_left),
                ("most_right", self.most_right, many_right),
            )
            if limit and not is_many
        ]
        if faults:
            raise ValueError("\n".join(faults))
        return self


class Outputs(Frozen):
    """What a run makes of the links."""

    longitudinal: bool = Field(True, description="Make the longitudinal tables.")
    projects: tuple[str, ...] = Field(
        (),
        description="Approved requests (TOML), in configs/ or next to the run's file.",
    )
    register_file: str | None = Field(
        None,
        description="Register of decisions; else `register.jsonl` by each request.",
    )
    register_hash: Annotated[str, Field(pattern="^[0-9a-f]{12,64}$")] | None = None
    """A published hash, in full or its first 12 digits: the register must hold its
    entry.
    """
    key_file: str | None = Field(
        None, description="Master key, mode 0600; else the variable `LEO_MASTER_KEY`."
    )
    opt_outs: str | None = Field(
        None, description="CSV (source, entity_key) of people who are in no extract."
    )


class Gates(Frozen):
    """What must hold before a run counts as done."""

    min_precision: Probability | None = Field(
        None, description="Fails if a step's 95 % interval lies below it."
    )
    precision_lower_bound: Probability | None = Field(
        None, description="Least lower end of that interval."
    )
    max_unlinked: Probability | None = Field(
        None, description="Largest unlinked share of a step's smaller side."
    )
    max_rate_fall: Probability | None = Field(
        None, description="Largest fall of a group's link rate: 0.02 is 2 points."
    )
    max_count_change: float | None = Field(
        None, ge=0, description="Largest change of a count since the last release."
    )
    max_extract_change: float | None = Field(
        None, ge=0, description="Largest relative change of an extract's figure."
    )
    critical_contracts: bool = Field(
        True, description="A failed critical expectation stops the run."
    )


class Run(Frozen):
    """The engine and its limits."""

    name: Name = Field(description="Name of the run.")
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="Engine of the queries."
    )
    data: str = Field(".", description="Folder of the sources, next to the run's file.")
    truth: str | None = Field(
        None, description="Folder of the truth, where there is one."
    )
    previous: str | None = Field(
        None, description="Folder of the last release's run, whose person ids are kept."
    )
    memory_limit: str | None = None
    """Memory of the engine, for example `"8GB"`; most of the machine by default."""
    threads: int | None = Field(
        None, ge=1, le=MOST_THREADS, description="Processor threads; all by default."
    )
    group: str | None = Field(
        None,
        description="Group that may read what the run writes; else its owner only.",
    )
    seed: int = Field(2026, ge=0, description="Seed of random samples.")
    spine: tuple[str, ...] = Field(
        (), description="Sources of people, even unlinked, in the order of preference."
    )

    @field_validator("memory_limit")
    @classmethod
    def _is_an_amount(cls, value: str | None) -> str | None:
        if value is not None and not _MEMORY.fullmatch(value):
            raise fault('is no amount of memory; write for example "8GB"')
        return value


class RunConfig(Frozen):
    """One run."""

    run: Run = Field(description="The engine and its limits.")
    source: dict[Name, Source] = Field(
        description="Sources of person records, by name."
    )
    attributes: dict[Name, AttributeTable] = Field(
        {}, description="Tables of attributes, by name."
    )
    step: tuple[Step, ...] = Field((), description="Link steps, in order.")
    outputs: Outputs = Field(Outputs(), description="What the run makes of the links.")
    outcomes: str = Field(
        "outcomes/leo.toml",
        description="Outcomes (TOML), in configs/ or next to the run's file.",
    )
    gates: Gates = Field(
        Gates(), description="What must hold before a run counts as done."
    )

    @staticmethod
    def faults_between(raw: dict[str, Any]) -> list[str]:
        """Names that one part of a file gives and another lacks, and thresholds that
        contradict one another.
        """
        sources, steps = _table(raw.get("source")), _tables(raw.get("step"))
        sides = {*sources, "people"}
        faults = []
        for index, step in enumerate(steps):
            place = f"step.{step.get('name', index)}"
            step_sides = {
                side: step[side]
                for side in ("left", "right")
                if isinstance(step.get(side), str)
            }
            faults += [
                f"{place}.{side}: no source '{name}'; there are "
                f"{', '.join(sorted(sides))}"
                for side, name in step_sides.items()
                if name not in sides
            ]
            if index == 0 and "people" in step_sides.values():
                faults.append(
                    f"{place}: the first step has no people yet; name two sources"
                )
            faults += _meets_itself(place, step_sides, steps[:index]) + _thresholds(
                place, step
            )
        names = [str(step["name"]) for step in steps if "name" in step]
        faults += [
            f"step: two steps are named '{n}'"
            for n in sorted({n for n in names if names.count(n) > 1})
        ]
        for name, table in _table(raw.get("attributes")).items():
            source = _table(table).get("source")
            if isinstance(source, str) and source not in sources:
                faults.append(
                    f"attributes.{name}.source: no source '{source}'; there are "
                    f"{', '.join(sorted(sources))}"
                )
        for name, source in sources.items():
            faults += [
                f"source.{name}.columns: '{role}' is no role; there are "
                f"{', '.join(ROLES)}"
                for role in _table(_table(source).get("columns"))
                if role not in ROLES
            ]
        return faults

    def tables(self) -> dict[str, Source | AttributeTable]:
        """Sources and tables of attributes by their keys in the file: source.npd,
        attributes.npd_ks4.
        """
        sources: dict[str, Source | AttributeTable] = {
            f"source.{name}": one for name, one in self.source.items()
        }
        return sources | {
            f"attributes.{name}": one for name, one in self.attributes.items()
        }

    def kept_columns(self) -> tuple[str, ...]:
        """The columns x_<name> that any of the sources keeps, by name."""
        return tuple(
            sorted(
                {f"x_{name}" for source in self.source.values() for name in source.keep}
            )
        )

    def fingerprint(self) -> str:
        """A hash of everything the file says."""
        return hashlib.sha256(
            json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()
        ).hexdigest()[:16]


def _meets_itself(
    place: str, step_sides: dict[str, str], earlier_steps: list[dict[str, Any]]
) -> list[str]:
    """A step whose two sides hold the same records would link each with itself, and be
    right in all of them.
    """
    sides = list(step_sides.values())
    if len(sides) == 2 and sides[0] == sides[1]:
        return [
            f"{place}: left and right are both '{sides[0]}': every record would be "
            "linked with itself"
        ]
    if "people" not in sides:
        return []
    step_sources = {
        str(step.get("name")): {step.get("left"), step.get("right")}
        for step in earlier_steps
    }
    return [
        f"{place}.{side}: people hold '{name}' since step '{earlier}': every record "
        "would be linked with itself"
        for side, name in step_sides.items()
        for earlier in [
            next(
                (
                    step
                    for step, joined_sources in step_sources.items()
                    if name in joined_sources
                ),
                None,
            )
        ]
        if name != "people" and earlier is not None
    ]


def _thresholds(place: str, step: dict[str, Any]) -> list[str]:
    """Thresholds of a step of which one would have no effect, as they are written:
    defaults give way.
    """
    accept = step.get(
        "accept_probability", Step.model_fields["accept_probability"].default
    )
    return [
        f"{place}: {lower} = {step[lower]} lies above accept_probability = {accept}, "
        "from which a pair is linked; "
        f"lower it, take it out, or raise accept_probability"
        for lower in ("review_probability", "keep_probability")
        if _is_number(accept) and _is_number(step.get(lower)) and step[lower] > accept
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _table(value: Any) -> dict[str, Any]:
    """A TOML table, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[dict[str, Any]]:
    """Several TOML tables, or none where something else stands."""
    return [_table(one) for one in value] if isinstance(value, list | tuple) else []


def of_manifest(manifest: Path, configuration: dict[str, Any]) -> RunConfig:
    """The configuration that a run's manifest holds, with all its defaults: these give
    way, as where none is written.

    Raises:
        ConfigError: it is none that could be run, as one that an earlier version let
            pass.
    """
    defaults = {name: field.default for name, field in Step.model_fields.items()}
    steps = [
        {
            key: value
            for key, value in step.items()
            if key not in defaults or value != defaults[key]
        }
        for step in configuration["step"]
    ]
    try:
        return check(RunConfig, {**configuration, "step": steps}, str(manifest))
    except ConfigError as error:
        raise ConfigError(
            f"{error}\n  put the run's file right, and give the same leo run again"
        ) from None


def extended(path: Path, raw: dict[str, Any]) -> dict[str, Any]:
    """A run's file on top of the one that its `extends` names: next to it, or shipped
    below configs/.

    Tables are merged key by key, and steps by their names; any other value replaces
    that of the file below.

    Raises:
        ConfigError: there is no such file, or it extends another in turn.
    """
    name = raw.pop("extends", None)
    if name is None:
        return raw
    if not isinstance(name, str):
        raise ConfigError(
            f'{path}: extends: names no file\n  write for example extends = "leo.toml"'
        )
    base_file = (
        path.parent / name if (path.parent / name).is_file() else config_file(name)
    )
    base = read_toml(
        base_file,
        f"{path} extends it: name a run's file next to it, or one that is shipped",
    )
    if "extends" in base:
        raise ConfigError(
            f"{path}: extends {name}, which extends another file\n  extend that one"
        )
    return _merged(base, raw)


def _merged(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """A table with the values of another on top."""
    result = dict(base)
    for key, value in overlay.items():
        base_value = base.get(key)
        if isinstance(value, dict) and isinstance(base_value, dict):
            result[key] = _merged(base_value, value)
        elif key == "step" and isinstance(value, list) and isinstance(base_value, list):
            names = [_table(step).get("name") for step in base_value]
            changes = {_table(step).get("name"): _table(step) for step in value}
            result[key] = [
                _merged(_table(step), changes.get(_table(step).get("name"), {}))
                for step in base_value
            ]
            result[key] += [
                step for step in value if _table(step).get("name") not in names
            ]
        else:
            result[key] = value
    return result


def assign(raw: dict[str, Any], setting: str) -> None:
    """Give one key another value. A table among several is found by its name:
    step.NAME.KEY.

    Args:
        setting: KEY=VALUE, with points between the parts of KEY and VALUE as in TOML; a
            text needs no quotes.

    Raises:
        ConfigError: it names a table that is not there. What is wrong with key or value
            is a fault of the file.
    """
    key, equals, text = (part.strip() for part in setting.partition("="))
    *tables, last = key.split(".")
    part: Any = raw
    for place, name in enumerate(tables):
        entries = (
            {str(_table(one).get("name")): one for one in part}
            if isinstance(part, list)
            else part
        )
        if (
            place == 1
            and name not in entries
            and tables[0] in ("source", "attributes", "step")
        ):
            raise ConfigError(
                f"--set {key}: no such {tables[0]}{hint(name, entries)}\n  name one "
                "that the file has"
            )
        part = entries.setdefault(name, {})
        if not isinstance(part, dict | list):
            break
    if not equals or not isinstance(part, dict):
        raise ConfigError(
            f"--set {key}: is not a key and its value\n  write KEY=VALUE, for example "
            "run.threads=4"
        )
    try:
        part[last] = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        part[last] = text


def load(path: Path, settings: Sequence[str] = (), **overrides: Any) -> RunConfig:
    """Read and check a run's file.

    Args:
        settings: keys with the values that replace the file's,
            "step.education-cis.accept_probability=0.9" for example.
        overrides: keys of [run], for example data or engine.

    Raises:
        ConfigError: no such file, no TOML, or faults: all of them, each with its path
            and what is allowed.
    """
    raw = extended(
        path,
        read_toml(
            path, "give the path of a run's TOML file, for example configs/demo.toml"
        ),
    )
    if isinstance(
        run := raw.setdefault("run", {}), dict
    ):  # what else it may be is one of the faults
        run.update(
            {key: value for key, value in overrides.items() if value is not None}
        )
    for setting in settings:
        assign(raw, setting)
    return check(RunConfig, raw, str(path))
