"""A run's configuration with everything that it names, found and checked before any
work.
"""

import contextlib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from linkage import config as configuration
from linkage.catalogue import Catalogue, shipped
from linkage.config import Pass, RunConfig
from linkage.config.identifiers import IDENTIFIERS
from linkage.config.resources import config_file, config_files, shipped_dir
from linkage.engine import connect
from linkage.errors import ConfigError, GateError, InputError, LeoError
from linkage.match import overrides as decision_files
from linkage.match import passes as pass_files
from linkage.match.units import DERIVED, no_units
from linkage.model import Model
from linkage.model import load as load_model
from linkage.model.engine_check import check_runs
from linkage.model.model_files import trained_on
from linkage.pipeline.folder import MANIFEST, STAGES, RunFolder, read_manifest
from linkage.pipeline.truth import NAMES, true_entities_file
from linkage.records.dates import check_format
from linkage.records.layout import check_headers
from linkage.records.rules import identifier_rules, name_rules
from linkage.records.source_files import find
from linkage.spine.conflicts import shipped as conflict_rules
from quality.measures.evaluated import evaluation_of

if TYPE_CHECKING:
    # A run without projects and longitudinal tables does without these packages.
    from linkage.extract import MasterKey, Project
    from linkage.longitudinal import OutcomeDefinitions


@dataclass(frozen=True)
class PreviousRun:
    """What a run needs to know of the release before it.

    Attributes:
        spine: its table of people.
        fingerprint: an order-free hash of that table.
        last_person_id: the greatest id ever given.
        evaluation: what was counted of it, where it was evaluated.
        extracts: project to the folder of its extract.
    """

    spine: Path
    fingerprint: str
    last_person_id: int
    evaluation: Path | None = None
    extracts: Mapping[str, Path] = field(default_factory=dict)


def previous_run(folder: Path, where: str) -> PreviousRun:
    """The spine of a run's folder.

    Raises:
        ConfigError: there is no run, or none that holds a whole spine.
        InputError: another version wrote it, or its evaluation is damaged.
    """
    if not (folder / MANIFEST).is_file():
        raise ConfigError(
            f"{where}: {folder} is not a run folder\n  for a first release, leave it "
            "out"
        )
    read_manifest(folder)
    if not (folder / STAGES).is_dir():  # leo link and leo dedupe leave a manifest too
        raise ConfigError(
            f"{where}: {folder} is not a folder of leo run, and has no ids of people\n "
            " give the folder of the last "
            "release, as leo run wrote it"
        )
    run = RunFolder(folder)
    summary = run.summary("spine")
    if summary is None or run.missing("spine", summary):
        raise ConfigError(
            f"{where}: {folder} holds no whole spine\n  finish that run first, with "
            "the same command"
        )
    evaluation = folder / "quality" / "evaluation.json"
    if evaluation.is_file():
        evaluation_of(evaluation)  # now, and not when all has been linked
    return PreviousRun(
        spine=run.path("spine", "spine"),
        fingerprint=summary["made"]["spine"]["fingerprint"],
        last_person_id=int(summary["counts"]["last_person_id"]),
        extracts={
            path.parent.name: path.parent
            for path in sorted(folder.glob("extracts/*/SHA256SUMS"))
        },
        evaluation=evaluation if evaluation.is_file() else None,
    )


@dataclass(frozen=True)
class Job:
    """What a run works on.

    Attributes:
        path: the run's file.
        data: folder of the sources.
        truth: folder of the truth, where there is one.
        files: "source.npd" or "attributes.npd_ks4" to its input files.
        named: files that the run's file names, by the name it gives them: passes,
            models, outcomes, projects.
        passes: step to its deterministic passes.
        models: step to its model.
        trained_on: step to how many records of its sides its model was trained on,
            where that is recorded and it stays as it is.
        projects: id to approved project.
        key: the master key, where a project needs one.
        previous: the release before this one, where there is one.
        opt_outs: the list of the people who may be in no extract, where there is one.
        overrides: step to what people have decided.
    """

    path: Path
    config: RunConfig
    catalogue: Catalogue
    data: Path
    truth: Path | None = None
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    named: Mapping[str, Path] = field(default_factory=dict)
    passes: Mapping[str, tuple[Pass, ...]] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    trained_on: Mapping[str, tuple[int, ...] | None] = field(default_factory=dict)
    outcomes: "OutcomeDefinitions | None" = None
    projects: "Mapping[str, Project]" = field(default_factory=dict)
    key: "MasterKey | None" = field(default=None, repr=False)
    previous: PreviousRun | None = None
    opt_outs: Path | None = None
    overrides: Mapping[str, pa.Table] = field(default_factory=dict, repr=False)

    def sources_of(self, dataset: str) -> list[str]:
        """The sources of a dataset: a body may deliver it in several, each with keys of
        its own.
        """
        return [
            name
            for name, source in self.config.source.items()
            if source.dataset == dataset
        ]

    def attributes(self) -> dict[str, str]:
        """The name of each table of attributes, and its artefact."""
        names = [
            f"{table.dataset}_{table.table}"
            for table in self.config.attributes.values()
        ]
        return {name: f"attributes/{name}" for name in names}

    def own_models(self) -> dict[str, str]:
        """Step to the name of its model, of models that do not ship: those that do run
        on every engine.
        """
        models = {step.name: step.model for step in self.config.step if step.model}
        return {
            step: model
            for step, model in models.items()
            if not self.named[model].is_relative_to(shipped_dir())
        }

    def relative(self, path: Path) -> str:
        """A data file's path as manifests and fingerprints name it."""
        return (
            path.relative_to(self.data).as_posix()
            if path.is_relative_to(self.data)
            else path.as_posix()
        )


