"""The leo command: help, exit codes, and errors that say what to do."""

import json
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from linkage import __version__
from linkage.cli.app import app
from linkage.cli.options import people_count
from linkage.cli.pipeline import plan_lines
from linkage.errors import GateError
from linkage.pipeline.plan import Decision
from linkage.pipeline.stage import Stage

RUN = """
[run]
name = "small"

[source.pupils]
dataset = "npd"
table = "census"
files = ["pupils/*.parquet"]
"""


def test_version(leo):
    assert leo("--version") == (0, f"leo {__version__}\n", "")


def test_the_help_names_every_verb_and_the_exit_codes(leo):
    code, shown, _ = leo("--help")
    assert code == 0
    for verb in ("demo", "synth", "run", "report", "extract", "catalogue", "model", "status"):
        assert verb in shown
    assert "3 a check or quality gate failed" in " ".join(shown.split())


def test_the_help_has_eighteen_names_in_six_panels():
    command = typer.main.get_command(app)
    panels = Counter(verb.rich_help_panel for verb in command.commands.values() if not verb.hidden)
    assert (len(panels), panels.total()) == (6, 18)


@pytest.mark.parametrize(
    ("words", "expected"), [("leo sta", "status"), ("leo run --unt", "--until"), ("leo model sh", "show")]
)
def test_the_shell_completes_verbs_and_options(leo, monkeypatch, words, expected):
    monkeypatch.setenv("_LEO_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert leo()[1].split() == [expected]


def test_an_unknown_verb_is_a_usage_error(leo):
    code, _, said = leo("frobnicate")
    assert code == 2
    assert "frobnicate" in said


def test_a_missing_run_file_says_what_to_give(leo):
    code, _, said = leo("run", "nosuch.toml")
    assert code == 2
    assert (
        said == "leo: nosuch.toml: no such file\n  give the path of a run's TOML file, for example configs/demo.toml\n"
    )


def test_all_faults_of_a_run_come_at_once_with_their_keys(leo, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(
        RUN.replace('name = "small"', 'name = "small"\nspine = ["nobody"]')
        + '[source.others]\ndataset = "nodata"\ntable = "x"\nfiles = ["x"]\n'
        + '[[step]]\nname = "one"\nleft = "pupils"\nright = "others"\n'
        + 'passes = "nopasses.toml"\nmodel = "nomodel.json"\n'
        + '[outputs]\nprojects = ["noproject.toml"]\n'
    )
    code, _, said = leo("check", file)
    assert code == 3
    assert said.startswith(f"leo: {file}: 5 faults\n")
    for fault in (
        "source.others: the catalogue has no dataset 'nodata'",
        "run.spine: no source 'nobody'",
        "step.one.passes: no file 'nopasses.toml'",
        "step.one.model: no file 'nomodel.json'",
        "outputs.projects: no file 'noproject.toml'",
    ):
        assert fault in said


def test_link_sets_of_tax_records_on_the_left_are_refused(leo, tmp_path):
    """Draws say whose each record of the right is: an extract's link sets were empty."""
    file = tmp_path / "run.toml"
    file.write_text(
        RUN
        + '[source.wages]\ndataset = "cis"\ntable = "customers"\nfiles = ["x"]\n'
        + '[[step]]\nname = "one"\nleft = "wages"\nright = "pupils"\nlink_draws = 3\n'
    )
    code, _, said = leo("check", file)
    assert code == 3
    assert "step.one.link_draws: tax records stand on the left" in said
    assert 'turn the sides: left = "pupils", right = "wages"' in said


def test_a_misspelt_key_is_refused_with_the_nearest(leo, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(RUN.replace("files", "fils"))
    code, _, said = leo("check", file)
    assert code == 3
    assert "source.pupils.fils: no such key; nearest: files" in said


def test_a_model_that_names_other_columns_is_refused_before_any_work(leo, tmp_path):
    level = {"sql_condition": '"shoe_l" = "shoe_r"', "label_for_charts": "equal"}
    model = {
        "link_type": "link_only",
        "comparisons": [
            {"output_column_name": "shoe", "comparison_levels": [level, {"sql_condition": "ELSE"}]},
        ],
        "blocking_rules_to_generate_predictions": ["l.dob = r.dob"],
    }
    (tmp_path / "shoes.json").write_text(json.dumps(model))
    file = tmp_path / "run.toml"
    file.write_text(
        RUN
        + '[source.others]\ndataset = "npd"\ntable = "census"\nfiles = ["others/*.parquet"]\n'
        + '[[step]]\nname = "one"\nleft = "pupils"\nright = "others"\nmodel = "shoes.json"\n'
        + "[outputs]\nlongitudinal = false\n"
    )
    code, _, said = leo("check", file)
    assert code == 3
    assert "step.one.model" in said
    assert "shoe" in said


def test_missing_sources_are_an_input_error(leo, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(RUN)
    code, _, said = leo("run", file, "--data", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert code == 1
    assert f"{tmp_path / 'nowhere'}: no such folder" in said
    code, _, said = leo("run", file, "--data", tmp_path, "--out", tmp_path / "out")
    assert code == 1
    assert "source.pupils.files: no file matches 'pupils/*.parquet'" in said
    assert not (tmp_path / "out").exists()


def test_a_source_that_no_step_links_is_told_of(leo, tmp_path):
    others = '[source.{0}]\ndataset = "npd"\ntable = "census"\nfiles = ["{0}/*.parquet"]\n'
    file = tmp_path / "run.toml"
    file.write_text(
        RUN
        + others.format("others")
        + others.format("forgotten")
        + '[[step]]\nname = "one"\nleft = "pupils"\nright = "others"\nmodel = "models/education.json"\n'
    )
    code, said, _ = leo("check", file)
    assert code == 0
    assert said.splitlines()[2:] == ["  source.forgotten: no step links it with anything"]


def test_a_date_format_that_gives_no_day_is_named_before_any_work(leo, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(RUN + 'format = { type = "csv", date_format = "DD.MM.YYYY" }\n')
    code, _, said = leo("check", file)
    assert code == 3
    assert "source.pupils.format.date_format: date format 'DD.MM.YYYY' does not give a year, a month and a day" in said
    assert "write it with %Y or %y, %m or %b, and %d" in said


def test_a_key_is_written_for_its_owner_alone_and_never_over_another(leo, tmp_path):
    file = tmp_path / "master.key"
    code, shown, _ = leo("extract", "key", "new", file)
    assert code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in shown
    before = file.read_text()
    code, _, said = leo("extract", "key", "new", file)
    assert code == 2
    assert "is there already" in said
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("name", "expected"),
    [((), "npd "), (("npd",), "npd.census"), (("npd.census",), "UPN"), (("npd.census.UPN",), "identifiability: 1")],
)
def test_the_catalogue_is_shown_at_every_depth(leo, name, expected):
    code, shown, _ = leo("catalogue", "show", *name)
    assert code == 0
    assert expected in shown


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nodata", "the catalogue has no dataset 'nodata'"),
        ("npd.nothing", "no table 'npd.nothing'"),
        ("npd.census.UPNN", "nearest: UPN"),
    ],
)
def test_what_the_catalogue_lacks_is_said(leo, name, message):
    code, _, said = leo("catalogue", "show", name)
    assert code == 2
    assert message in said


def test_our_catalogue_is_without_fault_and_anothers_faults_are_named(leo, tmp_path):
    assert leo("catalogue", "check")[0] == 0
    (tmp_path / "bad.toml").write_text("dataset = 1\n")
    code, _, said = leo("catalogue", "check", tmp_path)
    assert code == 3
    assert "bad.toml" in said


@pytest.mark.parametrize(
    ("text", "people"),
    [("20000", 20_000), ("20_000", 20_000), ("1e6", 1_000_000), ("250k", 250_000), ("1.5m", 1_500_000)],
)
def test_numbers_of_people_may_be_written_short(text, people):
    assert people_count(text) == people


@pytest.mark.parametrize("text", ["", "many", "0", "-5", "1.5", "nan", "inf"])
def test_what_is_no_number_of_people_is_a_usage_error(leo, tmp_path, text):
    code, _, said = leo("synth", f"--people={text}", "--out", tmp_path / "out")
    assert code == 2
    assert "people" in said


def test_reports_and_extracts_need_a_run(leo, tmp_path):
    code, _, said = leo("report", tmp_path)
    assert code == 2
    assert "is not a run folder" in said
    code, _, said = leo("extract", tmp_path, "projects/graduate-earnings.toml")
    assert code == 2
    assert "is not a run folder" in said


@pytest.mark.parametrize(
    "verb", ["report", "publish", "report outcomes", "report compare", "explain", "review estimate"]
)
def test_a_folder_of_an_earlier_version_is_refused_with_the_version_and_the_remedy(leo, tmp_path, verb):
    manifest = {"format": 1, "run": "small", "versions": {"leo-linkage": "0.2.0"}, "configuration": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    more = {
        "publish": ["--to", tmp_path.parent / "releases"],
        "report outcomes": ["--out", tmp_path / "out"],
        "report compare": [tmp_path],
        "explain": ["--pair", "1", "2"],
        "review estimate": ["--step", "step"],
    }
    code, _, said = leo(*verb.split(), tmp_path, *more.get(verb, []))
    assert code == 1, said
    assert said.startswith(f"leo: {tmp_path}: was made by leo-linkage 0.2.0, whose format leo-linkage ")
    assert "does not read\n  make the run again in a new folder" in said


def test_a_damaged_manifest_is_named_with_what_to_do(leo, tmp_path):
    (tmp_path / "manifest.json").write_text('{"format": "1.0", "ru')
    for verb in ("report", "explain", "model tune", "review"):
        code, _, said = leo(*verb.split(), tmp_path, *(["--pair", "1", "2"] if verb == "explain" else []))
        assert code == 2, said
        assert "manifest.json: is damaged" in said
        assert "make the run again" in said


def test_nothing_leaves_a_run_that_a_gate_stopped(leo, tmp_path):
    manifest = {
        "format": "1.0",
        "run": "small",
        "exit": 3,
        "status": "gate failed",
        "configuration": {},
        "versions": {},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    code, _, said = leo("extract", tmp_path, "projects/graduate-earnings.toml")
    assert code == 3
    assert "the run's status is 'gate failed', so nothing may leave it" in said
    assert "finish it" not in said


def test_what_synth_wrote_is_no_run_of_another_version(leo, tmp_path):
    (tmp_path / "manifest.json").write_text('{"people": 20000, "preset": "realistic", "format": "parquet"}')
    for verb in ("report", "publish", "model tune"):
        code, _, said = leo(*verb.split(), tmp_path)
        assert code == 2, said
        assert "is not a run folder" in said
        assert "version" not in said


def test_where_outcomes_are_to_go_is_looked_at_before_anybody_is_followed(leo, tmp_path):
    run, out = tmp_path / "run", tmp_path / "letters"
    run.mkdir()
    out.mkdir()
    (out / "kept.txt").write_text("mine")
    manifest = {"format": "1.0", "run": "small", "exit": 0, "status": "done", "configuration": {}, "engine": "duckdb"}
    (run / "manifest.json").write_text(json.dumps(manifest))
    code, _, said = leo("report", "outcomes", run, "--out", out)
    assert code == 1
    assert "give a new or an empty folder with --out" in said
    assert "reading" not in said


@pytest.fixture
def failing(monkeypatch) -> Callable[[BaseException], None]:
    """Makes `leo catalogue check` raise an error of a test's choice."""

    def fail(error: BaseException) -> None:
        def load(folder: object) -> None:
            raise error

        monkeypatch.setattr("linkage.cli.catalogue.load", load)

    return fail


def test_a_failed_gate_has_an_exit_code_of_its_own(leo, failing):
    failing(GateError("gate min_precision: 0.9"))
    assert leo("catalogue", "check") == (3, "", "leo: gate min_precision: 0.9\n")


def test_an_error_that_nobody_foresaw_is_one_line_and_a_trace_without_values(leo, failing):
    canary = "-".join(["CANARY", "NAME"])
    failing(RuntimeError(f"could not convert {canary}"))
    code, _, said = leo("catalogue", "check")
    assert code == 1
    assert said.startswith("leo: unexpected RuntimeError at ")
    trace = Path(said.strip().rpartition(": ")[2])
    written = trace.read_text()
    trace.unlink()
    assert canary not in said + written
    assert "in check" in written


def test_stopped_by_hand_has_the_shells_exit_code_and_says_so(leo, failing):
    """Typer ended it without a word."""
    failing(KeyboardInterrupt())
    assert leo("catalogue", "check") == (130, "", "leo: stopped\n  the same command can be given again\n")


def test_stopped_while_it_reads_what_was_given_it_says_so_too(leo, monkeypatch):
    """Ctrl-C in the first second ended without a word."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("typer.core.TyperGroup.parse_args", stopped)
    assert leo("catalogue", "check") == (130, "", "leo: stopped\n  the same command can be given again\n")


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


def test_compare_shows_what_a_second_run_links_otherwise(linked_village, village, leo):
    village.change("train = false", "train = false\naccept_probability = 0.9999999")
    village.runner().run()
    code, said, _ = leo("report", "compare", linked_village.root, village.root)
    code, counted, _ = leo("report", "compare", linked_village.root, village.root, "--json")
    assert code == 0
    assert "step.npd-cis.accept_probability" in said
    assert "\nnpd-cis: thresholds" in said
    (step,) = json.loads(counted)["steps"]
    assert step["gained"] == 0
    assert step["lost"] > 0
    assert step["before"] == step["kept"] + step["other_pass"] + step["lost"] == 100
    assert "PMR000" not in said + counted


def test_compare_needs_two_runs(linked_village, leo, tmp_path):
    code, _, said = leo("report", "compare", linked_village.root, tmp_path)
    assert code == 2
    assert "no manifest.json" in said


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
def test_what_reports_prints_json_too(linked_village, leo, words):
    places = {"CONFIG": linked_village.config, "RUN": linked_village.root, "KEY": linked_village.key}
    for name, place in places.items():
        words = words.replace(name, str(place))
    code, printed, _ = leo(*words.split(), "--json")
    assert code == 0
    assert json.loads(printed)
