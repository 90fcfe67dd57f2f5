"""Results of all benchmarks: results/NAME.json holds the figures, RESULTS.md shows them
in one table a benchmark.

A results file is a list of runs: label, when, machine, load, git_commit, versions and
measured (flat rows). A run that is measured again replaces the one of the same label.
"""

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.pipeline.fingerprint import LIBRARIES, library_versions
from linkage.pipeline.manifest import git_commit, machine

FOLDER = Path(__file__).parent / "results"
PAGE = Path(__file__).parent / "RESULTS.md"
SHOWN = {
    "ablation": Path(__file__).parent.parent / "docs" / "explanation" / "ablation.md"
}
"""Pages that end with the results of a benchmark."""
_RESULTS = "\n## Results\n\n"

_ACCURACY = {"precision": ".4f", "recall": ".4f", "f1": ".4f"}
_COST = {"seconds": ".1f", "cpu_seconds": ".1f", "peak_gb": ".2f"}
_FILES = {"left": ",d", "right": ",d"}


@dataclass(frozen=True)
class Benchmark:
    """A table of RESULTS.md. `columns` maps a key of the rows to a format
    specification, empty for text.
    """

    name: str
    title: str
    note: str
    columns: Mapping[str, str]


BENCHMARKS = (
    Benchmark(
        "link",
        "Linking two files",
        "Whole processes: reading, training, scoring, resolution and writing, all at "
        "one match probability. leo link: the "
        "command, which infers columns and blocking rules and writes a report; "
        "--links-only: without reasons, estimates "
        "and report; leo-linkage core: with the columns and blocking rules that Splink "
        "is given. synthetic: the latest "
        "school record of each pupil and the latest record of each DWP customer. "
        "typos: independent people whose records "
        "have random typing errors and no others. FEBRL 4, and FEBRL 3 as one file, "
        "without their unique number. Runs of "
        "0.2 were measured with version 0.2 at other probabilities: Splink 0.95, leo "
        "link 0.8, the core 0.995.",
        {
            "set": "",
            **_FILES,
            "system": "",
            **_COST,
            "of_splink": ".2f",
            **_ACCURACY,
            "note": "",
        },
    ),
    Benchmark(
        "unseen",
        "Files that the engine was not developed on",
        "Pairs of unseen.toml. leo link: the files as they are, without configuration. "
        "Splink and the core: the same "
        "records as an analyst would prepare them; Splink's library of comparisons. "
        "best f1: at the threshold that suits the set best, which only the truth can "
        "tell. stated recall, low and high: what leo states without truth, with its 95 "
        "% interval; true recall: of all accepted links.",
        {
            "set": "",
            **_FILES,
            "system": "",
            **_COST,
            **_ACCURACY,
            "best_f1": ".4f",
            "stated_recall": ".4f",
            "recall_low": ".4f",
            "recall_high": ".4f",
            "true_recall": ".4f",
            "recall_covered": "",
            "note": "",
        },
    ),
    Benchmark(
        "ablation",
        "What each technique adds",
        "F1 in per cent with all techniques, and its change in points without one of "
        "them: mean, worst and best of the "
        "sets. results/ablation.json has F1 of each set.",
        {"technique": "", "sets": "d", "mean": "z.2f", "worst": "z.2f", "best": "z.2f"},
    ),
    Benchmark(
        "education",
        "Education records to CIS",
        "A synthetic LEO run. leo run: histories; the peak of a stage is that of the "
        "run so far. Splink: the "
        "latest value of each identifier, the National Insurance number included.",
        {**_FILES, "system": "", **_COST, **_ACCURACY},
    ),
    Benchmark(
        "expected",
        "Estimated and true linkage error",
        "Precision and recall in per cent; estimated minus true in percentage points. "
        "Chance: one standard deviation of "
        "the recall if every probability is right. An asterisk marks a 95 % interval "
        "that does not hold the truth.",
        {
            "step": "",
            "people": ",d",
            "true_pairs": ",d",
            "precision": ".3f",
            "precision_error": "+.3f",
            "precision_outside": "",
            "recall": ".3f",
            "recall_error": "+.3f",
            "recall_outside": "",
            "chance": ".2f",
            "calibration_error": ".4f",
        },
    ),
    Benchmark(
        "review",
        "Coverage of the intervals of a clerical review",
        "500 simulated reviews for each row. Share of 95 % intervals that hold the "
        "truth and mean width of an interval, "
        "both in per cent.",
        {
            "population": "",
            "pairs": ",d",
            "precision_covered": ".1f",
            "precision_width": ".2f",
            "recall_covered": ".1f",
            "recall_width": ".2f",
        },
    ),
    Benchmark(
        "spark",
        "The link step on Spark",
        "A standalone cluster on one machine, executors of one core. The same files of "
        "entities and the same model, from "
        "the first read to links on disk, without the start of the session. Splink "
        "writes best mutual links only.",
        {
            "set": "",
            **_FILES,
            "system": "",
            "executors": ",d",
            "seconds": ".1f",
            "cpu_seconds": ".0f",
            "driver_gb": ".2f",
            "links": ",d",
            "note": "",
        },
    ),
    Benchmark(
        "spark-stages",
        "Stages of a run on Spark and on DuckDB",
        "Seconds of each stage.",
        {
            "people": ",d",
            "engine": "",
            "executors": ",d",
            "records": ".0f",
            "entities": ".0f",
            "linking": ".0f",
            "spine": ".0f",
            "longitudinal": ".0f",
            "evaluate": ".0f",
            "extract": ".0f",
            "report": ".0f",
            "all_stages": ".0f",
        },
    ),
)


