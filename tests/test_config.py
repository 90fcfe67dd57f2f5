"""A run's file is checked whole: what is wrong inside its parts and what is wrong between them, all at once."""

from pathlib import Path

import pytest

from linkage.config import load
from linkage.errors import ConfigError

FAULTY = """
[run]
name = "x"
enginee = "duckdb"

[source.npd]
dataset = "npd"
table = "census"
files = ["x"]
fmt = 1

[source.npd.columns]
forname = "Forename"

[attributes.ks4]
dataset = "npd"
table = "ks4"
source = "npdd"
files = ["y"]

[[step]]
name = "s"
left = "people"
right = "ilr"
accept_probability = 2.0

[[step]]
name = "s"
left = "people"
right = "npd"
"""


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(FAULTY)
    with pytest.raises(ConfigError) as error:
        load(path)
    message = str(error.value)
    assert "8 faults" in message
    for fault in (
        "run.enginee: no such key; nearest: engine",
        "source.npd.fmt: no such key; nearest: format",
        "step.0.accept_probability: input should be less than or equal to 1",
        "step.0.right: no source 'ilr'; there are npd, people",
        "step.0: the first step has no people yet; name two sources",
        "step: two steps are named 's'",
        "attributes.ks4.source: no source 'npdd'; there are npd",
        "source.npd.columns: 'forname' is no role",
    ):
        assert fault in message


@pytest.mark.parametrize("text", ["[run]\nname = 1\nstep = 3", "source = 3\nstep = [1]\n[run]\nname = 'x'", "run = 5"])
def test_what_has_the_wrong_shape_is_a_fault_and_no_crash(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="fault"):
        load(path, data="elsewhere")


def test_what_no_value_can_be_is_named_with_its_key(tmp_path: Path) -> None:
    """A step that is a number was an unforeseen error, and no pair was accepted under a weight without end."""
    path = tmp_path / "run.toml"
    head = '[run]\nname = "a"\n[source.a]\ndataset = "npd"\ntable = "t"\nfiles = ["a.csv"]\n'
    step = '[[step]]\nname = "s"\nleft = "a"\nright = "a"\n'
    faults = {
        f"step = 5\n{head}": "step: one of several is expected: write [[step]] above it",
        f'{head}[outputs]\nkey_file = "a\\u0000"\n': "a text holds a NUL, which no file and no name has",
        head.replace("a.csv", "a\\u0000.csv"): "a text holds a NUL, which no file and no name has",
        head.replace("[source.a]", '[source."a\\u0000"]'): "a text holds a NUL, which no file and no name has",
        f"{head}{step}accept_probability = nan\n": "step.0.accept_probability",
    }
    for text, fault in faults.items():
        path.write_text(text)
        with pytest.raises(ConfigError) as error:
            load(path)
        assert fault in str(error.value)


KEPT = """
[run]
name = "x"

[source.a]
dataset = "npd"
table = "census"
files = ["x"]
keep = {keep}
"""


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ('["House Name"]', {"house_name": "House Name"}),
        ('{ national_number = "FNR" }', {"national_number": "FNR"}),
    ],
)
def test_columns_are_kept_under_their_own_or_another_name(tmp_path: Path, keep: str, expected: dict[str, str]) -> None:
    (tmp_path / "run.toml").write_text(KEPT.format(keep=keep))
    assert load(tmp_path / "run.toml").source["a"].keep == expected


@pytest.mark.parametrize(
    ("keep", "fault"),
    [
        ('{ number_all = "FNR" }', "does not end in _all"),
        ('{ one = "FNR", two = "FNR" }', "column 'FNR' is kept under two names"),
        ('["House Name", "house-name"]', "'House Name' and 'house-name' would both be kept as x_house_name"),
        ("3", "source.a.keep: a table is expected: { name = ... }"),
    ],
)
def test_a_name_to_keep_by_that_would_be_read_as_another_is_refused(tmp_path: Path, keep: str, fault: str) -> None:
    (tmp_path / "run.toml").write_text(KEPT.format(keep=keep))
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "run.toml")
    assert fault in str(error.value)


TYPED = """
[run]
name = "x"
threads = "2"

[source.a]
dataset = "npd"
table = "census"
files = "x"
format = { delimiter = ";;" }

[source.b]
dataset = "ilr"
table = "learners"
files = ["y"]

[[step]]
name = "s"
left = "a"
right = "b"
accept_probability = "0.9"
link_draws = true
train = "false"

[outputs]
longitudinal = "no"

[gates]
min_precision = "0.98"
"""


def test_a_value_of_another_type_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(TYPED)
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "run.toml")
    assert {line.strip() for line in str(error.value).splitlines()[1:]} == {
        "run.threads: a whole number is expected, without quotes",
        "source.a.files: a list is expected, in brackets",
        "source.a.format.delimiter: string should have at most 1 character",
        "step.0.accept_probability: a number is expected, without quotes",
        "step.0.link_draws: a whole number is expected, without quotes",
        "step.0.train: true or false is expected, without quotes",
        "outputs.longitudinal: true or false is expected, without quotes",
        "gates.min_precision: a number is expected, without quotes",
    }


STEPS = """
[run]
name = "x"

[source.a]
dataset = "npd"
table = "census"
files = ["x"]

[source.b]
dataset = "ilr"
table = "learners"
files = ["y"]

[[step]]
name = "first"
left = "a"
right = "{right}"

[[step]]
name = "second"
left = "people"
right = "{again}"
"""


