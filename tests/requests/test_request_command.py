"""`leo request` from the first check to the public page."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage.config.resources import config_file

Leo = Callable[..., tuple[int, str, str]]


@pytest.fixture
def leo(leo: Leo) -> Leo:
    """Runs `leo request`."""
    return functools.partial(leo, "request")


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    """The demo's request in a folder without a register."""
    path = tmp_path / "study.toml"
    path.write_text(config_file("projects/graduate-earnings.toml").read_text())
    return path


DECISION = ("--reference", "D-1", "--date", "2026-01-15")


def test_a_request_is_checked_submitted_decided_and_published(
    leo: Leo, request_file: Path, tmp_path: Path
) -> None:
    register = tmp_path / "register.jsonl"
    population = (
        "those with a row in hesa.qualifications 2006/07-2018/19 or npd.ks4 "
        "2002/03-2014/15"
    )
    assert f"  of {population}\n" in leo("check", request_file)[1]
    assert leo("status", request_file)[1].startswith("graduate-earnings: draft\n")
    assert leo("submit", request_file, "--date", "2026-01-14")[0] == 0
    assert "submitted" in leo("status", request_file)[1]
    code, output, _ = leo(
        "decide", request_file, "conditions", *DECISION, "--condition", "Ask first."
    )
    assert code == 0
    assert "D-1" in output
    code, output, _ = leo("status", request_file)
    assert output.startswith(
        "graduate-earnings: approved\n  D-1 of 2026-01-15, until 2031-01-14\n  Ask "
        "first.\n"
    )
    register_hash = leo("verify", register)[1].rsplit(" ", 1)[-1].strip()
    assert leo("verify", register, "--published", register_hash[:12])[0] == 0
    code, output, _ = leo(
        "publish", register, "--out", tmp_path / "public", "--date", "2026-02-01"
    )
    assert output.split() == [
        str(tmp_path / "public" / name) for name in ("index.html", "register.csv")
    ]
    assert (
        leo("withdraw", register, "D-1", "--reason", "Ended.", "--date", "2026-03-01")[
            0
        ]
        == 0
    )
    assert leo("status", request_file)[1].startswith("graduate-earnings: withdrawn")


def test_the_status_of_an_approval_names_what_stops_the_extract(
    leo: Leo, request_file: Path
) -> None:
    """An accreditation that has ended since is shown in the status, not only when the
    extract is refused.
    """
    text = request_file.read_text()
    first = text.index("accredited_until")
    text = text[:first] + text[first:].replace("2031-01-31", "2026-01-20", 1)
    request_file.write_text(text)
    assert leo("decide", request_file, "approve", *DECISION)[0] == 0
    output = leo("status", request_file)[1]
    assert output.startswith(
        "graduate-earnings: approved, and nothing may leave\n  D-1 of 2026-01-15"
    )
    assert (
        "  person 1, accredited_until: the accreditation ended on 2026-01-20\n"
        in output
    )


def test_faults_come_with_rule_and_remedy(leo: Leo, request_file: Path) -> None:
    text = request_file.read_text().replace(
        '"FSMeligible"', '"FSMeligble", "Gender", "UPN"'
    )
    request_file.write_text(text.replace('lawful_basis = "public-task"\n', ""))
    code, _, message = leo("check", request_file)
    assert code == 3
    assert f"{request_file}: 4 faults" in message
    for line in (
        "lawful_basis: it is none of the bases in law",
        "table npd.census, variable FSMeligble: there is no variable 'FSMeligble'",
        "remedy: nearest: FSMeligible",
        "identifiable: items of identifiability 1 and 2 are shared by exemption alone",
        "table npd.census, variable Gender: Gender is asked for without a reason",
    ):
        assert line in message
    for command in (("submit",), ("decide",)):
        arguments = ("approve", *DECISION) if command == ("decide",) else ()
        assert leo(*command, request_file, *arguments)[0] == 2
    assert not request_file.with_name("register.jsonl").exists()
    assert (
        leo("decide", request_file, "reject", *DECISION, "--reason", "Four faults.")[0]
        == 0
    )
    assert "Four faults." in leo("status", request_file)[1]


def test_a_register_that_was_changed_has_an_exit_code_of_its_own(
    leo: Leo, request_file: Path
) -> None:
    register = request_file.with_name("register.jsonl")
    leo("decide", request_file, "approve", *DECISION)
    register.write_bytes(register.read_bytes().replace(b"D-1", b"D-2"))
    for command in (
        ("verify", register),
        ("status", request_file),
        ("publish", register),
    ):
        code, _, message = leo(*command)
        assert code == 3
        assert "line 1 was changed" in message


def test_an_exempt_item_that_names_a_person_is_still_in_no_extract(
    leo: Leo, request_file: Path
) -> None:
    text = request_file.read_text().replace(
        '"SENprovision"]', '"SENprovision", "DateOfBirth"]', 1
    )
    justification = 'justification = "Background at school'
    request_file.write_text(
        text.replace(
            justification,
            f'exemptions = {{ DateOfBirth = "EX-1" }}\n{justification}',
            1,
        )
    )
    code, output, _ = leo("check", request_file)
    assert code == 0
    assert "npd.census.DateOfBirth: its identifiability is 2" in output
