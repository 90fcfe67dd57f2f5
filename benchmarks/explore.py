"""Find & Explore: seconds and size of the site, and milliseconds from a key to results that are drawn, in Chromium.

    make assets && python -m benchmarks.explore [--run RUN]

Words are typed key by key, as people type them: a key's answer is timed from its event until the page is laid out anew.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from linkage.catalogue import shipped, standard_extract
from linkage.engine import connect
from linkage.explore import ReleaseFacts, explored, release_facts, write_site
from linkage.requests.packages import shipped_packages

RESULTS = Path(__file__).parent / "results" / "explore.json"
WORDS = (
    "free school meals", "attainment 8", "unauthorised absence", "KS2_LEVXREADTA", "earnings", "ethnic group",
    "maths gcse", "benefits", "level 3", "self employment", "absense", "e",
)  # fmt: skip

TYPED = """(words) => {
  const input = document.getElementById("words");
  const took = [];
  for (let end = 1; end <= words.length; end += 1) {
    const started = performance.now();
    input.value = words.slice(0, end);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.getBoundingClientRect();
    took.push(performance.now() - started);
  }
  return took;
}"""


def measured(site: Path) -> dict[str, Any]:
    """Milliseconds a key over all words, and until the page can be asked."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True).new_page()
        page.set_default_timeout(120_000)
        started = time.perf_counter()
        page.goto((site / "index.html").as_uri())
        page.wait_for_selector("#search:not([hidden])")
        ready = time.perf_counter() - started
        took = {words: page.evaluate(TYPED, words) for words in WORDS}
        browser.close()
    every = sorted(key for keys in took.values() for key in keys)
    return {
        "seconds_until_search_is_there": round(ready, 2),
        "keys": len(every),
        "median_ms": round(statistics.median(every), 1),
        "p95_ms": round(every[int(0.95 * (len(every) - 1))], 1),
        "slowest_ms": round(every[-1], 1),
        "whole_words_ms": {words: round(keys[-1], 1) for words, keys in took.items()},
    }


def main() -> None:
    """Build a site, measure it, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="a run's folder, for its facts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        release = ReleaseFacts()
        if given.run:
            with connect("duckdb") as engine:
                release = release_facts(engine, given.run, shipped(), "leo_publication")
        written = write_site(
            explored(shipped(), standard_extract(), shipped_packages()), release, Path(folder) / "site"
        )
        built = {
            "variables": written.variables,
            "pages": written.pages,
            "megabytes": round(written.size / 1e6, 1),
            "seconds": round(time.perf_counter() - started, 1),
            "with_a_run": bool(given.run),
        }
        found = {"site": built, "search": measured(written.folder)}
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
