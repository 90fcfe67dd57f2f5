"""The run of one or two ordinary person files: what `leo link` and `leo dedupe` write,
and what `leo run` runs again.

A source of such a run has no entry in the catalogue. The run's file itself states what
its columns are and how their values are read.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from linkage.config.run import Cardinality, Probability, Run, assign
from linkage.config.toml_file import Frozen, check, read_toml
from linkage.errors import ConfigError

FILE = "file"
"""The source of a run that finds the duplicates of one file."""


class FileSource(Frozen):
    """A person file, its columns and how their values are read."""

    file: str = Field(
        description="The file, next to the run's file or as a whole path."
    )
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="Between columns of text."
    )
    encoding: str | None = Field(None, description="Of text, by its name in Python.")
    id: str = Field("", description="Column of ids; empty to number the rows.")
    fields: tuple[str, ...] = Field((), description="What is compared, in this order.")
    columns: dict[str, tuple[str, ...]] = Field(
        {}, description="Field to the columns that hold it."
    )
    settings: dict[str, dict[str, Any]] = Field(
        {}, description="Field to how its values are read."
    )
    evidence: dict[str, str] = Field(
        {}, description="Field to how its column was found: header, content or option."
    )


class FileStep(Frozen):
    """The link step of a run of files. `inferred` is decided by the records."""

    name: Literal["link", "dedupe"] = Field(description="Name of the step.")
    left: str = Field(description="The left file's source.")
    right: str = Field(description="The right one's; of one file, the same.")
    cardinality: Cardinality | Literal["inferred"] = Field(
        "inferred", description="How many links a record of either side may have."
    )
    duplicates: Literal["leave", "join", "inferred"] = Field(
        "inferred", description="`join` links second records of a person too."
    )
    model: str | None = Field(
        None,
        description="Splink model (JSON), next to the run's file; without one, a model "
        "of the fields is trained on the files.",
    )
    without: tuple[str, ...] = Field(
        (), description="Columns of that model that the files lack."
    )
    accept_probability: Probability = Field(
        0.5, description="Match probability, 0 to 1, from which a pair is linked."
    )
    link_draws: int = Field(0, ge=0, le=1_000, description="Number of link draws.")
    diagnose: bool = Field(
        True, description="Find reasons and estimates, and report; `false` is faster."
    )


class FileRun(Frozen):
    """One or two person files and the step that links them."""

    run: Run = Field(description="The engine and its limits.")
    source: dict[str, FileSource] = Field(
        description="The files: left and right, or file."
    )
    step: tuple[FileStep, ...] = Field(description="The one link step.")

    @property
    def link(self) -> FileStep:
        """The one link step."""
        return self.step[0]

    @property
    def of_one_file(self) -> bool:
        """Whether the duplicates of one file are found."""
        return FILE in self.source

    @staticmethod
    def faults_between(raw: dict[str, Any]) -> list[str]:
        """Sources and sides that do not belong together."""
        steps, sources = raw.get("step"), raw.get("source")
        if not isinstance(steps, list) or not isinstance(sources, dict):
            return []
        if len(steps) != 1:
            return ["step: a run of files has one [[step]]"]
        if {*sources} not in ({"left", "right"}, {FILE}):
            return ["source: a run of files has left and right, or file"]
        sides = {steps[0].get("left"), steps[0].get("right")}
        return [] if sides == {*sources} else ["step: left and right name the sources"]

    def fingerprint(self) -> str:
        """A hash of everything the file says."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_file_run(configuration: Mapping[str, Any]) -> bool:
    """Whether the configuration of a run names files without a catalogue."""
    sources = configuration.get("source")
    if not isinstance(sources, Mapping):
        return False
    return any(isinstance(one, Mapping) and "file" in one for one in sources.values())


def load_file_run(path: Path, settings: Sequence[str] = ()) -> FileRun:
    """A run's file, with paths of files as seen from this process.

    Args:
        settings: KEY=VALUE, which replace the file's.

    Raises:
        ConfigError: no such file, no TOML, or faults: all of them.
    """
    raw = read_toml(path, "give the run.toml of an output folder")
    for setting in settings:
        assign(raw, setting)
    config = check(FileRun, raw, str(path))
    sources = {
        side: source.model_copy(update={"file": _seen_from_here(source.file, path)})
        for side, source in config.source.items()
    }
    link = config.link
    if link.model:
        link = link.model_copy(update={"model": _seen_from_here(link.model, path)})
    return config.model_copy(update={"source": sources, "step": (link,)})


def _seen_from_here(file: str, run_file: Path) -> str:
    return os.path.normpath((run_file.parent / file).absolute())


def file_run_text(run: FileRun, folder: Path) -> str:
    """A run as TOML, its files as seen from the folder that it is written to."""
    stated = run.model_dump(mode="json", exclude_defaults=True)
    lines = [
        "# Run it again: leo run THIS_FILE --out FOLDER. Change what it says, to link",
        "# other columns or with other thresholds.",
    ]
    lines += _table("run", stated["run"])
    for side, source in stated["source"].items():
        nested = {key: source.pop(key, {}) for key in ("columns", "settings")}
        evidence = source.pop("evidence", {})
        source["file"] = _seen_from(folder, source["file"])
        lines += _table(f"source.{side}", source)
        lines += _table(f"source.{side}.columns", nested["columns"])
        for field, settings in nested["settings"].items():
            lines += _table(f"source.{side}.settings.{toml_key(field)}", settings)
        lines += _table(f"source.{side}.evidence", evidence)
    step = stated["step"][0]
    if "model" in step:
        step["model"] = _seen_from(folder, step["model"])
    lines += ["", "[[step]]", *_keys(step)]
    return "\n".join(lines) + "\n"


def _seen_from(folder: Path, file: str) -> str:
    return Path(os.path.relpath(Path(file).absolute(), folder.absolute())).as_posix()


def _table(name: str, table: Mapping[str, Any]) -> list[str]:
    return ["", f"[{name}]", *_keys(table)]


def _keys(table: Mapping[str, Any]) -> list[str]:
    return [f"{toml_key(key)} = {toml_value(value)}" for key, value in table.items()]


def toml_key(name: str) -> str:
    """A key of TOML, in quotes where it needs them."""
    return name if name.isascii() and name.isidentifier() else json.dumps(name)


def toml_value(value: object) -> str:
    """A text, number, list or table as TOML."""
    if isinstance(value, Mapping):
        quoted = {json.dumps(key): item for key, item in value.items()}
        return toml_table(quoted)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    # JSON leaves the sign of deletion as it is, which TOML refuses.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_table(table: Mapping[str, object]) -> str:
    """A table of TOML in one line, by keys that are written as they are."""
    pairs = (f"{key} = {toml_value(value)}" for key, value in table.items())
    return "{ " + ", ".join(pairs) + " }"


def file_run_of(manifest_path: Path, configuration: dict[str, Any]) -> FileRun:
    """The run of files that a manifest holds.

    Raises:
        ConfigError: it is none that could be run.
    """
    try:
        return check(FileRun, configuration, str(manifest_path))
    except ConfigError:
        raise ConfigError(
            f"{manifest_path}: is damaged, or of an earlier version\n"
            "  link again, with --force"
        ) from None
