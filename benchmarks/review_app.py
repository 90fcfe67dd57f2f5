"""A scripted reviewer answers a thousand pairs through the pages of clerical review: errors, labels kept, time a pair.

    leo demo && python -m benchmarks.review_app --run runs/demo --step education-cis

The answers are drawn by a seed and mean nothing: draw another sample before the run's pairs are really looked at.
"""

import argparse
import json
import random
import resource
import time
from pathlib import Path

from starlette.testclient import TestClient

from linkage.catalogue import shipped
from linkage.pipeline.ended.carrying import labels_store
from linkage.pipeline.ended.reviewing import sample_of
from quality.report.names import Names
from quality.review import ANSWERS
from quality.review.app import application
from quality.review.desk import RunDesk
from quality.review.sampling import draw_sample

RESULTS = Path(__file__).parent / "results" / "review-app.json"
HOME = "http://127.0.0.1"


def reviewed(run: Path, step: str, size: int, seed: int) -> dict[str, object]:
    """What happened while a new sample was answered, with every twentieth answer taken back and given anew."""
    draw_sample(run, step, size, seed=seed)
    labels_store(run).path.unlink(missing_ok=True)
    chance, faults, times = random.Random(seed), 0, []
    started = time.perf_counter()
    with RunDesk(run, step) as desk:
        opened = time.perf_counter() - started
        client = TestClient(application(desk, Names(shipped()), "token", doubled=0.0), base_url=HOME)
        client.get("/?token=token")
        page = client.post("/who", data={"name": "script", "role": "reviewer"})
        for place in range(1, len(desk.pairs) + 1):
            at = time.perf_counter()
            faults += page.status_code != 200 or not str(page.url).endswith(f"/pairs/{place}")
            if place % 20 == 0:
                client.post(f"/pairs/{place}", data={"answer": "uncertain"})
                faults += client.post(f"/pairs/{place}/withdraw").status_code != 200
            page = client.post(f"/pairs/{place}", data={"answer": chance.choice(ANSWERS)})
            times.append(time.perf_counter() - at)
        faults += "No pair waits for you" not in page.text
    kept = labels_store(run).rows().to_pylist()
    answered = {(row["left_id"], row["right_id"]) for row in kept}
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "pairs": len(times),
        "errors": faults,
        "labels": len(kept),
        "pairs_with_a_label": len(answered & set(sample_of(run, step).pairs)),
        "seconds_to_open": round(opened, 2),
        "median_seconds_a_pair": round(sorted(times)[len(times) // 2], 4),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_memory_mb": used.ru_maxrss // 1024,
    }


def main() -> None:
    """Write benchmarks/results/review-app.json and show it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--step", required=True)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    found = reviewed(asked.run, asked.step, asked.size, asked.seed)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