class _Faults:
    """Errors of many checks, to be raised together."""

    def __init__(self) -> None:
        self._found: list[LeoError] = []

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Let a check fail without ending the others."""
        try:
            yield
        except LeoError as error:
            self._found.append(error)

    def add(self, message: str) -> None:
        self._found.append(ConfigError(message))

    def raise_all(self, path: Path) -> None:
        """One error with every message: of the configuration if any is, else of a gate,
        else of the input files.
        """
        messages = list(dict.fromkeys(str(error) for error in self._found))
        if not messages:
            return
        kinds = (ConfigError, GateError, InputError)
        kind = next(
            (
                kind
                for kind in kinds
                if any(isinstance(error, kind) for error in self._found)
            ),
            InputError,
        )
        count = f"{len(messages)} fault{'s' if len(messages) != 1 else ''}"
        raise kind(f"{path}: {count}\n" + textwrap.indent("\n".join(messages), "  "))


def load_job(
    path: Path,
    *,
    data: Path | None = None,
    engine: str | None = None,
    key_file: Path | None = None,
    previous: Path | None = None,
    need_data: bool = True,
    need_key: bool = True,
    settings: Sequence[str] = (),
) -> Job:
    """Read a run's file and all that it names.

    Args:
        path: the run's TOML file, or the name of one that is shipped ("demo.toml").
        data: folder of the sources, instead of [run] data.
        engine: instead of [run] engine.
        key_file: the master key, instead of [outputs] key_file.
        previous: the last release's run, instead of [run] previous.
        need_data: look for the input files.
        need_key: read the master key where a project needs one or one is named.
        settings: keys of the run's file with the values that replace them,
            "run.threads=4" for example.

    Raises:
        ConfigError: faults of the file and of what it names, all at once.
        InputError: input files are missing and nothing else is wrong.
    """
    path = (
        path
        if path.exists() or not config_file(str(path)).is_file()
        else config_file(str(path))
    )
    config = configuration.load(path, settings, engine=engine)
    faults = _Faults()
    folder = data if data is not None else path.parent / config.run.data
    job: dict[str, Any] = {
        "path": path,
        "config": config,
        "catalogue": shipped(),
        "data": folder,
    }
    if need_data:
        job |= _input_files(config, folder, faults)
    _check_tables(config, job["catalogue"], faults)
    job |= _linking(config, path, faults)
    job |= _outputs(config, path, job["catalogue"], faults)
    last_release = previous or (
        path.parent / config.run.previous if config.run.previous else None
    )
    if last_release and need_data:
        with faults.collected():
            job["previous"] = previous_run(
                last_release, "--previous" if previous else "run.previous"
            )
    if need_key and (config.outputs.projects or key_file or config.outputs.key_file):
        # a key that is named is read though no project needs it: a wrong name is
        # reported now
        from linkage.extract import master_key

        with faults.collected():
            if key_file is None and config.outputs.key_file:
                key_file = path.parent / at_home(
                    config.outputs.key_file, "outputs.key_file"
                )
            job["key"] = master_key(key_file)
    if config.outputs.opt_outs and need_data:
        from linkage.extract import check_sources, read_opt_outs

        with faults.collected():
            job["opt_outs"] = path.parent / config.outputs.opt_outs
            check_sources(
                read_opt_outs(job["opt_outs"]), job["catalogue"], config.source
            )
    faults.raise_all(path)
    return Job(**job)


def check_job(job: Job, *, damaged: bool = False) -> None:
    """Refuse a run that links nothing, projects that ask for what they may not have,
    files without a column, and models that ask for what DuckDB cannot run (Spark is
    asked at the step: a session is dear).

    Checked again at every run, before any work.

    Args:
        damaged: refuse input files that cannot be read as well. A run tells of them at
            their stage, after all that was quarantined before it.

    Raises:
        ConfigError: no step, and the faults of every project and model.
        InputError: a file lacks a column that it must have, and nothing else is wrong.
    """
    faults, config = _Faults(), job.config
    if not config.step:
        faults.add(
            "step: the run's file has no [[step]], so that nothing is linked\n"
            "  add one: left and right name two sources, model the file of a model"
        )
    if config.run.engine == "duckdb" and (own := job.own_models()):
        with connect("duckdb", within=()) as engine:
            for name, step in {
                name: step for step, name in reversed(own.items())
            }.items():  # each once, by its first
                empty = no_units(engine, job.models[step].columns)
                with faults.collected():
                    check_runs(
                        engine, job.models[step], empty, empty, f"step '{step}': {name}"
                    )
    if job.projects:
        from linkage.extract import check_project

        for project in job.projects.values():
            with faults.collected():
                check_project(project, job.catalogue)
    for place, spec in config.tables().items():
        with faults.collected():
            check_headers(
                job.catalogue,
                place,
                spec,
                job.files.get(place, ()),
                job.data,
                damaged=damaged,
            )
    faults.raise_all(job.path)


def _input_files(config: RunConfig, data: Path, faults: _Faults) -> dict[str, Any]:
    if not data.is_dir():
        raise InputError(
            f"{data}: no such folder\n  give the folder of the sources with --data, or "
            "in [run] data"
        )
    files: dict[str, tuple[Path, ...]] = {}
    for place, spec in config.tables().items():
        with faults.collected():
            files[place] = tuple(find(place, spec.files, data))
    truth = _truth_folder(data, config.run.truth) if config.run.truth else None
    if truth and not true_entities_file(truth):
        faults.add(
            f"run.truth: {truth} holds no {' or '.join(NAMES)}\n  where there is no "
            "truth, take the line out"
        )
    return {"files": files, "truth": truth}


def _truth_folder(data: Path, name: str) -> Path:
    """Where the truth is: below the data, or next to it where several releases share
    it.
    """
    parent = data.parent / name
    return parent if parent.is_dir() and not (data / name).exists() else data / name


def _check_tables(config: RunConfig, catalogue: Catalogue, faults: _Faults) -> None:
    """Datasets and tables exist, no table of attributes is read twice, and rules of
    one's own say what is asked.
    """
    for rules in (name_rules, identifier_rules):
        with faults.collected():
            rules()
    for place, spec in config.tables().items():
        try:
            catalogue.table(spec.dataset, spec.table)
        except ConfigError as error:  # the catalogue does not know who asks
            faults.add(f"{place}: {error}")
        try:
            check_format(spec.format.date_format)
        except ConfigError as error:
            faults.add(f"{place}.format.date_format: {error}")
    tables = [f"{table.dataset}.{table.table}" for table in config.attributes.values()]
    for table in sorted({table for table in tables if tables.count(table) > 1}):
        faults.add(f"attributes: two read {table}\n  give one of them all the files")
    for name in config.run.spine:
        if name not in config.source:
            faults.add(
                f"run.spine: no source '{name}'; there are "
                f"{', '.join(sorted(config.source))}"
            )


def _linking(config: RunConfig, path: Path, faults: _Faults) -> dict[str, Any]:
    files: dict[str, Path] = {}
    passes: dict[str, tuple[Pass, ...]] = {}
    decisions: dict[str, pa.Table] = {}
    models: dict[str, Model] = {}
    sizes: dict[str, tuple[int, ...] | None] = {}
    for step in config.step:
        place = f"step.{step.name}"
        passes[step.name] = ()
        if step.passes:
            with faults.collected():
                files[step.passes] = resolve(step.passes, path, f"{place}.passes")
                passes[step.name] = pass_files.load(files[step.passes])
                pass_files.check_fields(
                    passes[step.name], compared_columns(config), f"{place}.passes"
                )
        if step.overrides:
            with faults.collected():
                files[step.overrides] = resolve(
                    step.overrides, path, f"{place}.overrides"
                )
                decisions[step.name] = decision_files.load(
                    files[step.overrides], config.source
                )
        if step.link_draws and step.left in [
            name for name, source in config.source.items() if source.dataset == "cis"
        ]:
            faults.add(
                f"{place}.link_draws: tax records stand on the left, and link sets "
                "tell whose those of the right are\n"
                f'  turn the sides: left = "{step.right}", right = "{step.left}"'
            )
        if step.model is None:
            faults.add(
                f"{place}.model: none is given\n  name a Splink model, for example "
                "models/cis.json"
            )
            continue
        with faults.collected():
            files[step.model] = resolve(step.model, path, f"{place}.model")
            models[step.name] = load_model(files[step.model])
            models[step.name].check_columns(unit_columns(config), f"{place}.model")
            if not step.train and not models[step.name].is_trained:
                raise ConfigError(
                    f"{place}.model: {step.model} has levels without m or u, and train "
                    "= false\n"
                    "  train it first, or take train = false out"
                )
            sizes[step.name] = None if step.train else trained_on(files[step.model])
    return {
        "named": files,
        "passes": passes,
        "models": models,
        "trained_on": sizes,
        "overrides": decisions,
    }


def compared_columns(config: RunConfig) -> tuple[str, ...]:
    """What a pass may name: identifiers, and the columns that a source keeps."""
    return (*IDENTIFIERS, *config.kept_columns())


def unit_columns(config: RunConfig) -> tuple[str, ...]:
    """What a model may name: what a pass may, and what is derived from it, each also
    with its whole history.
    """
    columns = compared_columns(config)
    names = (*columns, *DERIVED)
    return (
        *names,
        *(f"{name}_all" for name in names),
        *(f"{name}_held" for name in columns if name != "dob"),
    )


def _outputs(
    config: RunConfig, path: Path, catalogue: Catalogue, faults: _Faults
) -> dict[str, Any]:
    outputs: dict[str, Any] = {"projects": {}}
    if config.outputs.longitudinal:
        from linkage.longitudinal import load_definitions

        with faults.collected():
            outputs["outcomes"] = load_definitions(
                resolve(config.outcomes, path, "outcomes"), catalogue
            )
    register = None
    if config.outputs.register_file:
        with faults.collected():
            register = resolve(
                config.outputs.register_file, path, "outputs.register_file"
            )
    for name in config.outputs.projects:
        from linkage.requests.approved import approved_project

        with faults.collected():
            project = approved_project(
                resolve(name, path, "outputs.projects"),
                catalogue,
                register=register,
                published=config.outputs.register_hash,
            )
            if project.id in outputs["projects"]:
                faults.add(f"outputs.projects: two have the id '{project.id}'")
            outputs["projects"][project.id] = project
    return outputs


def at_home(name: str, where: str) -> Path:
    """A path as a user writes it, with ~ for the home folder.

    Raises:
        ConfigError: this user has none, as in a container that runs under a number.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise ConfigError(
            f"{where}: '{name}': this user has no home folder\n  write the whole path"
        ) from None


