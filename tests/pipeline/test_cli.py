"""The leo command: help, exit codes, and errors that say what to do."""

import json
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from linkage.cli.app import app
from linkage.cli.options import people_count
from linkage.cli.pipeline import plan_lines
from linkage.errors import GateError
from linkage.pipeline.plan import Decision
from linkage.pipeline.stage import Stage
from linkage.version import VERSION

RUN = """
[run]
name = "small"

[source.pupils]
dataset = "npd"
table = "census"
files = ["pupils/*.parquet"]
"""


def test_version(leo):
    assert leo("--version") == (0, f"leo {VERSION}\n", "")


def test_the_help_names_every_verb_and_the_exit_codes(output):
    text = output(0, "--help")
    for verb in (
        "demo",
        "synth",
        "run",
        "report",
        "extract",
        "catalogue",
        "model",
        "status",
    ):
        assert verb in text
    assert "3 a check or quality gate failed" in " ".join(text.split())


def test_the_help_has_eighteen_names_in_six_panels():
    command = typer.main.get_command(app)
    panels = Counter(
        verb.rich_help_panel for verb in command.commands.values() if not verb.hidden
    )
    assert (len(panels), panels.total()) == (6, 18)


@pytest.mark.parametrize(
    ("words", "expected"),
    [("leo sta", "status"), ("leo run --unt", "--until"), ("leo model sh", "show")],
)
def test_the_shell_completes_verbs_and_options(leo, monkeypatch, words, expected):
    monkeypatch.setenv("_LEO_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert leo()[1].split() == [expected]


def test_an_unknown_verb_is_a_usage_error(output):
    assert "frobnicate" in output(2, "frobnicate")


def test_a_missing_run_file_says_what_to_give(output):
    message = output(2, "run", "nosuch.toml")
    remedy = "give the path of a run's TOML file, for example configs/demo.toml"
    assert message == f"leo: nosuch.toml: no such file\n  {remedy}\n"


OTHERS = '[source.{0}]\ndataset = "npd"\ntable = "census"\nfiles = ["{0}/*.parquet"]\n'
STEP = '[[step]]\nname = "one"\nleft = "pupils"\nright = "others"\n'


@pytest.fixture
def check(output, tmp_path):
    """What `leo check`, which must end with this exit code, says of a run's file with
    this text.
    """

    def check(code: int, text: str) -> str:
        (tmp_path / "run.toml").write_text(text)
        return output(code, "check", tmp_path / "run.toml")

    return check


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            RUN.replace('name = "small"', 'name = "small"\nspine = ["nobody"]')
            + '[source.others]\ndataset = "nodata"\ntable = "x"\nfiles = ["x"]\n'
            + STEP
            + 'passes = "nopasses.toml"\nmodel = "nomodel.json"\n[outputs]\nprojects = '
            '["noproject.toml"]\n',
            [
                "run.toml: 5 faults\n",
                "source.others: the catalogue has no dataset 'nodata'",
                "run.spine: no source 'nobody'",
                "step.one.passes: no file 'nopasses.toml'",
                "step.one.model: no file 'nomodel.json'",
                "outputs.projects: no file 'noproject.toml'",
            ],
        ),
        # draws say whose each record of the right is: an extract's link sets were empty
        (
            RUN
            + '[source.wages]\ndataset = "cis"\ntable = "customers"\nfiles = ["x"]\n'
            + '[[step]]\nname = "one"\nleft = "wages"\nright = "pupils"\nlink_draws = '
            "3\n",
            [
                "step.one.link_draws: tax records stand on the left",
                'turn the sides: left = "pupils", right = "wages"',
            ],
        ),
        (
            RUN.replace("files", "fils"),
            ["source.pupils.fils: no such key; nearest: files"],
        ),
        (
            RUN + 'format = { type = "csv", date_format = "DD.MM.YYYY" }\n',
            [
                "source.pupils.format.date_format: date format 'DD.MM.YYYY' does not "
                "give a year, a month and a day",
                "write it with %Y or %y, %m or %b, and %d",
            ],
        ),
    ],
    ids=[
        "several",
        "link sets of tax records on the left",
        "misspelt key",
        "date format that gives no day",
    ],
)
def test_all_faults_of_a_run_come_at_once_with_their_keys(check, text, faults):
    message = check(3, text)
    assert [fault for fault in faults if fault not in message] == []


def test_a_model_that_names_other_columns_is_refused_before_any_work(check, tmp_path):
    level = {"sql_condition": '"shoe_l" = "shoe_r"', "label_for_charts": "equal"}
    model = {
        "link_type": "link_only",
        "comparisons": [
            {
                "output_column_name": "shoe",
                "comparison_levels": [level, {"sql_condition": "ELSE"}],
            }
        ],
        "blocking_rules_to_generate_predictions": ["l.dob = r.dob"],
    }
    (tmp_path / "shoes.json").write_text(json.dumps(model))
    outputs = "[outputs]\nlongitudinal = false\n"
    message = check(
        3, RUN + OTHERS.format("others") + STEP + 'model = "shoes.json"\n' + outputs
    )
    assert "step.one.model" in message
    assert "shoe" in message


