"""Faults of a catalogue that somebody has added to: all at once, each with its file and
place.
"""

import pytest

from linkage.catalogue import load
from linkage.cli.catalogue import check
from linkage.errors import ConfigError

TABLE = """
dataset = "{name}"
title = "t"
owner = "o"

[table.persons]
title = "t"
grain = "g"
variable = [{variables}]
"""


def variable(name, **details):
    keys = "".join(f', {key} = "{value}"' for key, value in details.items())
    return (
        f'{{ name = "{name}", type = "string", concept = "c", identifiability = 2, '
        'sensitivity = "E", '
        f'description = "d"{keys} }}'
    )


def faults(folder, frames, **files):
    (folder / "frames.toml").write_text(frames)
    for file, (name, *variables) in files.items():
        (folder / f"{file}.toml").write_text(
            TABLE.format(name=name, variables=", ".join(variables))
        )
    with pytest.raises(ConfigError) as error:
        load(folder)
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_a_dataset_that_is_described_twice(tmp_path):
    """One file was copied with its first line unchanged: the first of the two
    was lost.
    """
    text = faults(
        tmp_path, "", a=("school", variable("A")), b=("school", variable("B"))
    )
    assert text == ["b.toml: dataset 'school' is described in another file already"]


def test_two_columns_of_one_role(tmp_path):
    text = faults(
        tmp_path,
        "",
        a=(
            "school",
            variable("HOME", role="postcode"),
            variable("TERM", role="postcode"),
        ),
    )
    assert text == [
        "a.toml: table.persons: two columns have the role 'postcode'; linkage would "
        "read only the first"
    ]


def test_sexes_in_another_language(tmp_path):
    frames = '[kjonn]\n1 = "Gutt"\n2 = "Jente"\n'
    text = faults(
        tmp_path, frames, a=("school", variable("KJONN", role="sex", frame="kjonn"))
    )
    assert text == [
        "a.toml: table.persons.KJONN: no label of frame 'kjonn' is Male or Female; no "
        "person's sex would be known"
    ]


def test_a_year_of_an_unknown_table(tmp_path):
    text = faults(
        tmp_path, "", a=("school", variable("LEFT", year_of="school.persons"))
    )
    assert text == [
        "school.persons.LEFT: year_of 'school.persons' is not a table with years; "
        'write it as "npd.ks4"'
    ]


def test_frames_that_cannot_be_read_and_wrong_labels(tmp_path):
    text = faults(tmp_path, "[a]\n1 = \n", a=("school", variable("A")))
    assert text[0].startswith("frames.toml: Invalid value (at line 2")
    text = faults(tmp_path, "[a]\n1 = 2\n", a=("school", variable("A")))
    assert text == [
        "frames.toml: a: a frame is a table of codes, each with a label in quotes"
    ]


def test_a_number_of_persons_that_an_extract_might_hold(tmp_path):
    number = variable("FNR", format="number").replace(
        "identifiability = 2", "identifiability = 5"
    )
    assert faults(tmp_path, "", a=("school", number)) == [
        "a.toml: table.persons.FNR: a number of a person has identifiability 1 or 2, "
        "so that no extract holds it"
    ]


def test_a_folder_without_a_catalogue_is_an_error(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            ConfigError,
            match=f"{folder}: no folder that holds a catalogue\n  give the folder of",
        ):
            check(folder)