def resolve(name: str, run_file: Path, where: str) -> Path:
    """A file that a run's file names: next to the run's file, else among the shipped
    configurations.

    Raises:
        ConfigError: it is in neither place.
    """
    is_shipped = (
        run_file.parent.resolve() == shipped_dir().resolve()
    )  # its neighbours are not put before a user's own
    for place in (
        (config_file(name),)
        if is_shipped
        else (run_file.parent / name, config_file(name))
    ):
        if place.is_file():
            return place
    raise ConfigError(
        f"{where}: no file '{name}'\n  it is looked for in {run_file.parent} and among "
        "the shipped configurations "
        f"({shipped_dir()})"
    )


def shipped_files(*patterns: str) -> dict[str, Path]:
    """Definitions that a module reads by itself, by the names that go into a
    fingerprint.
    """
    return {f"configs/{name}": path for name, path in config_files(*patterns).items()}


def remarks(job: Job) -> list[str]:
    """A line each: sources that no step links, and numbers of persons that no rule of
    conflicts knows.
    """
    config = job.config
    sides = {side for step in config.step for side in (step.left, step.right)}
    unlinked_sources = [
        source for source in config.source if config.step and source not in sides
    ]
    return [
        *(
            f"source.{name}: no step links it with anything"
            for name in unlinked_sources
        ),
        *_unknown_numbers(job),
    ]


def _unknown_numbers(job: Job) -> list[str]:
    """Numbers that a source keeps under names that the rules do not say are one
    person's alone.
    """
    known = {name for rule in conflict_rules() for name in rule.unless_equal}
    names = ", ".join(
        sorted(name.removeprefix("x_") for name in known if name.startswith("x_"))
    )
    return [
        f"source.{source}.keep: {name} is a person's number, and no rule of conflicts "
        "knows it\n"
        f"  people who share it may be split all the same; call it one of {names}, or "
        f"name x_{name} in a copy of "
        "resolution/people.toml (leo config copy)"
        for source, spec in job.config.source.items()
        for name, column in spec.keep.items()
        for variable in job.catalogue.table(spec.dataset, spec.table).variable
        if variable.name == column
        and variable.format == "number"
        and f"x_{name}" not in known
    ]
