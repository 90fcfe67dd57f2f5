"""Vega, Vega-Lite and vega-embed as one script, packed: bundled once for each version of vl-convert, and kept.

vl-convert takes two seconds to bundle what it carries, and gives the same text each time. The text is kept where a
user's caches are, under a name that says of what it was made; where it cannot be kept, it is made each time.
"""

import functools
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import vl_convert

from quality.report.drawing import packed

_VERSION: str = vl_convert.__version__  # type: ignore[attr-defined,unused-ignore]
_BEFORE, _AFTER = "(() => {", "})()"  # names of the bundle are none of the page


@functools.cache
def script() -> str:
    """The script as base64 of gzip."""
    place = _place()
    kept = _read(place) if place else None
    if kept is None:
        bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg,unused-ignore]
        kept = packed(f"{_BEFORE}{bundle}{_AFTER}")
        if place:
            with suppress(OSError):
                _keep(kept, place)
    return kept


def _place() -> Path | None:
    """The file of this version, or None where the user has no folder for caches."""
    made_of = hashlib.sha256(f"{_VERSION}\n{_BEFORE}\n{_AFTER}".encode()).hexdigest()[:16]
    try:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return caches / "leo-linkage" / f"vega-{made_of}.txt" if caches.is_absolute() else None


def _read(place: Path) -> str | None:
    """What is kept, if it is whole and this user's own: who else puts a script there puts it into published pages."""
    try:
        with place.open(encoding="ascii") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            digest, _, text = file.read().partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return text if hashlib.sha256(text.encode()).hexdigest() == digest else None


def _keep(text: str, place: Path) -> None:
    """Whole or not at all, since another run may be reading."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with open(handle, "w", encoding="ascii") as file:
            file.write(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
        os.replace(name, place)
    except BaseException:
        os.unlink(name)
        raise
