"""The command line: what it prints where, and which code it ends with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

import diagnose
from diagnose import cli
from diagnose.auditing import diagnose_run
from diagnose.commands import arguments, delivery
from diagnose.commands.progress import progress
from diagnose.errors import InputError

OVERFIT = "epoch,loss,val_loss\n" + "".join(
    f"{n},{2.0 * 0.85**n + 0.01:.5f},{2.0 * 0.85**n + 0.4 + max(0, n - 14) * 0.03:.5f}\n" for n in range(40)
)
CALM = "epoch,loss,val_loss\n" + "".join(
    f"{n},{2.0 * 0.8**n + 0.30:.5f},{2.0 * 0.8**n + 0.31:.5f}\n" for n in range(40)
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "training.csv"
    path.write_text(OVERFIT)
    return path


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    for name, text in (("calm", CALM), ("overfit", OVERFIT)):
        (folder / name).mkdir(parents=True)
        (folder / name / "log.csv").write_text(text)
    return folder


def shell(*args: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "diagnose", *args],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, **env},
    )


def test_audit_prints_a_diagnosis_and_is_fine(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(log)]) == cli.FINE
    shown = capsys.readouterr()
    assert "verfitting" in shown.out
    assert "--output report.html" in shown.err, "the hint belongs on stderr"


def test_json_on_stdout_is_nothing_but_json(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(log), "--format", "json"]) == cli.FINE
    read = json.loads(capsys.readouterr().out)
    assert set(read["verdicts"]) == {cause.value for cause in diagnose.Cause}


def test_outputs_by_suffix(log: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"report.{suffix}" for suffix in ("html", "json", "md", "txt")]
    assert cli.main(["audit", str(log), *(f"-o{file}" for file in files)]) == cli.FINE
    assert all(file.stat().st_size > 200 for file in files)


def test_quiet_prints_nothing(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(log), "-q", "-o", str(tmp_path / "r.html")]) == cli.FINE
    assert capsys.readouterr() == ("", "")


def test_same_input_same_bytes(log: Path, tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        assert cli.main(["audit", str(log), "-q", "-o", str(tmp_path / name)]) == cli.FINE
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_context_reaches_the_diagnosis(log: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    file = tmp_path / "context.yaml"
    file.write_text("n_train: 700\nlearning_rate: 1e-3\n")
    code = cli.main(
        ["audit", str(log), "-q", "-c", "n_train=800", "n_val=200", "--context-file", str(file), "-o", str(report)]
    )
    assert code == cli.FINE
    context = diagnose.load(report).run.context
    assert (context["n_train"], context["n_val"], context["learning_rate"]) == (800, 200, 0.001)


def test_map_reads_a_column_whose_name_says_nothing(tmp_path: Path) -> None:
    log, report = tmp_path / "log.csv", tmp_path / "r.json"
    log.write_text(OVERFIT.replace("val_loss", "zorp"))
    assert cli.main(["audit", str(log), "-q", "--map", "val_loss=zorp", "-o", str(report)]) == cli.FINE
    assert {curve.split for curve in diagnose.load(report).run.curves} == {"train", "val"}


def test_several_paths_give_a_summary(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(path) for path in sorted(runs.rglob("*.csv"))]
    assert cli.main(["audit", *paths]) == cli.FINE
    assert "2 runs" in capsys.readouterr().out


def test_a_folder_of_runs_gives_a_report_each_and_an_index(runs: Path, tmp_path: Path) -> None:
    assert cli.main(["audit", str(runs), "-q", "-o", f"{tmp_path / 'out'}/"]) == cli.FINE
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert "index.html" in names
    assert len(names) == 3
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'<a href="([^"#:]+[.]html)"', index))
    assert linked == names - {"index.html"}
    for name in linked:
        run = name.split("-")[0]
        assert re.search(rf'href="{name}"><bdi[^>]*>[^<]*{run}', index), "a link leads to the run that it names"


def test_one_run_into_a_folder_gets_one_report(log: Path, tmp_path: Path) -> None:
    assert cli.main(["audit", str(log), "-q", "-o", f"{tmp_path / 'out'}/"]) == cli.FINE
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_folder_with_one_run_gives_one_diagnosis(runs: Path, tmp_path: Path) -> None:
    assert cli.main(["audit", str(runs / "calm"), "-q", "-o", str(tmp_path / "r.json")]) == cli.FINE
    assert diagnose.load(tmp_path / "r.json").main


def test_a_log_of_several_runs_gives_its_principal_one_unless_asked(tmp_path: Path) -> None:
    header, *rows = OVERFIT.splitlines()
    log = tmp_path / "folds.csv"
    log.write_text("\n".join([f"fold,{header}", *(f"{fold},{row}" for fold in (1, 2, 3) for row in rows)]))
    one, each = tmp_path / "one.json", tmp_path / "each.json"
    assert cli.main(["audit", str(log), "-q", "-o", str(one)]) == cli.FINE
    assert len(diagnose.load(one).run.siblings) == 2
    assert cli.main(["audit", str(log), "-q", "--every-run", "-o", str(each)]) == cli.FINE
    assert len(diagnose.load_many(each)) == 3


def test_some_unreadable_paths_are_listed_and_do_not_fail(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", str(log), str(tmp_path / "missing.csv")]) == cli.FINE
    assert "missing.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["audit", "missing.csv"], "missing.csv"),
        (["audit", "missing.csv", "gone.csv"], "gone.csv"),
        (["audit"], "nothing to audit"),
        (["audit", "LOG", "-c", "n_train"], "KEY=VALUE"),
        (["audit", "LOG", "--context-file", "missing.yaml"], "missing.yaml"),
        (["audit", "LOG", "-o", "report.docx"], ".docx"),
        (["audit", "LOG", "-o", "report.json", "-o", "report.docx"], ".docx"),
        (["audit", "LOG", "--format", "pdf"], "pdf"),
        (["audit", "LOG", "--map", "val_loss=nothing_of_that_name"], "nothing_of_that_name"),
        (["explain", "OVF1O1"], "OVF101"),
        (["render", "missing.json"], "missing.json"),
        (["adit"], "adit"),
    ],
)
def test_the_users_mistake_ends_with_2_and_no_traceback(
    args: list[str], expected: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([str(log) if arg == "LOG" else arg for arg in args]) == cli.USER_MISTAKE
    shown = capsys.readouterr()
    assert expected in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_an_empty_folder_holds_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(tmp_path)]) == cli.USER_MISTAKE
    assert "no training run" in capsys.readouterr().err


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["audit", "--help"], ["explain", "-h"], ["demo", "-h"]])
def test_help_is_fine(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(args) == cli.FINE
    assert "diagnose" in capsys.readouterr().out


def test_an_internal_error_is_short_and_ends_with_3(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("diagnose.commands.batch.diagnose_run", crash)
    assert cli.main(["audit", str(log)]) == cli.INTERNAL_ERROR
    shown = capsys.readouterr().err
    assert "ZeroDivisionError: planted" in shown
    assert "Traceback" not in shown
    assert cli.main(["audit", str(log), "--traceback"]) == cli.INTERNAL_ERROR
    assert "Traceback" in capsys.readouterr().err


def test_a_crashed_analyzer_ends_with_3_and_still_reports(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Crashing:
        code = "XXX999"
        cause = diagnose.Cause.OVERFITTING

        def check(self, history: object) -> None:
            raise ZeroDivisionError(f"planted: {history!r:.10}")

    monkeypatch.setattr(
        "diagnose.commands.batch.diagnose_run",
        lambda run, *, analyzers, **rest: diagnose_run(run, analyzers=[Crashing()], **rest),
    )
    assert cli.main(["audit", str(log)]) == cli.INTERNAL_ERROR
    shown = capsys.readouterr()
    assert "XXX999" in shown.out
    assert "crashed" in shown.err


def test_an_interrupt_is_no_crash(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("diagnose.commands.batch.diagnose_run", interrupt)
    assert cli.main(["audit", str(log)]) == cli.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


def test_a_foreign_package_of_our_name_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "diagnose", SimpleNamespace(__file__="/somewhere/diagnose/__init__.py"))
    assert cli.main(["--version"]) == cli.USER_MISTAKE
    shown = capsys.readouterr().err
    assert "/somewhere/diagnose/__init__.py" in shown
    assert "pip uninstall diagnose" in shown


def test_explain_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "ovf101"]) == cli.FINE
    shown = capsys.readouterr().out
    for heading in ("What it detects", "Why it matters", "The evidence", "What to do", "References"):
        assert heading in shown


def test_explain_lists_codes_of_all_causes_and_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain"]) == cli.FINE
    everything = capsys.readouterr().out
    assert cli.main(["explain", "overfitting"]) == cli.FINE
    one = capsys.readouterr().out
    assert "OVF101" in one
    assert len(one) < len(everything)
    assert cli.main(["explain", "concept-shift"]) == cli.FINE


def test_render_gives_the_same_report_as_the_audit(log: Path, tmp_path: Path) -> None:
    html, saved, again = tmp_path / "a.html", tmp_path / "a.json", tmp_path / "b.html"
    assert cli.main(["audit", str(log), "-q", "-o", str(html), "-o", str(saved)]) == cli.FINE
    assert cli.main(["render", str(saved), "-q", "-o", str(again)]) == cli.FINE
    assert again.read_bytes() == html.read_bytes()


def test_render_many(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "many.json"
    assert cli.main(["audit", str(runs), "-q", "-o", str(saved)]) == cli.FINE
    assert cli.main(["render", str(saved)]) == cli.FINE
    assert "2 runs" in capsys.readouterr().out
    assert cli.main(["render", str(saved), "-q", "-o", f"{tmp_path / 'again'}/"]) == cli.FINE
    assert len(list((tmp_path / "again").glob("*.html"))) == 3


def test_stdin_is_read_and_named_so() -> None:
    done = shell("audit", "-", "--format", "json", stdin=OVERFIT.encode())
    assert done.returncode == cli.FINE, done.stderr
    run = json.loads(done.stdout)["run"]
    assert run["name"] == "standard input"
    assert run["sources"][0]["where"] == "standard input"


def test_piped_output_has_no_colours(log: Path) -> None:
    done = shell("audit", str(log))
    assert done.returncode == cli.FINE
    assert b"\x1b[" not in done.stdout + done.stderr


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_a_terminal_without_unicode_gets_no_traceback(log: Path, form: str) -> None:
    done = shell("audit", str(log), "--format", form, PYTHONIOENCODING="ascii")
    assert done.returncode == cli.FINE, done.stderr
    assert done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no pipes that break as on POSIX")
def test_a_broken_pipe_is_silent(log: Path) -> None:
    command = f"{sys.executable} -m diagnose audit {log} --format html 2>err.txt | head -c 10 >/dev/null"
    subprocess.run(command, shell=True, check=True, cwd=log.parent, timeout=120)
    assert "Traceback" not in (log.parent / "err.txt").read_text()
    assert "internal error" not in (log.parent / "err.txt").read_text()


def test_pairs_need_an_equals_sign() -> None:
    with pytest.raises(InputError, match="expected KEY=VALUE"):
        arguments.pairs(["n_train"], "--context", "n_train=800")


@pytest.mark.parametrize(
    ("text", "suffix"), [("n_train = 800", ".toml"), ('{"n_train": 800}', ".json"), ("n_train: 800", ".yml")]
)
def test_context_files(tmp_path: Path, text: str, suffix: str) -> None:
    file = tmp_path / f"context{suffix}"
    file.write_text(text)
    assert arguments.context_from([], file) == {"n_train": 800}


@pytest.mark.parametrize(
    ("text", "suffix"), [("a = ", ".toml"), ("{", ".json"), ("a: [", ".yaml"), ("- 1\n- 2", ".yaml")]
)
def test_bad_context_files_are_the_users_mistake(tmp_path: Path, text: str, suffix: str) -> None:
    file = tmp_path / f"context{suffix}"
    file.write_text(text)
    with pytest.raises(InputError, match="context"):
        arguments.context_from([], file)


def test_a_path_with_an_equals_sign_stays_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lr=0.1").mkdir()
    assert arguments.repeated(["-c", "n_train=8", "lr=0.1"]) == ["-c", "n_train=8", "lr=0.1"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a/b c", "a/b c"], ["a-b-c.html", "a-b-c-2.html"]),
        (["../../etc"], ["etc.html"]),
        (["index"], ["index-2.html"]),
        (["…"], ["run.html"]),
        (["Run", "run"], ["Run.html", "run-2.html"]),
        (["a/log.csv", "a/log.JSONL", "v1.2"], ["a-log.html", "a-log-2.html", "v1.2.html"]),
    ],
)
def test_report_names_are_safe_and_unique(names: list[str], expected: list[str]) -> None:
    taken: set[str] = set()
    assert [delivery.file_name(name, taken) for name in names] == expected


def test_a_sketch_keeps_what_a_summary_shows(log: Path) -> None:
    whole = diagnose.audit(history=log)
    kept = delivery.sketch(whole)
    assert (kept.sentence, kept.main, kept.verdicts, kept.run.best) == (
        whole.sentence,
        whole.main,
        whole.verdicts,
        whole.run.best,
    )
    assert all(len(curve.values) <= delivery.SKETCH_POINTS for curve in kept.run.curves)


def test_every_command_exists_and_is_summarised() -> None:
    context = click.Context(cli.cli)
    for name in cli.COMMANDS:
        found = cli.cli.get_command(context, name)
        assert found is not None
        assert found.help


def test_a_bar_is_shown_on_a_terminal_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def total() -> int:
        asked.append(1)
        return 2

    with progress("working", total) as advance:
        advance("still working")
    assert not asked
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress("working", total) as advance:
        for _ in range(3):
            advance("still working")
    assert asked
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("more", [[], ["--format", "json"], ["--format", "html"]])
def test_a_full_disk_is_the_users_environment(log: Path, more: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "diagnose", "audit", str(log), *more],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
        )
    assert done.returncode == cli.USER_MISTAKE, done.stderr
    assert b"cannot write the output: No space left" in done.stderr
    assert b"bug" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_demo_in_a_folder_that_cannot_be_written_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert cli.main(["demo", "-o", str(tmp_path / "file" / "out"), "--only", "healthy"]) == cli.USER_MISTAKE
    said = capsys.readouterr().err
    assert "cannot write" in said
    assert "bug" not in said
