"""A step to be tuned: its pairs in memory, and the versions of its model that are
saved.
"""

import datetime
import hashlib
import re
import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from linkage.catalogue import shipped
from linkage.engine import Engine, quote
from linkage.errors import ConfigError, InputError
from linkage.model.model_files import save_with
from linkage.pipeline.folder import MANIFEST, document_of
from linkage.pipeline.opened import (
    FolderSession,
    OpenFiles,
    OpenRun,
    OpenStep,
    check_exists,
    links_manifest,
)
from linkage.pipeline.pair_facts import (
    Record,
    level_name,
    records_of,
    threshold_facts,
    weigh,
    weight_facts,
)
from quality.measures.characteristics import NOT_KNOWN, entities_described, labels_of
from quality.measures.definitions import load as load_definitions
from quality.measures.estimated_error import Unseen
from quality.report.document import banner_of
from quality.tune.settings import Place, Settings, changes
from quality.tune.trial import Groups, Ids, Outcome, Pairs, Trial


@dataclass(frozen=True)
class Saved:
    """A saved model: its file, its version, and how to link with it.

    Attributes:
        lines: of the step in a run's TOML, or a command.
        command: "leo link" or "leo dedupe"; None where the lines are a step's.
    """

    path: Path
    version: int
    lines: Sequence[str]
    command: str | None = None


class TuneSession(FolderSession):
    """A step of a folder of `leo run`, `leo link` or `leo dedupe`, open for tuning.

    All scored pairs stay in memory, some 60 bytes each; values of people are read only
    for the pairs that are opened.

    Args:
        say: receives a line before each slow step.

    Raises:
        ConfigError: the folder is not a run's, has no such step, or the step has no
            scored pairs.
    """

    def __init__(
        self, root: Path, step: str | None, say: Callable[[str], None] = lambda _: None
    ) -> None:
        super().__init__(root)
        self._lock = threading.RLock()
        self._links, self.banner = (
            links_manifest(self._folder.manifest),
            banner_of(self._folder.manifest),
        )
        self.opened: OpenStep = self._folder.open(step)
        self.step, self.run = self.opened.name, self._folder.name
        say("reading scored pairs")
        pairs = Pairs(self._engine, self.opened)
        if not len(pairs):
            raise ConfigError(
                f"{root}: step '{self.step}' has no scored pairs, so that there is "
                "nothing to tune\n"
                "  leo explain shows why a pair of your choice was not made"
            )
        folder = self._folder
        groups = (
            groups_of(self._engine, folder, self.opened, pairs)
            if isinstance(folder, OpenRun)
            else {}
        )
        self._trial = Trial(
            self._engine, self.opened, pairs, groups, Unseen.of_run(root, self.step)
        )
        self.pairs, self.settings = len(pairs), self._trial.settings
        self.pairs_at: Mapping[Place, int] = self._trial.pairs_at
        self.labels: Mapping[Place, str] = {
            (comparison.name, level.value): level_name(comparison, level)
            for comparison in self.opened.model.comparisons
            for level in comparison.levels
            if level.value >= 0
        }

    def outcome(self, settings: Settings) -> Outcome:
        """The effect of settings."""
        with self._lock:
            return self._trial.outcome(settings)

    def has_units(self, left: int, right: int) -> bool:
        """Whether the two sides have these units; their pair need not have been
        scored.
        """
        with self._lock:
            sides = zip(("left", "right"), (left, right), strict=True)
            return all(self.opened.sides[side].members([unit]) for side, unit in sides)

    def ids(self, left: int, right: int) -> tuple[str, str] | None:
        """The ids of a pair in its files; None of a run."""
        with self._lock:
            ids = [
                self._folder.ids(self.opened, side, [unit])
                for side, unit in (("left", left), ("right", right))
            ]
            return (ids[0][left], ids[1][right]) if all(ids) else None

    def records(self, left: int, right: int) -> tuple[Record, Record]:
        """The values of both records of a pair."""
        with self._lock:
            one, other = (
                records_of(
                    self._engine, self.opened.sides[side], [unit], self.opened.fields
                )[unit]
                for side, unit in (("left", left), ("right", right))
            )
            return one, other

    def weight(self, left: int, right: int, settings: Settings) -> dict[str, Any]:
        """A pair's match weight by comparison with these settings, and the
        thresholds.
        """
        with self._lock:
            step = replace(self.opened, model=self._trial.model(settings))
            (pair,) = weigh(self._engine, step, [(left, right)])
            return {
                "weight": weight_facts(step, pair),
                "thresholds": threshold_facts(step),
            }

    def save(self, settings: Settings, note: str) -> Saved:
        """Write RUN/tuned/STEP-vN.json with the next N: Splink's JSON, and what was
        changed, from which model, and why.

        Raises:
            InputError: the folder is gone, or was linked again since it was opened.
        """
        with self._lock:
            check_exists(self._root)
            if links_manifest(document_of(self._root / MANIFEST)) != self._links:
                raise InputError(
                    f"{self._root}: was linked again since it was opened; the pairs "
                    "shown are of the earlier links\n"
                    "  note what was changed; end this, and start it again"
                )
            parent, outcome = self.opened.model_file, self.outcome(settings)
            pattern = re.compile(rf"{re.escape(self.step)}-v(\d+)\.json")
            matches = (
                pattern.fullmatch(path.name)
                for path in (self._root / "tuned").glob("*.json")
            )
            version = 1 + max(
                (int(match.group(1)) for match in matches if match), default=0
            )
            path = self._root / "tuned" / f"{self.step}-v{version}.json"
            record = {
                "note": note,
                "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "run": self.run,
                "step": self.step,
                "records": self.opened.records,
                "parent": {
                    "model": parent.name,
                    "sha256": hashlib.sha256(parent.read_bytes()).hexdigest(),
                },
                "changes": changes(self.settings, settings),
                "settings": {
                    "accept_probability": settings.accept,
                    "review_probability": settings.review,
                },
                "expected": {
                    **outcome.decisions,
                    "precision": outcome.expected["precision"]["value"],
                    "recall": outcome.expected["recall"]["value"],
                },
            }
            save_with(
                path,
                self._trial.model(settings),
                version,
                trained=dict(self.opened.trained or {}),
                tuned=record,
            )
            if isinstance(self._folder, OpenFiles):
                files = self._folder.facts.files
                return Saved(
                    path,
                    version,
                    *command(path.resolve(), files, self.opened, settings),
                )
            lines = [f'model = "{path.resolve()}"', "train = false"]
            lines += [
                f"accept_probability = {settings.accept!r}",
                f"review_probability = {settings.review!r}",
            ]
            return Saved(path, version, lines)


