"""How many pairs the rules of a run's steps make, counted on its units by DuckDB, whatever engine made the run."""

from pathlib import Path

from linkage.adhoc.blocking import sides_of_step
from linkage.engine import connect
from linkage.model import load
from linkage.model.blocking import rule_pairs


def pairs_of(run: Path) -> dict[str, int]:
    """Step to the pairs that its model's rules make, each once; of a side of more than 100,000 units by a sample."""
    found = {}
    for model_file in sorted((run / "models").glob("*.json")):
        model = load(model_file)
        with connect("duckdb") as engine:
            left, right = sides_of_step(engine, run, model_file.stem, model.columns)
            found[model_file.stem] = sum(rule.new for rule in rule_pairs(engine, model.blocking_rules, left, right))
    return found
