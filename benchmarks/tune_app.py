"""How soon the tuning page answers: a script changes m, u, thresholds and frequencies through the application's forms.

    leo demo --people 1000000 --out runs/million
    python -m benchmarks.tune_app --run runs/million --step education-cis
    leo demo && python -m benchmarks.tune_app --run runs/demo --step education-cis --times 66

A run of a million people has fifty times the pairs of the demo's twenty thousand, of the same patterns and with as many
rivals; 66 times are a million pairs. `--times` repeats a run's pairs so often, each time of other units; records and
models are the run's own.
"""

import argparse
import json
import random
import resource
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from starlette.testclient import TestClient

from linkage.catalogue import shipped
from linkage.engine import connect
from linkage.process import begin
from quality.disclosure import load as load_profile
from quality.explain.opening import OpenRun
from quality.measures.definitions import load as load_definitions
from quality.measures.expected import Unseen
from quality.report.names import Names
from quality.tune.app import Outcome, Settings, application
from quality.tune.desk import RunDesk
from quality.tune.evidence import Evidence, read
from quality.tune.groups import groups_of
from quality.tune.outcome import Trial

RESULTS = Path(__file__).parent / "results" / "tune-app.json"
HOME = "http://127.0.0.1"
WANTED = 0.2  # seconds, at the 95th percentile


class Repeated:
    """A desk whose step has its pairs many times over."""

    def __init__(self, desk: RunDesk, trial: Trial) -> None:
        self._desk, self._trial = desk, trial

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    def outcome(self, settings: Settings) -> Outcome:
        """What the step would come to."""
        return self._trial.outcome(settings)


def repeated(evidence: Evidence, times: int) -> Evidence:
    """The pairs many times over, each time of other units."""

    def longer(value: Any) -> Any:
        return (
            {name: np.tile(one, times) for name, one in value.items()}
            if isinstance(value, dict)
            else np.tile(value, times)
        )

    made = {f.name: longer(getattr(evidence, f.name)) for f in fields(evidence) if f.name != "levels"}
    copies = np.repeat(np.arange(times), len(evidence))
    for side in ("left", "right"):
        made[side] = made[side] + copies * (int(getattr(evidence, side).max()) + 1)
    return replace(evidence, **made)


def trial(run: Path, step: str, times: int) -> Trial:
    """A step's pairs, so many times over, ready to be decided."""
    with connect("duckdb") as engine:
        opened = OpenRun(engine, run)
        found = opened.open(step)
        evidence = read(engine, found)
        groups = groups_of(engine, opened, found, evidence)
        many = {name: (values, np.tile(codes, times)) for name, (values, codes) in groups.items()}
        return Trial(found, repeated(evidence, times), many, Unseen.of_run(run, step))


def changed(chance: random.Random, desk: RunDesk) -> dict[str, Any]:
    """A form with one thing changed, as an analyst would: mostly an m or u, else a threshold or a frequency."""
    sent: dict[str, Any] = {"adjusted": list(desk.adjustable)}
    kind = chance.choice(["m", "m", "u", "u", "accept", "margin", "adjusted"])
    if kind in ("m", "u"):
        at = chance.randrange(len(desk.comparisons))
        grade = chance.choice(desk.comparisons[at].grades)
        now = getattr(desk.settings, kind)[desk.comparisons[at].name, grade.value]
        sent[f"{kind}-{at}-{grade.value}"] = f"{min(now * 2 ** chance.uniform(-2, 2), 1.0):.6g}"
    elif kind == "adjusted":
        sent["adjusted"] = [name for name in desk.adjustable if chance.random() < 0.5]
    else:
        sent[kind] = (
            f"{chance.uniform(max(desk.settings.review, -5), 12) if kind == 'accept' else chance.uniform(0, 6):.3f}"
        )
    return sent


def measured(run: Path, step: str, times: int, changes: int, seed: int) -> dict[str, object]:
    """Seconds from a form to the whole page that follows it."""
    chance, taken, worked, faults = random.Random(seed), [], [], 0
    started = time.perf_counter()
    with RunDesk(run, step) as desk:
        opened = time.perf_counter() - started
        many = Repeated(desk, trial(run, step, times))
        rules = {"profile": load_profile(), "definitions": load_definitions()}
        client = TestClient(application(many, Names(shipped()), "token", **rules), base_url=HOME)
        client.get("/?token=token")
        for _ in range(changes):
            form = changed(chance, desk)
            at, busy = time.perf_counter(), time.process_time()
            page = client.post("/", data=form)
            taken.append(time.perf_counter() - at)
            worked.append(time.process_time() - busy)
            faults += page.status_code != 200
            if chance.random() < 0.2:
                client.post("/reset")
        pairs = times * desk.pairs
    used = resource.getrusage(resource.RUSAGE_SELF)
    ordered, processor = sorted(taken), sorted(worked)
    return {
        "pairs": pairs,
        "changes": changes,
        "errors": faults,
        "seconds_to_open_the_run": round(opened, 2),
        "median_seconds": round(ordered[len(ordered) // 2], 4),
        "p95_seconds": round(ordered[int(0.95 * len(ordered))], 4),
        "most_seconds": round(ordered[-1], 4),
        "p95_cpu_seconds": round(processor[int(0.95 * len(processor))], 4),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_memory_mb": used.ru_maxrss // 1024,
    }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--step", required=True)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    begin()  # as the command does
    found = measured(asked.run, asked.step, asked.times, asked.changes, asked.seed)
    about = {"step": asked.step, "times": asked.times, "seed": asked.seed, "wanted_p95_seconds": WANTED}
    RESULTS.write_text(json.dumps({**about, **found}, indent=2) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
