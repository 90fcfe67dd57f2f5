"""Which pairs reviewers have before them, told by one application at work on a run to the others.

It is a courtesy, and no lock: who is not told of, or no longer, is led to a pair that another answers first.
"""

import json
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from linkage.pipeline.atomic import write_json

Look = tuple[str, str, int]
"""A reviewer's name and role, and the place of the pair that they have before them."""

_LONGEST = 3600.0  # seconds that a pair is taken to be before somebody: an application may have been killed


class Looking:
    """Files of a folder, one for each application at work.

    Args:
        folder: made when something is told, and taken away by the last to leave.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = folder / f"{secrets.token_hex(8)}.json"

    def tell(self, looks: Sequence[Look]) -> None:
        """What the reviewers of this application have before them."""
        if not looks:
            self.close()
            return
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            write_json(self._own, looks)

    def of_others(self) -> list[Look]:
        """What those of the others have."""
        found: list[Look] = []
        for file in self._folder.glob("*.json"):
            with suppress(OSError, ValueError):
                if file != self._own and abs(time.time() - file.stat().st_mtime) < _LONGEST:
                    found += [(name, role, place) for name, role, place in json.loads(file.read_text("utf-8"))]
        return found

    def close(self) -> None:
        """Take back what was told."""
        with suppress(OSError):
            self._own.unlink(missing_ok=True)
            self._folder.rmdir()
