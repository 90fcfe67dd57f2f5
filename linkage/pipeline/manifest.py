"""RUN/manifest.json: what was run, on what, with what result. It holds no personal value."""

import datetime
import functools
import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage import __version__
from linkage.pipeline.atomic import write_json
from linkage.pipeline.fingerprint import LIBRARIES, library_versions
from linkage.pipeline.folder import FORMAT, MANIFEST


@dataclass(frozen=True)
class RunFacts:
    """What a run is, apart from its stages.

    Args:
        run: its name, from the configuration.
        config: a hash of the configuration.
        settings: further facts to record, for example the seed, the engine and the fingerprint of the master key.
    """

    run: str
    config: str
    settings: dict[str, Any] = field(default_factory=dict)


class Manifest:
    """Kept up to date on disk while the run goes on, each time whole."""

    def __init__(self, root: Path, facts: RunFacts) -> None:
        self._path, self._begun = root / MANIFEST, time.monotonic()
        self.content: dict[str, Any] = {
            "format": FORMAT,
            "run": facts.run,
            "status": "running",
            "exit": None,
            "started": _now(),
            "finished": None,
            "seconds": None,
            "config_hash": facts.config,
            **facts.settings,
            "versions": {
                "leo-linkage": __version__,
                "python": platform.python_version(),
                **library_versions(LIBRARIES),
            },
            "git_commit": git_commit(),
            "machine": machine(),
            "peak_memory_bytes": 0,
            "inputs": {},
            "headline": {},
            "stages": [],
        }

    def save(self) -> None:
        """Write it in the stead of the one before."""
        self.content["peak_memory_bytes"] = max(self.content["peak_memory_bytes"], peak_memory())
        write_json(self._path, self.content)

    def stage(self, name: str, status: str, reason: str, summary: dict[str, Any] | None) -> None:
        """Record a stage: status done, kept, withheld, failed or interrupted."""
        entry: dict[str, Any] = {"name": name, "status": status, "reason": reason}
        if summary:
            entry |= {key: summary[key] for key in ("seconds", "cpu_seconds", "peak_memory_bytes", "counts", "made")}
            entry["fingerprint"] = summary["fingerprint"]["whole"]
            self.content["inputs"] |= summary["counts"].get("inputs", {})
            self.content["headline"] |= summary["counts"].get("headline", {})
            entry["counts"] = {k: v for k, v in entry["counts"].items() if k not in ("inputs", "headline")}
        self.content["stages"].append(entry)
        self.save()

    def end(self, status: str, exit_code: int, message: str | None = None) -> None:
        """Record how the run ended."""
        self.content |= {"status": status, "exit": int(exit_code), "finished": _now()}
        self.content["seconds"] = round(time.monotonic() - self._begun, 3)  # a clock may be put back
        if message:
            self.content["message"] = message
        self.save()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def peak_memory() -> int:
    """The most memory this process has used so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def machine() -> dict[str, Any]:
    """Cores and memory of this machine, not its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cores": os.cpu_count(), "memory_bytes": memory, "system": platform.system(), "kind": platform.machine()}


@functools.cache
def git_commit() -> str | None:
    """The commit of the checkout that the code runs from, with a + where files differ from it; None elsewhere."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()