def test_missing_sources_are_an_input_error(output, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(RUN)
    message = output(
        1, "run", file, "--data", tmp_path / "nowhere", "--out", tmp_path / "out"
    )
    assert f"{tmp_path / 'nowhere'}: no such folder" in message
    message = output(1, "run", file, "--data", tmp_path, "--out", tmp_path / "out")
    assert "source.pupils.files: no file matches 'pupils/*.parquet'" in message
    assert not (tmp_path / "out").exists()


def test_a_source_that_no_step_links_is_reported(check):
    text = (
        RUN
        + OTHERS.format("others")
        + OTHERS.format("forgotten")
        + STEP
        + 'model = "models/education.json"\n'
    )
    assert check(0, text).splitlines()[2:] == [
        "  source.forgotten: no step links it with anything"
    ]


def test_a_key_is_written_for_its_owner_only_and_never_over_another(output, tmp_path):
    file = tmp_path / "master.key"
    text = output(0, "extract", "key", "new", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in text
    before = file.read_text()
    assert "is there already" in output(2, "extract", "key", "new", file)
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ((), "npd "),
        (("npd",), "npd.census"),
        (("npd.census",), "UPN"),
        (("npd.census.UPN",), "identifiability: 1"),
    ],
)
def test_the_catalogue_is_shown_at_every_depth(output, name, expected):
    assert expected in output(0, "catalogue", "show", *name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nodata", "the catalogue has no dataset 'nodata'"),
        ("npd.nothing", "no table 'npd.nothing'"),
        ("npd.census.UPNN", "nearest: UPN"),
    ],
)
def test_a_name_the_catalogue_lacks_is_reported(output, name, message):
    assert message in output(2, "catalogue", "show", name)


def test_the_shipped_catalogue_passes_and_faults_of_another_are_named(
    leo, output, tmp_path
):
    assert leo("catalogue", "check")[0] == 0
    (tmp_path / "bad.toml").write_text("dataset = 1\n")
    assert "bad.toml" in output(3, "catalogue", "check", tmp_path)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("20000", 20_000),
        ("20_000", 20_000),
        ("1e6", 1_000_000),
        ("250k", 250_000),
        ("1.5m", 1_500_000),
    ],
)
def test_numbers_of_people_may_be_written_short(text, people):
    assert people_count(text) == people


@pytest.mark.parametrize("text", ["", "many", "0", "-5", "1.5", "nan", "inf"])
def test_an_invalid_number_of_people_is_a_usage_error(output, tmp_path, text):
    assert "people" in output(2, "synth", f"--people={text}", "--out", tmp_path / "out")


def test_reports_and_extracts_need_a_run(output, tmp_path):
    assert "is not a run folder" in output(2, "report", tmp_path)
    assert "is not a run folder" in output(
        2, "extract", tmp_path, "projects/graduate-earnings.toml"
    )


