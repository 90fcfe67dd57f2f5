"""Benchmarks: leo-linkage and other systems on the same files, and what parts of leo-linkage cost.

python -m benchmarks link          two files: ours, Splink, recordlinkage, dedupe (make bench)
python -m benchmarks dedupe        one file with itself: FEBRL 3
python -m benchmarks unseen        files of other countries, without configuration
python -m benchmarks education     the step education-cis of a synthetic run, with Splink
python -m benchmarks expected      estimated and true linkage error of runs that have truth
python -m benchmarks review        coverage of the intervals of clerical reviews
python -m benchmarks ablation      what each kind of evidence adds
python -m benchmarks extract       the full extract of a million people
python -m benchmarks synth         generators of persons, per record (make bench-synth)
python -m benchmarks synth-scale   the synthetic population by its size
python -m benchmarks spark         the link step on a Spark cluster of this machine, with Splink

Each takes --help, and writes results/NAME.json and RESULTS.md.
"""

import importlib
import sys

_MODULES = {
    "link": "link", "dedupe": "dedupe", "unseen": "unseen", "education": "education", "expected": "expected",
    "review": "review", "ablation": "ablation", "extract": "extract", "synth": "generation",
    "synth-scale": "synth_scale", "spark": "spark.link",
}  # fmt: skip


def main() -> None:
    name, *arguments = sys.argv[1:] or ["link"]
    if name not in _MODULES:
        print(__doc__)
        sys.exit(name not in ("-h", "--help"))
    importlib.import_module(f"benchmarks.{_MODULES[name]}").main(arguments)


if __name__ == "__main__":
    main()
