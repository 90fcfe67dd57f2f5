"""Environments for systems that cannot live in ours, made from the package index once
and kept for later runs.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def environment(folder: Path, name: str, packages: Sequence[str]) -> Path:
    """The interpreter of an environment with these packages (as pip names them).

    Raises:
        SystemExit: it cannot be made, with pip's last words.
    """
    place = folder / name
    python = place / "bin" / "python"
    stamp = place / "packages.txt"
    if stamp.is_file() and stamp.read_text().split("\n") == list(packages):
        return python
    print(f"{name}: making an environment with {', '.join(packages)}", flush=True)
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(place)],
        [*install, *packages],
    ):
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        if outcome.returncode:
            sys.exit(
                f"{name}: no environment: {' '.join(outcome.stderr.split()[-40:])}"
            )
    stamp.write_text("\n".join(packages))
    return python