@pytest.mark.parametrize(
    "verb",
    [
        "report",
        "publish",
        "report outcomes",
        "report compare",
        "explain",
        "review estimate",
    ],
)
def test_a_folder_of_an_earlier_version_is_refused_with_the_version_and_the_remedy(
    output, tmp_path, verb
):
    manifest = {
        "format": 1,
        "run": "small",
        "versions": {"leo-linkage": "0.2.0"},
        "configuration": {},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    arguments = {
        "publish": ["--to", tmp_path.parent / "releases"],
        "report outcomes": ["--out", tmp_path / "out"],
        "report compare": [tmp_path],
        "explain": ["--pair", "1", "2"],
        "review estimate": ["--step", "step"],
    }
    message = output(1, *verb.split(), tmp_path, *arguments.get(verb, []))
    assert message.startswith(
        f"leo: {tmp_path}: was made by leo-linkage 0.2.0, whose format leo-linkage "
    )
    assert "does not read\n  make the run again in a new folder" in message


def test_a_damaged_manifest_is_named_with_what_to_do(output, tmp_path):
    (tmp_path / "manifest.json").write_text('{"format": "1.0", "ru')
    for verb in ("report", "explain", "model tune", "review"):
        message = output(
            2,
            *verb.split(),
            tmp_path,
            *(["--pair", "1", "2"] if verb == "explain" else []),
        )
        assert "manifest.json: is damaged" in message
        assert "make the run again" in message


def test_nothing_leaves_a_run_that_a_gate_stopped(output, tmp_path):
    manifest = {
        "format": "1.0",
        "run": "small",
        "exit": 3,
        "status": "gate failed",
        "configuration": {},
        "versions": {},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    message = output(3, "extract", tmp_path, "projects/graduate-earnings.toml")
    assert "the run's status is 'gate failed', so nothing may leave it" in message
    assert "finish it" not in message


def test_a_population_folder_is_not_called_a_run_of_another_version(output, tmp_path):
    (tmp_path / "manifest.json").write_text(
        '{"people": 20000, "preset": "realistic", "format": "parquet"}'
    )
    for verb in ("report", "publish", "model tune"):
        message = output(2, *verb.split(), tmp_path)
        assert "is not a run folder" in message
        assert "version" not in message


def test_the_output_folder_of_outcomes_is_checked_before_any_work(output, tmp_path):
    run, out = tmp_path / "run", tmp_path / "letters"
    run.mkdir()
    out.mkdir()
    (out / "kept.txt").write_text("mine")
    manifest = {
        "format": "1.0",
        "run": "small",
        "exit": 0,
        "status": "done",
        "configuration": {},
        "engine": "duckdb",
    }
    (run / "manifest.json").write_text(json.dumps(manifest))
    message = output(1, "report", "outcomes", run, "--out", out)
    assert "give a new or an empty folder with --out" in message
    assert "reading" not in message


@pytest.fixture
def failure(monkeypatch) -> Callable[[BaseException], None]:
    """Makes `leo catalogue check` raise an error that the test gives."""

    def fail(error: BaseException) -> None:
        def load(folder: object) -> None:
            raise error

        monkeypatch.setattr("linkage.cli.catalogue.load", load)

    return fail


def test_a_failed_gate_has_its_own_exit_code(leo, failure):
    failure(GateError("gate min_precision: 0.9"))
    assert leo("catalogue", "check") == (3, "", "leo: gate min_precision: 0.9\n")


def test_an_unexpected_error_is_one_line_and_a_trace_without_values(output, failure):
    canary = "-".join(["CANARY", "NAME"])
    failure(RuntimeError(f"could not convert {canary}"))
    message = output(1, "catalogue", "check")
    assert message.startswith("leo: unexpected RuntimeError at ")
    trace = Path(message.strip().rpartition(": ")[2])
    trace_text = trace.read_text()
    trace.unlink()
    assert canary not in message + trace_text
    assert "in check" in trace_text


def test_ctrl_c_gives_exit_code_130_and_a_message(leo, failure):
    """Typer ended it without a message."""
    failure(KeyboardInterrupt())
    assert leo("catalogue", "check") == (
        130,
        "",
        "leo: stopped\n  the same command can be given again\n",
    )


def test_ctrl_c_while_arguments_are_parsed_gives_the_same_message(leo, monkeypatch):
    """Ctrl-C in the first second gave no message."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("typer.core.TyperGroup.parse_args", interrupt)
    assert leo("catalogue", "check") == (
        130,
        "",
        "leo: stopped\n  the same command can be given again\n",
    )


def test_a_plan_is_shown_with_its_reasons():
    decisions = [
        Decision(Stage("records-npd", dict), "keep", "up to date"),
        Decision(Stage("spine", dict), "run", "new"),
    ]
    assert plan_lines(decisions, Path("runs/x")) == [
        "runs/x: 1 of 2 stages would run",
        "   1 keep records-npd  up to date",
        "   2 run  spine        new",
    ]


def test_compare_shows_links_that_a_second_run_changes(linked_village, village, leo):
    village.change("train = false", "train = false\naccept_probability = 0.9999999")
    village.runner().run()
    code, text, _ = leo("report", "compare", linked_village.root, village.root)
    code, json_text, _ = leo(
        "report", "compare", linked_village.root, village.root, "--json"
    )
    assert code == 0
    assert "step.npd-cis.accept_probability" in text
    assert "\nStep npd-cis\n" in text
    assert "\nThresholds (match weight)\n" in text
    (step,) = json.loads(json_text)["steps"]
    assert step["gained"] == 0
    assert step["lost"] > 0
    assert step["before"] == step["kept"] + step["other_pass"] + step["lost"] == 100
    assert "PMR000" not in text + json_text


def test_compare_needs_two_runs(linked_village, output, tmp_path):
    assert "no manifest.json" in output(
        2, "report", "compare", linked_village.root, tmp_path
    )


@pytest.mark.parametrize(
    "words",
    [
        "check CONFIG",
        "plan CONFIG --out RUN --key KEY",
        "status RUN",
        "report compare RUN RUN",
        "model show RUN",
        "explain RUN --person 4",
        "catalogue show",
        "catalogue show npd",
        "catalogue show npd.census",
        "catalogue show npd.census.Gender",
        "catalogue packages",
        "catalogue packages demographics",
        "disclosure profiles",
        "request check configs/projects/graduate-earnings.toml",
        "request status configs/projects/graduate-earnings.toml",
        "request verify configs/projects/register.jsonl",
        "extract verify RUN/extracts/village-study",
    ],
)
def test_commands_that_report_also_print_json(linked_village, output, words):
    places = {
        "CONFIG": linked_village.config,
        "RUN": linked_village.root,
        "KEY": linked_village.key,
    }
    for name, place in places.items():
        words = words.replace(name, str(place))
    text = output(0, *words.split(), "--json")
    assert json.loads(text)
