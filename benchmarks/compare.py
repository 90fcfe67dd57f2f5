"""Every system on the same files, one after the other: seconds, memory, precision and
recall at one threshold.

python -m benchmarks link      # both kinds of files, 1M x 1.55M rows, and FEBRL 3 and 4
python -m benchmarks link --set typos --people 165000 --runs 3 --label 100k
python -m benchmarks link --set synthetic --copies 10 --system "leo link" --label 10m
python -m benchmarks unseen    # every pair of unseen.toml, or --set german

A set may also be the path of a folder with left, right (or file) and truth, as Parquet
or CSV.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import files, measure, stated
from benchmarks.best_threshold import best_threshold
from benchmarks.files import DataSet
from benchmarks.results import accuracy, facts, save

PEOPLE = 1_650_000  # files of about 1M x 1.55M rows
_TIMEOUT = 3_600.0  # seconds of one run of a system
_SPLINK = "Splink 5"
_STEP = "education-cis"  # of a run, what the ablation judges

_SETS = {
    "link": ("synthetic", "typos", "febrl4", "febrl3"),
    "unseen": tuple(files.unseen()),
}


@dataclass(frozen=True)
class System:
    """A command that is given files, the place of its links and a threshold.

    Attributes:
        options: of `leo link`.
        prepared: the system gets the files as an analyst would prepare them, and no
            options.
        dedupes: whether it also takes one file.
        has_scored: whether it can write scored pairs, from which its F1 at its best
            threshold follows.
    """

    command: tuple[str, ...]
    options: tuple[str, ...] = ()
    prepared: bool = False
    dedupes: bool = True
    has_scored: bool = False

    def on(
        self, data: DataSet, threshold: float, out: Path, scored: Path | None = None
    ) -> list[str]:
        """The whole command for a data set.

        Args:
            scored: where a system that ranks its scored pairs writes them.
        """
        if self.prepared:
            command = [*self.command, *map(str, data.ready), str(out), str(threshold)]
            is_asked = scored and self.has_scored
            return [*command, "--scored", str(scored)] if is_asked else command
        verb = "link" if len(data.files) == 2 else "dedupe"
        options = [
            *data.options,
            "--threshold",
            str(threshold),
            *self.options,
            "--out",
            str(out),
        ]
        return [*self.command, verb, *map(str, data.files), *options]


_LEO = "leo link"
LEO, _MODULE = (str(Path(sys.executable).with_name("leo")),), (sys.executable, "-m")
SYSTEMS = {
    _SPLINK: System(
        (*_MODULE, "benchmarks.systems.splink"), prepared=True, has_scored=True
    ),
    _LEO: System(LEO),
    "leo link --links-only": System(LEO, ("--links-only",), dedupes=False),
    "leo-linkage core": System(
        (*_MODULE, "benchmarks.systems.core"), prepared=True, dedupes=False
    ),
}


def main(arguments: list[str], benchmark: str) -> None:
    options, about = _options(arguments, benchmark), facts()
    rows: list[dict[str, Any]] = []
    systems = {
        name: system
        for name, system in SYSTEMS.items()
        if not options.system or name in options.system
    }
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix="leo-bench-", dir=options.folder
    ) as scratch:
        folder = Path(options.folder or scratch).resolve()
        for name in options.set or _SETS[benchmark]:
            data = files.make(
                name,
                folder,
                people=options.people,
                copies=options.copies,
                rows=options.rows,
            )
            choice = {
                label: system
                for label, system in systems.items()
                if len(data.files) == 2 or system.dedupes
            }
            rows += compared(
                data,
                choice,
                Path(scratch),
                runs=options.runs,
                threshold=options.threshold,
                in_detail=benchmark == "unseen",
            )
    save(benchmark, rows, about, options.label)
    if benchmark == "unseen":
        print(*_summaries(rows), sep="\n", flush=True)


def _summaries(rows: list[dict[str, Any]]) -> list[str]:
    """On how many sets leo is above Splink's best, and what it states is true."""
    leo = [row for row in rows if row["system"] == _LEO and "f1" in row]
    best = {row["set"]: row["best_f1"] for row in rows if row.get("best_f1")}
    above = [row["f1"] > best[row["set"]] for row in leo if row["set"] in best]
    lines = [f"F1 above Splink's at its best threshold: {sum(above)} of {len(above)}"]
    return [*(lines if above else []), *stated.summary(leo)]


