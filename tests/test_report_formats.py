"""Saving: the suffix chooses, the file is whole or not there, errors say what is known."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from diagnose import reports
from diagnose.analyzers import pages
from diagnose.errors import InputError
from diagnose.reports.formats import FORMATS, TEXT_FORMATS, format_of, load_format
from report_examples import EXPLAIN, many_runs, overfitting


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_renders_one_and_many(name):
    module = load_format(name)
    assert (name, FORMATS[name].suffixes) == (module.NAME, module.SUFFIXES)
    for shown in (module.one(overfitting(), EXPLAIN), module.many(many_runs(3), EXPLAIN)):
        assert shown
        assert isinstance(shown, str if FORMATS[name].is_text else bytes)


def test_suffixes_belong_to_one_format():
    suffixes = [suffix for known in FORMATS.values() for suffix in known.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)
    assert format_of(".HTML") == "html"


@pytest.mark.parametrize("suffix", [suffix for name in TEXT_FORMATS for suffix in FORMATS[name].suffixes])
def test_saved_file_is_what_is_rendered(tmp_path, suffix):
    path = reports.save(overfitting(), tmp_path / f"a{suffix}", explain=EXPLAIN)
    assert path.read_bytes() == reports.render(overfitting(), format_of(suffix), explain=EXPLAIN).encode()
    assert names(tmp_path) == [f"a{suffix}"]


@pytest.mark.parametrize("name", ["x.jpg", "x", "x.html.bak", ".html"])
def test_an_unknown_suffix_lists_the_known_ones(tmp_path, name):
    with pytest.raises(InputError, match=r"\.html.*\.json.*\.md.*\.txt"):
        reports.save(overfitting(), tmp_path / name)
    assert names(tmp_path) == []


def test_an_unknown_format_lists_the_known_ones():
    with pytest.raises(InputError, match=r"'gif'.*html, json"):
        reports.render(overfitting(), "gif")


@pytest.mark.parametrize("name", sorted(set(FORMATS) - set(TEXT_FORMATS)))
def test_what_is_no_text_is_saved_not_rendered(name, tmp_path):
    with pytest.raises(InputError, match=f"{name} is no text.*html, json"):
        reports.render(overfitting(), name)
    written = reports.save(overfitting(), tmp_path / f"x.{name}")
    assert written.read_bytes() == load_format(name).one(overfitting(), {})


def test_annotations_are_printed_and_belong_to_no_file(tmp_path):
    assert FORMATS["github"].suffixes == ()
    assert "::warning" in reports.render(overfitting(), "github")
    with pytest.raises(InputError, match=r"\.xml, \.sarif"):
        reports.save(overfitting(), tmp_path / "x.github")


def test_junit_is_imported_when_it_is_used():
    code = (
        "import sys, diagnose, diagnose.reports as r; "
        "r.load_format('sarif'); r.load_format('github'); assert 'junitparser' not in sys.modules; "
        "r.load_format('junit'); assert 'junitparser' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_folders_are_made_and_a_folder_is_no_file(tmp_path):
    assert reports.save(overfitting(), tmp_path / "a" / "b" / "x.json").is_file()
    (tmp_path / "c.html").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        reports.save(overfitting(), tmp_path / "c.html")


def test_a_file_in_the_way_of_a_folder_is_said(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match=r"cannot write .*x\.json"):
        reports.save(overfitting(), tmp_path / "a" / "x.json")


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_mode_is_that_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        path = reports.save(overfitting(), tmp_path / "x.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    reports.save(overfitting(), tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert reports.load(tmp_path / "real.json") == overfitting()


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = reports.save(overfitting(), tmp_path / "x.json")
    old = path.read_bytes()

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match="No space left"):
        reports.save(many_runs(2), path)
    assert path.read_bytes() == old
    assert names(tmp_path) == ["x.json"]


def test_a_format_is_imported_when_it_is_used():
    code = (
        "import sys, diagnose.reports as r; "
        "assert not {'jinja2', 'rich', 'matplotlib', 'diagnose.reports.html'} & set(sys.modules); "
        "r.load_format('html'); assert 'jinja2' in sys.modules; assert not {'matplotlib', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_diagnosis_saves_itself_with_the_documentation_of_its_codes(tmp_path):
    page = overfitting().save(tmp_path / "x.html").read_text("utf-8")
    assert "What it detects" in page
    assert page == reports.render(overfitting(), "html", explain=pages())
    assert overfitting().save(tmp_path / "x.json").read_bytes() == reports.render(overfitting(), "json").encode()
