"""Own vocabularies are checked against what is read of them: a misspelt key was an
unexpected error, or ignored.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.config.resources import OWN, shipped_dir
from linkage.errors import ConfigError
from linkage.files import profile, vocabulary
from linkage.records import rules
from linkage.spine.build import _band

READERS: dict[str, Callable[[], Any]] = {
    "unknown.toml": profile._rules.__wrapped__,
    "common_names.toml": vocabulary.common_names.__wrapped__,
    "recognise.toml": vocabulary.vocabulary.__wrapped__,
    "bands.toml": _band,
    "records/identifiers.toml": rules.identifier_rules.__wrapped__,
    "records/names.toml": rules.name_rules.__wrapped__,
}


@pytest.fixture
def error_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, str], str]:
    """The error of an own file that differs from the shipped one."""

    def message_of(name: str, old: str, new: str) -> str:
        shipped = (shipped_dir() / name).read_text(encoding="utf-8")
        assert old in shipped
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(shipped.replace(old, new, 1), encoding="utf-8")
        monkeypatch.setenv(OWN, str(tmp_path))
        with pytest.raises(ConfigError) as fault:
            READERS[name]()
        return str(fault.value).replace(f"{tmp_path}/", "")

    return message_of


@pytest.mark.parametrize("name", READERS)
def test_shipped_vocabularies_are_read(name: str) -> None:
    assert READERS[name]()


@pytest.mark.parametrize("name", READERS)
def test_a_vocabulary_that_is_no_toml_is_named(
    name: str, error_of: Callable[[str, str, str], str]
) -> None:
    assert error_of(name, "\n", "\n= nothing\n").startswith(
        f"{name}: not TOML: Invalid statement (at line 2"
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        (
            "unknown.toml",
            "times = 20",
            "tims = 20",
            "common.tims: no such key; nearest: times",
        ),
        (
            "unknown.toml",
            "share = 0.01",
            "share = 1.01",
            "common.share: input should be less than or equal to 1",
        ),
        (
            "unknown.toml",
            'programs = ["NA"',
            'programs = ["NA", 7',
            "written_by_programs.1: input should be a valid string",
        ),
        (
            "recognise.toml",
            "[field.dob]\nnames",
            "[field.dob]\nname",
            "field.dob.name: no such key; nearest: names",
        ),
        (
            "recognise.toml",
            "noise = [",
            "nois = [",
            "nois: no such key; nearest: noise",
        ),
        (
            "recognise.toml",
            'noise = ["',
            'noise = [1, "',
            "noise.0: input should be a valid string",
        ),
        (
            "bands.toml",
            "probability = 0.9999",
            "probability = 99.99",
            "band.0.probability: input should be less than",
        ),
        (
            "records/identifiers.toml",
            "[postcode]",
            "[postcodes]",
            "postcode: is missing",
        ),
        (
            "records/identifiers.toml",
            'temporary = ["9999999999"]',
            "temporary = 5",
            "uln.temporary: a list is expected, in brackets",
        ),
        (
            "records/identifiers.toml",
            "2099-12-31, 2999",
            '"soon", 2999',
            "date.sentinels.9: input should be a valid date",
        ),
        (
            "records/identifiers.toml",
            '"^([A-Z]{1,2}',
            '"^(([A-Z]{1,2}',
            "postcode.form: is no regular expression",
        ),
        (
            "records/names.toml",
            "repeated_letter = true",
            "repeated_letters = true",
            "nearest: repeated_letter",
        ),
        ("bands.toml", "[[band]]", "[[bands]]", "bands: no such key; nearest: band"),
    ],
)
def test_a_fault_of_a_vocabulary_is_named_with_its_place(
    name: str, old: str, new: str, fault: str, error_of: Callable[[str, str, str], str]
) -> None:
    message = error_of(name, old, new)
    assert message.startswith(f"{name}: ")
    assert fault in message
