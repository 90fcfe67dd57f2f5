"""Phases of a Spark application: each job carries the name of the phase that asked for it, so that event logs tell."""

import json
import time
from pathlib import Path

from pyspark.sql import SparkSession


class Phases:
    """What an application is at, told to Spark as the description of its jobs.

    Attributes:
        seconds: of each phase so far, by its name, in the order of their beginnings.
    """

    def __init__(self, session: SparkSession) -> None:
        self._context = session.sparkContext
        self.seconds: dict[str, float] = {}
        self._context.setJobDescription("start")
        session.range(1).count()  # the first job waits for the executors, and is nobody's time
        self._name, self._began = "", time.monotonic()

    def begin(self, name: str) -> None:
        """End the phase before, if any, and begin one; a name that was there before goes on."""
        self._end()
        self._name = name
        self._context.setJobDescription(name)

    def write(self, path: Path) -> None:
        """End the last phase, and write seconds by phase as JSON."""
        self._end()
        path.write_text(json.dumps({name: round(took, 2) for name, took in self.seconds.items()}) + "\n")

    def _end(self) -> None:
        now = time.monotonic()
        if self._name:
            self.seconds[self._name] = self.seconds.get(self._name, 0.0) + now - self._began
        self._name, self._began = "", now
