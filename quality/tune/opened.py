"""What is tuned, opened: a step of a folder of `leo run`, or what `leo link` or `leo dedupe` linked."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.engine import Engine
from linkage.errors import ConfigError
from linkage.match.thresholds import probability_of
from quality.explain.files import OpenFiles, open_if_files
from quality.explain.opening import OpenRun, OpenStep, links_made
from quality.tune.app import Settings, Use
from quality.tune.evidence import Evidence
from quality.tune.groups import Groups, groups_of

_ROUNDING = 1e-6  # bits


@dataclass(frozen=True)
class Tuned:
    """A step to be tuned.

    Attributes:
        left, right: what the two sides are called; the same where a file was linked with itself.
        shown: what is shown of a record.
        model: the file of the step's model.
        trained: what that was trained on, where it was written down.
        groups: subgroups that pairs fall into.
        names_units: what somebody calls a record by: "number" (of a run; or SOURCE:KEY) or "id".
        unit: side and what somebody calls a record of it to its unit; None where it has none of that name, or a
            ConfigError that says why.
        id_of: side and unit to the id in its file; None where records are called by their numbers.
        use: how a saved model is linked by: of its file, and of settings before and after.
        links: what its manifest said of the links that are tuned.
    """

    run: str
    step: OpenStep
    left: str
    right: str
    shown: Sequence[str]
    model: Path
    trained: Mapping[str, Any]
    groups: Callable[[Evidence], Groups]
    names_units: str
    unit: Callable[[str, str], int | None]
    id_of: Callable[[str, int], str | None]
    use: Callable[[Path, Settings, Settings], Use]
    links: Mapping[str, Any]


def open_to_tune(
    engine: Engine, root: Path, step: str | None, files: Sequence[Path], say: Callable[[str], None]
) -> Tuned:
    """A step of links that were made: the one named, or the only one.

    Args:
        files: what `leo link` or `leo dedupe` linked, where it has moved.
        say: told what takes time.

    Raises:
        ConfigError: the folder is no run's, has several steps and none is named, or none of that name; it does not say
            how its files were read.
        InputError: a file is not there any more, or is another.
    """
    if linked := open_if_files(engine, root, files, say=say):
        return _of_files(root, linked, engine, step)
    run = OpenRun(engine, root)
    if step is None and len(run.steps) != 1:
        raise ConfigError(f"{root}: which step?\n  give --step with one of {', '.join(run.steps) or 'its steps: none'}")
    name = str(run.named_step(step or next(iter(run.steps))).name)
    opened = run.open(name)

    def unit(side: str, named: str) -> int | None:
        return _unit_of_key(run, opened, side, named) if ":" in named else _unit_of_number(opened, side, named)

    return Tuned(
        run=run.name,
        step=opened,
        left=opened.sides["left"].name,
        right=opened.sides["right"].name,
        shown=run.compared(),
        model=root / "models" / f"{name}.json",
        trained=run.trained(name),
        groups=lambda evidence: groups_of(engine, run, opened, evidence),
        names_units="number",
        unit=unit,
        id_of=lambda *_: None,
        use=lambda path, before, after: _use_in_step(path, before, after, opened.thresholds.gain),
        links=links_made(run.manifest),
    )


def _unit_of_number(opened: OpenStep, side: str, number: str) -> int | None:
    if not (number.isascii() and number.isdigit() and len(number) <= 15):
        return None
    return int(number) if opened.sides[side].members([int(number)]) else None


def _unit_of_key(run: OpenRun, opened: OpenStep, side: str, key: str) -> int:
    """By SOURCE:KEY, as `leo explain` has it."""
    entity = run.named_entity(key, f"On the {side}")
    unit = opened.sides[side].unit_of(entity)
    if unit is None:
        left, right = (opened.sides[each].name for each in ("left", "right"))
        raise ConfigError(
            f"On the {side}: step '{opened.step.name}' does not have {run.source_of(entity)} there\n"
            f"  it sets {left} against {right}"
        )
    return unit


def _of_files(root: Path, opened: OpenFiles, engine: Engine, step: str | None) -> Tuned:
    opened.see_that_it_is(step)
    left, right = opened.called

    def unit(side: str, key: str) -> int | None:
        try:
            return opened.unit(engine, side, key, side)
        except ConfigError:
            return None

    return Tuned(
        run=opened.name,
        step=opened.step,
        left=left,
        right=right,
        shown=opened.fields,
        model=root / "model.json",
        trained=opened.manifest["counts"].get("training") or {},
        groups=lambda _: {},
        names_units="id",
        unit=unit,
        id_of=lambda side, number: opened.id_of(engine, side, [number])[number],
        use=lambda path, before, after: command_for(path, opened.manifest["request"], opened.step, before, after),
        links=links_made(opened.manifest),
    )


def command_for(path: Path, request: Mapping[str, Any], step: OpenStep, before: Settings, after: Settings) -> Use:
    """The command that links the files by a model and thresholds that were chosen.

    Args:
        request: of the folder's manifest: files and threshold.
    """
    verb = "leo dedupe" if step.of_one_file else "leo link"
    threshold = request["threshold"]
    if after.accept != before.accept:  # of a probability these verbs take off what the cardinality adds
        threshold = 1 / (1 + 2.0 ** -(after.accept + step.thresholds.gain))
    words = [*verb.split(), *request["files"].values(), "--model", str(path), "--threshold", repr(threshold)]
    at_half = min(after.accept, -step.thresholds.gain)
    notes = ["Give with it what the first one was given besides: --map, --delimiter, --id and the like."]
    if abs(after.review - at_half) > _ROUNDING:
        notes.append(
            f"{verb} leaves pairs from a probability of 0.5 to people, and takes no other threshold for these."
        )
    return Use([shlex.join([*words, "--out", "FOLDER"])], verb, notes)


def _use_in_step(path: Path, before: Settings, after: Settings, gain: float) -> Use:
    """Keys of a step in a run's TOML under which it links by the model and thresholds that were chosen."""
    lines, stead = [f'model = "{path}"', "train = false"], "They take the place of what the step says under these names"
    if after.accept != before.accept or after.review != before.review:
        accept, review = (probability_of(weight + gain) for weight in (after.accept, after.review))
        lines += [f"accept_probability = {accept!r}", f"review_probability = {review!r}"]
    return Use(lines, notes=[f"{stead}."])