@pytest.mark.parametrize(
    ("right", "again", "fault"),
    [
        ("a", "b", "step.0: left and right are both 'a': every record would be linked with itself"),
        ("b", "b", "step.1.right: people hold 'b' since step 'first': every record would be linked with itself"),
        ("b", "people", "step.1: left and right are both 'people': every record would be linked with itself"),
    ],
)
def test_a_step_whose_sides_hold_the_same_records_is_refused(
    tmp_path: Path, right: str, again: str, fault: str
) -> None:
    (tmp_path / "run.toml").write_text(STEPS.format(right=right, again=again))
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "run.toml")
    assert [line.strip() for line in str(error.value).splitlines()[1:]] == [fault]


def test_what_no_run_can_begin_with_is_named_before_it(tmp_path: Path) -> None:
    """A source without files ended in an error of the engine, and 100,000 threads held the machine up for minutes."""
    (tmp_path / "run.toml").write_text(
        '[run]\nname = "a"\nthreads = 100000\n[source.a]\ndataset = "npd"\ntable = "t"\nfiles = []\n'
        '[source.b]\ndataset = "npd"\ntable = "t"\nfiles = [""]\n[step]\nname = "s"\n'
    )
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "run.toml")
    assert [line.strip() for line in str(error.value).splitlines()[1:]] == [
        "run.threads: input should be less than or equal to 1024",
        'source.a.files: names no file; write for example ["people*.csv"]',
        'source.b.files: names no file; write for example ["people*.csv"]',
        "step: one of several is expected: write [[step]] above it",
    ]


def test_a_file_extends_another(tmp_path: Path) -> None:
    over = 'extends = "base.toml"\n[run]\nthreads = 3\n[[step]]\nname = "first"\nlink_draws = 5\n'
    (tmp_path / "run.toml").write_text(over)
    (tmp_path / "base.toml").write_text(ONE_STEP)
    run = load(tmp_path / "run.toml")
    assert (run.run.name, run.run.threads, [*run.source]) == ("x", 3, ["a", "b"])
    assert [(step.name, step.left, step.link_draws) for step in run.step] == [("first", "a", 5)]
    (tmp_path / "base.toml").write_text('extends = "leo.toml"')
    with pytest.raises(ConfigError, match=r"extends base\.toml, which extends another file"):
        load(tmp_path / "run.toml")


ONE_STEP = STEPS.partition('[[step]]\nname = "second"')[0].format(right="b")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            "review_probability = 0.97",
            "step.0 ('first'): review_probability = 0.97 lies above accept_probability = 0.5, from which a pair is linked",
        ),
        (
            "accept_probability = 0.6\nkeep_probability = 0.7",
            "keep_probability = 0.7 lies above accept_probability = 0.6",
        ),
    ],
)
def test_thresholds_of_which_one_would_have_no_effect_are_refused(tmp_path: Path, given: str, fault: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(ONE_STEP + given)
    with pytest.raises(ConfigError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}: 1 fault\n")
    assert fault in str(error.value)


# What is not given gives way.
@pytest.mark.parametrize("given", ["accept_probability = 0.4", "accept_probability = 0.8\nreview_probability = 0.8"])
def test_thresholds_that_agree_are_taken(tmp_path: Path, given: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(ONE_STEP + given)
    assert load(path).step[0].name == "first"


SETTABLE = """
[run]
name = "x"
[source.npd]
dataset = "npd"
table = "census"
files = ["x"]
[source.cis]
dataset = "cis"
table = "customers"
files = ["y"]
[[step]]
name = "npd-cis"
left = "npd"
right = "cis"
"""


def test_settings_replace_keys_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(SETTABLE)
    settings = [
        *("run.engine=spark", "run.threads=4", 'run.memory_limit="2GB"', "outputs.longitudinal=false"),
        *("step.npd-cis.accept_probability=0.9", 'source.npd.files=["a", "b"]', "source.npd.columns.dob=Birth"),
        *("gates.min_precision=0.5", "run.truth=2020", "source.npd.keep.house=House"),
    ]
    config = load(path, settings)
    assert (config.run.engine, config.run.threads, config.run.memory_limit) == ("spark", 4, "2GB")
    assert (config.step[0].accept_probability, config.gates.min_precision, config.run.truth) == (0.9, 0.5, "2020")
    assert config.source["npd"].files == ("a", "b")
    assert (config.source["npd"].columns, config.source["npd"].keep) == ({"dob": "Birth"}, {"house": "House"})
    assert not config.outputs.longitudinal


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("run.thread=4", "--set run.thread: no such key; nearest: threads"),
        ("step.npd-cs.left=x", "--set step.npd-cs.left: no such step; nearest: npd-cis"),
        ("source.hesa.files=x", "--set source.hesa.files: no such source; there are cis, npd"),
        ("run.threads=four", "--set run.threads: a whole number is expected"),
        ("run.threads=4.5", "--set run.threads: a whole number is expected"),
        ("step.npd-cis.accept_probability=2", "step.0.accept_probability: input should be less than or equal to 1"),
        ("run.threads", "write KEY=VALUE, for example run.threads=4"),
        ("run.threads.most=4", "--set run.threads.most: run.threads has no keys of its own"),
        ("step.npd-cis=x", "give a key of it: step.npd-cis.name="),
        ("run.engine=sql", "run.engine: input should be 'duckdb' or 'spark'"),
    ],
)
def test_a_setting_that_fits_no_key_is_named(tmp_path: Path, setting: str, message: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(SETTABLE)
    with pytest.raises(ConfigError) as error:
        load(path, [setting])
    assert message in str(error.value)
