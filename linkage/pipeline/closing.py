"""What a run says last, whoever started it."""

import json
from pathlib import Path

from linkage.config import Gates
from linkage.pipeline.delivery import manifest_of
from linkage.pipeline.gates import not_asked
from linkage.pipeline.stages.judging import DRIFT, EVALUATION
from quality.measures.evaluated import evaluation_of
from quality.report import headlines


def closing_lines(root: Path, seconds: float) -> list[str]:
    """Where a run's results are, the figures that stand first in its report, and gates that could not be asked."""
    evaluation = evaluation_of(root / EVALUATION)
    drift = json.loads((root / DRIFT).read_text(encoding="utf-8")) if (root / DRIFT).is_file() else None
    gates = Gates(**manifest_of(root).get("configuration", {}).get("gates", {}))
    found = headlines(evaluation)
    width = max(len(label) for label, _, _ in found)
    lines = [f"{label:<{width}}  {figure:>12}  {note}" for label, figure, note in found]
    lines += ["", f"report   {root / 'report' / 'index.html'}"]
    lines += [f"extract  {folder}" for folder in sorted((root / "extracts").glob("[!.]*"))]
    lines += [f"not asked: gate {said}" for said in not_asked(gates, evaluation, drift)]
    return [*lines, f"manifest {root / 'manifest.json'}   {seconds:,.1f} s"]
