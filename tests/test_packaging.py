"""Wheel, editable install and bare clone give the same program, whatever lies beside the user's script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOG = "epoch,loss,val_loss\n" + "".join(f"{n},{0.8**n:.4f},{0.8**n + 0.02 * n:.4f}\n" for n in range(30))
ELSEWHERE = ("reports.py", "tests.py", "run.py", "finding.py", "stats.py")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / "setup.cfg").is_file(), reason="the sources are not beside the tests"),
]


def run(*command: str | Path, cwd: Path, paths: tuple[Path | str, ...] = ()) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the sources as a clone has them: links kept, nothing that was built or installed."""
    target = tmp_path_factory.mktemp("sources") / "clone"
    wanted = ("diagnose", "reports", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
    target.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in wanted:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(source, target / name)
    return target


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel from the source distribution, as the package index serves both."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, cwd=clone)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Make a folder where a user has modules whose names we use too."""
    for name in ELSEWHERE:
        (tmp_path / name).write_text("raise SystemExit('a module of the user was imported')\n")
    (tmp_path / "training.csv").write_text(LOG)
    return tmp_path


def check(python: str | Path, desk: Path, home: Path, paths: tuple[Path | str, ...]) -> None:
    """Assert that the program is the one from ``home``, tells its version and audits a log to every format."""
    where = run(
        python,
        "-c",
        "import diagnose, diagnose.reports; print(diagnose.__file__, diagnose.reports.__file__)",
        cwd=desk,
        paths=paths,
    )
    assert all(Path(path).resolve().is_relative_to(home.resolve()) for path in where.split()), where
    assert "diagnose" in run(python, "-m", "diagnose", "--version", cwd=desk, paths=paths)
    outputs = [f"-oreport.{suffix}" for suffix in ("html", "json", "md", "txt")]
    run(python, "-m", "diagnose", "audit", "training.csv", "-q", *outputs, cwd=desk, paths=paths)
    assert "<html" in (desk / "report.html").read_text(encoding="utf-8")
    assert "Overfitting" in run(
        python, "-m", "diagnose", "render", "report.json", "--format", "markdown", cwd=desk, paths=paths
    )


def test_the_wheel_holds_all_of_it_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"diagnose"}
    sources = {f"diagnose/{path.relative_to(ROOT / 'diagnose')}" for path in (ROOT / "diagnose").rglob("*.py")}
    for path in (ROOT / "reports").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            sources.add(f"diagnose/reports/{path.relative_to(ROOT / 'reports')}")
    sources |= {f"diagnose/{path.relative_to(ROOT / 'diagnose')}" for path in (ROOT / "diagnose").rglob("*.json")}
    missing = sources | {"diagnose/py.typed"}
    assert not missing - set(names), "name the package or its data in setup.cfg"
    assert any(name.endswith("schema.json") for name in names)


def test_the_wheel_works_elsewhere(wheel: Path, desk: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    target = tmp_path_factory.mktemp("site")
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, wheel, cwd=desk)
    check(sys.executable, desk, target, (target,))
    script = run(target / "bin" / "diagnose", "--version", cwd=desk, paths=(target,))
    assert "unknown" not in script


def test_the_editable_install_works_elsewhere(
    clone: Path, desk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("env") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=desk)
    python, ours = home / "bin" / "python", tmp_path_factory.mktemp("dependencies")
    for installed in Path(sysconfig.get_path("purelib")).iterdir():
        if "diagnose" not in installed.name:  # all but this very program, which may be installed too
            (ours / installed.name).symlink_to(installed)
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "-q", "--no-deps", "--no-build-isolation", "-e", clone, cwd=desk, paths=(ours,))
    check(python, desk, clone, (ours,))


def test_a_bare_clone_works_elsewhere(clone: Path, desk: Path) -> None:
    check(sys.executable, desk, clone, (clone,))


def test_reports_are_one_package_under_one_name(clone: Path, desk: Path) -> None:
    code = "import diagnose.reports, sys; print([m for m in sys.modules if m.split('.')[0] == 'reports'])"
    assert run(sys.executable, "-c", code, cwd=desk, paths=(clone,)).strip() == "[]"
