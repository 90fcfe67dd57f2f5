"""A run's file is checked whole: what is wrong inside its parts and what is wrong
between them, all at once.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from linkage.config import RunConfig, load
from linkage.errors import ConfigError

STEP = '[[step]]\nname = "first"\nleft = "a"\nright = "b"\n'
STEP_2 = STEP.replace("first", "second").replace('"a"', '"people"')


def run_file(run: str = "", a: str = 'files = ["x"]', rest: str = "") -> str:
    """A run of two sources, with further keys of [run] and of the first source."""
    source = 'dataset = "npd"\ntable = "census"\n'
    return (
        "[run]\nname = "
        f'"x"\n{run}\n[source.a]\n{source}{a}\n[source.b]\n{source}files = '
        f'["y"]\n{rest}'
    )


def load_text(folder: Path, text: str, settings: Sequence[str] = ()) -> RunConfig:
    (folder / "run.toml").write_text(text)
    return load(folder / "run.toml", settings)


def faults(folder: Path, text: str, settings: Sequence[str] = ()) -> list[str]:
    """The lines of the error, without the file's name."""
    with pytest.raises(ConfigError) as error:
        load_text(folder, text, settings)
    return [
        line.strip()
        for line in str(error.value)
        .replace(f"{folder / 'run.toml'}: ", "")
        .splitlines()
    ]


FAULTY = run_file(
    'enginee = "duckdb"',
    'files = ["x"]\nfmt = 1\ncolumns = { forname = "Forename" }',
    '[attributes.ks4]\ndataset = "npd"\ntable = "ks4"\nsource = "npd"\nfiles = ["y"]\n'
    '[[step]]\nname = "s"\nleft = "people"\nright = "ilr"\naccept_probability = 2.0\n'
    '[[step]]\nname = "s"\nleft = "people"\nright = "b"\n',
)
TYPED = run_file(
    'threads = "2"',
    'files = "x"\nformat = { delimiter = ";;" }',
    f'{STEP}accept_probability = "0.9"\nlink_draws = true\ntrain = "false"\n'
    '[outputs]\nlongitudinal = "no"\n[gates]\nmin_precision = "0.98"\n',
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            FAULTY,
            {
                "run.enginee: no such key; nearest: engine",
                "source.a.fmt: no such key; nearest: format",
                "step.s.accept_probability: input should be less than or equal to 1",
                "step.s.right: no source 'ilr'; there are a, b, people",
                "step.s: the first step has no people yet; name two sources",
                "step: two steps are named 's'",
                "attributes.ks4.source: no source 'npd'; there are a, b",
            },
        ),
        (
            TYPED,
            {
                "run.threads: a whole number is expected, without quotes",
                "source.a.files: a list is expected, in brackets",
                "source.a.format.delimiter: string should have at most 1 character",
                "step.first.accept_probability: a number is expected, without quotes",
                "step.first.link_draws: a whole number is expected, without quotes",
                "step.first.train: true or false is expected, without quotes",
                "outputs.longitudinal: true or false is expected, without quotes",
                "gates.min_precision: a number is expected, without quotes",
            },
        ),
        (
            run_file("threads = 100000", "files = []", '[step]\nname = "s"\n').replace(
                '["y"]', '[""]'
            ),
            {
                "run.threads: input should be less than or equal to 1024",
                'source.a.files: names no file; write for example ["people*.csv"]',
                'source.b.files: names no file; write for example ["people*.csv"]',
                "step: one of several is expected: write [[step]] above it",
            },
        ),
    ],
)
def test_all_faults_of_a_file_come_at_once(
    tmp_path: Path, text: str, expected: set[str]
) -> None:
    count, *lines = faults(tmp_path, text)
    role = {
        line
        for line in lines
        if line.startswith("source.a.columns: 'forname' is no role")
    }
    assert (set(lines) - role, bool(role)) == (expected, text == FAULTY)
    assert count == f"{len(lines)} faults"


