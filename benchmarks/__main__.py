"""Benchmarks: leo-linkage and Splink on the same files, and what parts of leo-linkage
cost.

python -m benchmarks link       two files and one: Splink, leo link, its core
python -m benchmarks unseen     the same systems on files of other countries
python -m benchmarks ablation   F1 without one technique after the other
python -m benchmarks education  a run, its step education-cis, and Splink on its people
python -m benchmarks expected   estimated and true linkage error of runs with truth
python -m benchmarks review     coverage of the intervals of clerical reviews
python -m benchmarks spark      the link step on a Spark cluster here, with Splink

Each takes --help, and writes results/NAME.json and RESULTS.md.
"""

import importlib
import sys

_MODULES = {
    "link": "compare",
    "unseen": "compare",
    "ablation": "ablation",
    "education": "education",
    "expected": "expected",
    "review": "review",
    "spark": "spark.link",
}


def main() -> None:
    name, *arguments = sys.argv[1:] or ["link"]
    if name not in _MODULES:
        print(__doc__)
        sys.exit(name not in ("-h", "--help"))
    module = importlib.import_module(f"benchmarks.{_MODULES[name]}")
    module.main(arguments, name) if _MODULES[name] == "compare" else module.main(
        arguments
    )


if __name__ == "__main__":
    main()
