"""What a command writes is for its owner only, whatever the umask; a run's file may
name a group.
"""

import grp
import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.errors import ConfigError
from linkage.process import readable_by_others, share


def leo(*arguments: str | Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from linkage.cli import main; main()",
        *map(str, arguments),
    ]
    process = subprocess.run(command, capture_output=True, text=True, umask=0)
    assert process.returncode == 0, process.stderr


def modes(root: Path) -> set[tuple[str, int]]:
    paths = [root, *root.rglob("*")]
    assert len(paths) > 5
    return {
        ("folder" if path.is_dir() else "file", stat.S_IMODE(path.stat().st_mode))
        for path in paths
    }


OWNER_ONLY = {("folder", 0o700), ("file", 0o600)}


def test_all_that_a_run_writes_is_for_its_owner_only(village, tmp_path):
    leo("run", village.config, "--key", village.key, "--out", tmp_path / "out")
    assert modes(tmp_path / "out") == OWNER_ONLY


def test_all_that_a_run_writes_is_for_the_group_that_its_file_names(village, tmp_path):
    village.change(
        "[run]\n", f'[run]\ngroup = "{grp.getgrgid(os.getegid()).gr_name}"\n'
    )
    leo("run", village.config, "--key", village.key, "--out", tmp_path / "out")
    group_modes = {("folder", 0o750), ("folder", 0o2750), ("file", 0o640)}
    assert modes(tmp_path / "out") <= group_modes
    assert {path.stat().st_gid for path in (tmp_path / "out").rglob("*")} == {
        os.getegid()
    }


def test_all_that_leo_link_and_leo_dedupe_write_is_for_their_owner_only(tmp_path):
    names = [
        "Ada",
        "Bob",
        "Cyd",
        "Dan",
        "Eve",
        "Fay",
        "Gus",
        "Hal",
        "Ida",
        "Jon",
        "Kit",
        "Lea",
        "Max",
        "Nia",
        "Oli",
    ]
    families = [
        "Ashby",
        "Brook",
        "Crane",
        "Drake",
        "Ellis",
        "Frost",
        "Grove",
        "Heath",
        "Irwin",
        "Jones",
    ]
    draw = random.Random(2026)
    people = [
        f"{number},{draw.choice(names)},{draw.choice(families)},{draw.randint(1950, 1999)}-{draw.randint(1, 12):02}-"
        f"{draw.randint(1, 28):02},{draw.choice('MF')},NE{draw.randint(1, 60)} "
        f"{draw.randint(1, 9)}AB"
        for number in range(400)
    ]
    for side, rows in (("a", people), ("b", people[:-20])):
        (tmp_path / f"{side}.csv").write_text(
            "\n".join(["id,forename,surname,date_of_birth,sex,postcode", *rows]) + "\n"
        )
    leo("link", tmp_path / "a.csv", tmp_path / "b.csv", "--out", tmp_path / "linked")
    leo("dedupe", tmp_path / "a.csv", "--out", tmp_path / "deduped")
    leo("synth", "--people", "300", "--workers", "1", "--out", tmp_path / "made")
    for folder in ("linked", "deduped", "made"):
        assert modes(tmp_path / folder) == OWNER_ONLY, folder


def test_a_group_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no group 'nosuchgroup'"):
        share(tmp_path / "run", "nosuchgroup")


@pytest.mark.parametrize(
    ("mode", "has_warning"),
    [(0o755, True), (0o701, True), (0o750, False), (0o700, False)],
)
def test_a_run_folder_that_every_user_may_read_is_warned_of(
    mode, has_warning, tmp_path
):
    tmp_path.chmod(mode)
    assert (
        f"chmod -R o= {tmp_path}" in (readable_by_others(tmp_path) or "")
    ) is has_warning