def facts() -> dict[str, Any]:
    """The day, the machine, its load before the run, and the versions."""
    return {
        "when": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "load": round(os.getloadavg()[0], 2),
        "git_commit": git_commit(),
        "versions": library_versions((*LIBRARIES, "splink", "recordlinkage")),
    }


def accuracy(links: int, correct: int, true_pairs: int) -> dict[str, float]:
    """links, true_pairs, precision, recall and F1."""
    precision, recall = correct / max(links, 1), correct / max(true_pairs, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return {
        "links": links,
        "true_pairs": true_pairs,
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def save(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any],
    label: str = "",
) -> None:
    """Store a run of a benchmark, rewrite RESULTS.md and print the run's table."""
    path = FOLDER / f"{name}.json"
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    run = {"label": label, **about, "measured": list(rows)}
    runs = [former for former in runs if former["label"] != label] + [run]
    FOLDER.mkdir(exist_ok=True)
    path.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    benchmark = next(benchmark for benchmark in BENCHMARKS if benchmark.name == name)
    print("\n".join(_table(benchmark, [run])), flush=True)
    if name in SHOWN:
        SHOWN[name].write_text(shown(benchmark), encoding="utf-8")


def shown(benchmark: Benchmark) -> str:
    """A page of SHOWN with the stored results."""
    text, heading, _ = (
        SHOWN[benchmark.name].read_text(encoding="utf-8").partition(_RESULTS)
    )
    return "\n".join(
        [f"{text}{heading}{benchmark.note}\n", *_section(benchmark, FOLDER), ""]
    )


def page(folder: Path = FOLDER) -> str:
    """RESULTS.md: a section for each benchmark that has results."""
    lines = [
        "# Benchmark results",
        "",
        "Written by `benchmarks/results.py` from `results/*.json`; `python -m "
        "benchmarks --help` lists the commands. Runs "
        "of 30 November 2026 and before were measured with version 0.2.",
    ]
    for benchmark in BENCHMARKS:
        if (folder / f"{benchmark.name}.json").exists():
            lines += [
                "",
                f"## {benchmark.title}",
                "",
                benchmark.note,
                "",
                *_section(benchmark, folder),
            ]
    return "\n".join([*lines, ""])


def _section(benchmark: Benchmark, folder: Path) -> list[str]:
    runs = json.loads((folder / f"{benchmark.name}.json").read_text(encoding="utf-8"))
    return [*map(_measured_on, runs), "", *_table(benchmark, runs)]


def _measured_on(run: Mapping[str, Any]) -> str:
    host = run["machine"]
    versions = ", ".join(
        f"{name} {number}" for name, number in run["versions"].items() if number
    )
    label = f"{run['label']}: " if run["label"] else ""
    memory = host["memory_bytes"] / 2**30
    return (
        f"- {label}{run['when']}, {host['cores']} cores, {memory:.0f} GiB, load "
        f"{run['load']} before; {versions}."
    )


def _table(benchmark: Benchmark, runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A Markdown table of all runs, without columns that no row fills."""
    rows = [{"run": run["label"], **row} for run in runs for row in run["measured"]]
    formats = {"run": "", **benchmark.columns}
    columns = [
        key for key in formats if any(row.get(key) not in (None, "") for row in rows)
    ]
    rule = "|".join("---:" if formats[key] else "---" for key in columns)
    lines = [f"| {' | '.join(key.replace('_', ' ') for key in columns)} |", f"|{rule}|"]
    lines += [
        f"| {' | '.join(_cell(row.get(key), formats[key]) for key in columns)} |"
        for row in rows
    ]
    return lines


def _cell(value: Any, form: str) -> str:
    return "" if value is None else format(value, form)
