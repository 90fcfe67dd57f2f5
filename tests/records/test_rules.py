"""Rules of one's own are held to what is asked of them, before anything is read by them."""

from pathlib import Path

import pytest

from linkage.config.resources import config_file
from linkage.errors import ConfigError
from linkage.records import rules


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("identifiers", "[postcode]", "[postcodes]", "postcode: is missing"),
        (
            "identifiers",
            'temporary = ["9999999999"]',
            "temporary = 5",
            "uln.temporary: a list is expected, in brackets",
        ),
        ("identifiers", "2099-12-31, 2999", '"soon", 2999', "date.sentinels.9: input should be a valid date"),
        ("identifiers", '"^([A-Z]{1,2}', '"^(([A-Z]{1,2}', "postcode.form: is no regular expression"),
        ("names", "repeated_letter = true", "repeated_letters = true", "nearest: repeated_letter"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str, said: str
) -> None:
    """A list that was a text ended as an unforeseen error in the middle of a run, or was taken sign by sign."""
    shipped = config_file(f"records/{name}.toml").read_text(encoding="utf-8")
    assert old in shipped
    own = tmp_path / "own.toml"
    own.write_text(shipped.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(rules, "config_file", lambda _: own)
    read = {"identifiers": rules.identifier_rules, "names": rules.name_rules}[name]
    with pytest.raises(ConfigError) as refused:
        read.__wrapped__()
    assert str(refused.value).startswith(f"{own}: ")
    assert said in str(refused.value)
