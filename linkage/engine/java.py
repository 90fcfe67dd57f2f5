"""Where Spark is, and its Java runtime."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from linkage.errors import ConfigError
from linkage.extras import require

OLDEST = 17  # Spark 4 runs on Java 17 and later

LOGGING = Path(__file__).with_name("log4j2.properties")
"""What Spark's Java processes may write: nothing that quotes a row."""

_REMEDY = (
    "  install one, for example: apt-get install default-jre-headless\n"
    f"  or set JAVA_HOME to the folder of a Java runtime of version {OLDEST} or later"
)


def find_java() -> Path:
    """The java command: that of JAVA_HOME where it is set, else the first on PATH.

    Raises:
        ConfigError: there is none, or it is too old; the message says what to install.
    """
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else Path(shutil.which("java") or "")
    if home and not java.is_file():
        raise ConfigError(
            f"engine 'spark': JAVA_HOME is {home}, which holds no bin/java\n{_REMEDY}"
        )
    if not java.is_file():
        raise ConfigError(
            f"engine 'spark' needs a Java runtime, and there is none\n{_REMEDY}"
        )
    version = _major(java)
    if version is None:
        raise ConfigError(
            f"engine 'spark': {java} does not run, or does not say its "
            f"version\n{_REMEDY}"
        )
    if version < OLDEST:
        raise ConfigError(
            f"engine 'spark' needs Java {OLDEST} or later; {java} is version "
            f"{version}\n{_REMEDY}"
        )
    return java


def spark_home() -> Path:
    """Where pyspark keeps Spark's own programs: spark-submit, spark-class.

    Raises:
        ConfigError: pyspark is not installed.
    """
    require("engine 'spark'", "spark")
    package = importlib.util.find_spec("pyspark")
    assert package
    assert package.origin
    return Path(package.origin).parent


def _major(java: Path) -> int | None:
    """11 of "11.0.2", 8 of "1.8.0"; None where it does not say, being broken, of
    another machine or not to be run.
    """
    try:
        answer = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=300, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(match.group(1)) if match else None