def command(
    path: Path, files: Mapping[str, str], step: OpenStep, settings: Settings
) -> tuple[Sequence[str], str]:
    """The command that links the files with a model and thresholds, and its verb."""
    verb = "leo dedupe" if step.of_one_file else "leo link"
    words = [
        *verb.split(),
        *files.values(),
        "--model",
        str(path),
        "--threshold",
        repr(settings.accept),
    ]
    return [shlex.join([*words, "--out", "FOLDER"])], verb


def groups_of(engine: Engine, run: OpenRun, step: OpenStep, pairs: Pairs) -> Groups:
    """Subgroups of the left units of pairs, by the characteristics that reports use."""
    definitions, catalogue = load_definitions(), shipped()
    entities = {source: run.table(f"entities/{source}") for source in run.sources}
    descriptions = entities_described(
        engine, entities, run.tables_below("attributes"), definitions, catalogue
    )
    present = [c for c in definitions.characteristic if c.name in descriptions.columns]
    side = step.sides["left"]
    if not present:
        return {}
    # of several records the first that knows, as quality.measures.link_rates has it
    select_list = ", ".join(
        f"min_by(d.{quote(c.name)}, d.entity_id) filter (where d.{quote(c.name)} is "
        f"not null) as {quote(c.name)}"
        for c in present
    )
    query = f"""
        select m.unit_id, {select_list}
        from {{members}} as m
        join {{described}} as d on d.entity_id = m.entity_id
        group by m.unit_id
        order by m.unit_id
        """
    units = engine.arrow(
        engine.sql(query, members=side.entities, described=descriptions)
    )
    place = np.searchsorted(units["unit_id"].to_numpy(), pairs.left)
    groups: dict[str, tuple[Sequence[str], Ids]] = {}
    for characteristic in present:
        labels = labels_of(characteristic, catalogue)
        values, codes = _coded(units[characteristic.name])
        groups[characteristic.name] = (
            [labels.get(value, value) for value in values],
            codes[place],
        )
    return groups


def _coded(column: pa.ChunkedArray) -> tuple[list[str], Ids]:
    """The values of a column, those not known last, and the place of each row's."""
    coded = (
        column.cast(pa.string())
        .combine_chunks()
        .fill_null(NOT_KNOWN)
        .dictionary_encode()
    )
    values = coded.dictionary.to_pylist()
    order = sorted(
        range(len(values)), key=lambda n: (values[n] == NOT_KNOWN, values[n])
    )
    places = np.argsort(np.array(order, np.int64))
    return [values[n] for n in order], places[coded.indices.to_numpy().astype(np.int64)]
