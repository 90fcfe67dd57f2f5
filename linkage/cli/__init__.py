"""The `leo` command. Its modules parse arguments and print; the work is in the packages
below.
"""

import sys

from linkage import process
from linkage.errors import Stopped


def main() -> None:
    """The console script."""
    process.begin()
    try:
        # What a command needs takes a third of a second to import, and may be stopped
        # by then.
        from linkage.cli.app import command

        process.begin_arrow()
    except KeyboardInterrupt:
        error = Stopped()
        sys.stderr.write(f"leo: {error}\n")
        sys.exit(int(error.exit_code))
    command()