SAME = "every record would be linked with itself"
NUL = "not TOML: a text holds a NUL, which no file and no name has"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        # what has the wrong shape, and what no value can be, is no crash
        ("[run]\nname = 1\nstep = 3", "fault"),
        ("source = 3\nstep = [1]\n[run]\nname = 'x'", "fault"),
        ("run = 5", "fault"),
        (
            f"step = 5\n{run_file()}",
            "step: one of several is expected: write [[step]] above it",
        ),
        (run_file(rest='[outputs]\nkey_file = "a\\u0000"\n'), NUL),
        (run_file().replace("[source.a]", '[source."a\\u0000"]'), NUL),
        (
            run_file(rest=f"{STEP}accept_probability = nan\n"),
            "step.first.accept_probability",
        ),
        # names to keep a column by that would be read as another
        (
            run_file(a='files = ["x"]\nkeep = { number_all = "FNR" }'),
            "does not end in _all",
        ),
        (
            run_file(a='files = ["x"]\nkeep = { one = "F", two = "F" }'),
            "column 'F' is kept under two names",
        ),
        (
            run_file(a='files = ["x"]\nkeep = ["House Name", "house-name"]'),
            "would both be kept as x_house_name",
        ),
        (
            run_file(a='files = ["x"]\nkeep = 3'),
            "source.a.keep: a table is expected: { name = ... }",
        ),
        # a step whose sides hold the same records
        (
            run_file(rest=STEP.replace('"b"', '"a"')),
            f"step.first: left and right are both 'a': {SAME}",
        ),
        (
            run_file(rest=STEP + STEP_2),
            f"step.second.right: people hold 'b' since step 'first': {SAME}",
        ),
        (
            run_file(rest=STEP + STEP_2.replace('"b"', '"people"')),
            f"left and right are both 'people': {SAME}",
        ),
        # thresholds of which one would have no effect
        (
            run_file(rest=f"{STEP}review_probability = 0.97"),
            "step.first: review_probability = 0.97 lies above accept_probability = "
            "0.5, from which a pair is linked",
        ),
        (
            run_file(rest=f"{STEP}accept_probability = 0.6\nkeep_probability = 0.7"),
            "keep_probability = 0.7 lies above accept_probability = 0.6",
        ),
    ],
)
def test_a_fault_is_named_with_its_key(tmp_path: Path, text: str, fault: str) -> None:
    lines = faults(tmp_path, text)
    assert fault in "\n".join(lines)
    assert lines[0] == NUL or lines[0].endswith(("1 fault", "faults"))


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ('["House Name"]', {"house_name": "House Name"}),
        ('{ national_number = "FNR" }', {"national_number": "FNR"}),
    ],
)
def test_columns_are_kept_under_their_own_or_another_name(
    tmp_path: Path, keep: str, expected: dict[str, str]
) -> None:
    assert (
        load_text(tmp_path, run_file(a=f'files = ["x"]\nkeep = {keep}'))
        .source["a"]
        .keep
        == expected
    )


def test_a_file_extends_another(tmp_path: Path) -> None:
    extension = (
        'extends = "base.toml"\n[run]\nthreads = 3\n[[step]]\nname = '
        '"first"\nlink_draws = 5\n'
    )
    (tmp_path / "base.toml").write_text(run_file(rest=STEP))
    run = load_text(tmp_path, extension)
    assert (run.run.name, run.run.threads, [*run.source]) == ("x", 3, ["a", "b"])
    assert [(step.name, step.left, step.link_draws) for step in run.step] == [
        ("first", "a", 5)
    ]
    (tmp_path / "base.toml").write_text('extends = "leo.toml"')
    assert (
        "extends base.toml, which extends another file"
        in faults(tmp_path, extension)[0]
    )


@pytest.mark.parametrize(
    "keys",
    ["accept_probability = 0.4", "accept_probability = 0.8\nreview_probability = 0.8"],
)
def test_consistent_thresholds_are_taken_and_defaults_give_way(
    tmp_path: Path, keys: str
) -> None:
    assert load_text(tmp_path, run_file(rest=STEP + keys)).step[0].name == "first"


def test_settings_replace_keys_of_the_file(tmp_path: Path) -> None:
    settings = [
        *(
            "run.engine=spark",
            "run.threads=4",
            'run.memory_limit="2GB"',
            "outputs.longitudinal=false",
        ),
        *(
            "step.first.accept_probability=0.9",
            'source.a.files=["a", "b"]',
            "source.a.columns.dob=Birth",
        ),
        *("gates.min_precision=0.5", "run.truth=folder", "source.a.keep.house=House"),
    ]
    config = load_text(tmp_path, run_file(rest=STEP), settings)
    assert (config.run.engine, config.run.threads, config.run.memory_limit) == (
        "spark",
        4,
        "2GB",
    )
    assert (
        config.step[0].accept_probability,
        config.gates.min_precision,
        config.run.truth,
    ) == (0.9, 0.5, "folder")
    assert config.source["a"].files == ("a", "b")
    assert (config.source["a"].columns, config.source["a"].keep) == (
        {"dob": "Birth"},
        {"house": "House"},
    )
    assert not config.outputs.longitudinal


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("run.thread=4", "run.thread: no such key; nearest: threads"),
        ("step.firt.left=x", "--set step.firt.left: no such step; nearest: first"),
        (
            "source.hesa.files=x",
            "--set source.hesa.files: no such source; there are a, b",
        ),
        ("run.threads=four", "run.threads: a whole number is expected"),
        ("run.threads=4.5", "run.threads: a whole number is expected"),
        (
            "step.first.accept_probability=2",
            "step.first.accept_probability: input should be less than or equal to 1",
        ),
        ("run.threads", "write KEY=VALUE, for example run.threads=4"),
        ("run.name.most=4", "--set run.name.most: is not a key and its value"),
        ("run.engine=sql", "run.engine: input should be 'duckdb' or 'spark'"),
    ],
)
def test_a_setting_that_fits_no_key_is_named(
    tmp_path: Path, setting: str, message: str
) -> None:
    assert message in "\n".join(faults(tmp_path, run_file(rest=STEP), [setting]))