def _options(arguments: list[str], benchmark: str) -> argparse.Namespace:
    def number(text: str) -> int:
        return int(float(text))

    parser = argparse.ArgumentParser(
        prog=f"benchmarks {benchmark}", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--set", action="append", help="a data set, or the path of one; may be repeated"
    )
    parser.add_argument(
        "--system", action="append", help="this system only; may be repeated"
    )
    parser.add_argument(
        "--people",
        type=number,
        default=PEOPLE,
        help="of the sets synthetic, typos, easy and hard",
    )
    parser.add_argument(
        "--copies",
        type=int,
        default=1,
        help="link files of so many copies of these people",
    )
    parser.add_argument(
        "--rows", type=number, help="of the left file of a pair of unseen.toml"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.5,
        help="match probability to accept a link, of all systems",
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=1,
        help="runs of each system, in turn; medians are reported",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the files are kept between runs; temporary when not given",
    )
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    return parser.parse_args(arguments)


def compared(
    data: DataSet,
    systems: dict[str, System],
    scratch: Path,
    *,
    runs: int,
    threshold: float,
    in_detail: bool = False,
) -> list[dict[str, Any]]:
    """A row for each system. Systems take turns, so that a change of the machine's
    speed affects all of them.

    Args:
        in_detail: also F1 at the best threshold of a system that writes scored pairs,
            and whether stated intervals cover the truth.
    """
    outcomes: dict[str, list[dict[str, Any]]] = {name: [] for name in systems}
    for turn in range(runs):
        for number, (name, system) in enumerate(systems.items()):
            out = (
                scratch
                / f"{data.name}-{number}-{turn}{'.parquet' if system.prepared else ''}"
            )
            scored = scratch / f"{data.name}-{number}-{turn}.scored.parquet"
            command = system.on(data, threshold, out, scored if in_detail else None)
            result = measure.run(command, timeout=_TIMEOUT)
            outcome = (
                {"note": result.failure()} if result.exit_code else judged(data, out)
            )
            if in_detail and not result.exit_code:
                outcome |= _details(data, out, scored)
            outcomes[name].append(result.cost() | outcome)
            print(data.name, name, outcomes[name][-1], flush=True)
    rows = [
        {"set": data.name, **data.rows(), "system": name, **_median(costs)}
        for name, costs in outcomes.items()
    ]
    splink = next(
        (
            row["seconds"]
            for row in rows
            if row["system"] == _SPLINK and not row.get("note")
        ),
        None,
    )
    return [
        row | {"of_splink": row["seconds"] / splink} if splink else row for row in rows
    ]


def _details(data: DataSet, out: Path, scored: Path) -> dict[str, Any]:
    """F1 at the best threshold, and stated intervals, of a system that has them."""
    if scored.is_file():
        best = best_threshold(data, scored)
        return {"best_f1": best.f1, "best_threshold": best.threshold}
    return stated.as_columns(stated.stated_shares(data, out)) if out.is_dir() else {}


def judged(data: DataSet, out: Path) -> dict[str, float]:
    """Precision and recall of the accepted links.

    Of a record with several links the best one counts, and recall is of the pairs that
    one link a record can make: the smaller of the two numbers of records that have a
    match. Of one file, each pair of records in one cluster is a link.
    """
    place = f"{out}/{{}}.parquet" if out.is_dir() else str(out)
    truth = (
        f"'{data.truth}'"
        if data.truth.suffix == ".parquet"
        else f"read_csv('{data.truth}', all_varchar = true)"
    )
    if len(data.files) == 2:
        condition = "where decision = 'accepted'" if out.is_dir() else ""
        links = f"""
            select cast(left_id as varchar) as left_id,
                cast(right_id as varchar) as right_id
            from '{place.format("links")}' {condition}
            qualify row_number() over (partition by left_id order by match_weight desc,
                right_id) = 1
                and row_number() over (partition by right_id order by match_weight desc,
                    left_id) = 1
        """
        true_pairs = (
            "select least(count(distinct left_id), count(distinct right_id)) from truth"
        )
    else:
        clusters = (
            "(select cast(id as varchar) as id, person_id from "
            f"'{place.format('clusters')}')"
        )
        links = f"""
            select a.id as left_id, b.id as right_id from {clusters} as a
                join {clusters} as b using (person_id)
            where a.id < b.id
        """
        truth = (
            "(select least(left_id, right_id) as left_id, greatest(left_id, "
            f"right_id) as right_id from {truth})"
        )
        true_pairs = "select count(*) from truth"
    with duckdb.connect() as connection:
        counts = connection.execute(
            f"""
            with links as ({links}), truth as (select distinct left_id, right_id
                from {truth})
            select (select count(*) from links),
                (select count(*) from links join truth using (left_id, right_id)),
                   ({true_pairs})
            """
        ).fetchall()[0]
    return accuracy(*counts)


def _median(rows: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = {
        key
        for row in rows
        for key, value in row.items()
        if isinstance(value, int | float)
    }
    return {
        key: statistics.median(row[key] for row in rows if key in row)
        if key in numbers
        else rows[-1].get(key)
        for key in dict.fromkeys(key for row in rows for key in row)
    } | {"runs": len(rows)}
