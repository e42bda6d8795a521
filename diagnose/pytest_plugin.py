"""The plugin that pytest loads wherever diagnose is installed: the fixture `assert_healthy` and its two options.

It imports nothing of diagnose before a test asserts, so that a suite which never does pays nothing.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from diagnose.config import Config
    from diagnose.finding import Diagnosis

CONFIGS: pytest.StashKey[dict[Path, Config]] = pytest.StashKey()
MAX_STEM = 80
"""Characters of a test's id, and of a run's name, in the name of a report: both fit into the 255 that systems allow."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("diagnose", "diagnose: health of training runs")
    group.addoption(
        "--diagnose-report", metavar="DIR", help="Write an HTML report of every run that `assert_healthy` judges here."
    )
    group.addoption(
        "--diagnose-config",
        metavar="FILE",
        help="Settings of the gate; default: the nearest diagnose.toml, pyproject.toml or setup.cfg that holds some, "
        "upwards from the test's folder.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the options' paths absolute, as tests may change the folder, and refuse what cannot be meant."""
    for option in ("diagnose_report", "diagnose_config"):
        if given := config.getoption(option):
            setattr(config.option, option, str(config.invocation_params.dir / given))
    folder, file = config.getoption("diagnose_report"), config.getoption("diagnose_config")
    if folder and Path(folder).exists() and not Path(folder).is_dir():
        raise pytest.UsageError(f"--diagnose-report {folder} is a file; give a folder")
    if file and not Path(file).is_file():
        raise pytest.UsageError(f"--diagnose-config {file}: there is no such file")


@pytest.fixture
def assert_healthy(request: pytest.FixtureRequest) -> Callable[..., Diagnosis]:
    """Assert that a training run passes the gate as the project configures it.

    Called like `diagnose.assert_healthy`: ``assert_healthy(run, policy=None, context=None, baseline=None,
    against=None, report=None, column_map=None)``. Where no ``policy`` is given, the nearest configuration holds.
    """
    taken: dict[str, int] = {}

    def asserted(  # noqa: PLR0913  as `diagnose.assert_healthy`
        run: Any,
        *,
        policy: Any = None,
        context: Any = None,
        baseline: Any = None,
        against: Any = None,
        report: Any = None,
        column_map: Mapping[str, str] | None = None,
    ) -> Diagnosis:
        __tracebackhide__ = True
        healthy = importlib.import_module("diagnose.healthy")
        errors = importlib.import_module("diagnose.errors")
        try:
            # a policy that is given holds instead of the configuration, which may then be broken or missing
            standing = _configured(request) if policy is None else healthy.STANDARD
            diagnosis: Diagnosis = healthy.judged(
                run, policy=policy, standing=standing, context=context, baseline=baseline, against=against,
                column_map=column_map,
            )  # fmt: skip
            reports = healthy.written(diagnosis, report)
            if folder := request.config.getoption("diagnose_report"):
                name = _report_name(request.node.nodeid, diagnosis.run.name, taken)
                reports.append(diagnosis.save(Path(folder) / name))
        except errors.InputError as error:
            # its message says all; the way through the readers would hide the test's own line
            raise error.with_traceback(None) from None
        healthy.insist(diagnosis, reports)
        return diagnosis

    return asserted


def _configured(request: pytest.FixtureRequest) -> Config:
    """Return the project's settings: those nearest to the test's file, so that a repository may hold several projects.

    The way up from there passes the root directory, unless the test lies elsewhere.
    """
    module, config = importlib.import_module("diagnose.config"), request.config
    known = config.stash.setdefault(CONFIGS, {})
    given, folder = config.getoption("diagnose_config"), request.path.parent
    if folder not in known:
        found: Config = module.read_config(Path(given)) if given else module.find_config(folder)
        known[folder] = found if found.path else module.find_config(config.rootpath)
    return known[folder]


def _report_name(test: str, run: str, taken: dict[str, int]) -> str:
    """Name the report of a run after the test and the run; safe as a file's name, and no other test's.

    The digest keeps apart what the plain letters do not, among tests that run in other processes.
    """
    number = taken[run] = taken.get(run, 0) + 1
    digest = hashlib.sha256(f"{test}\0{run}".encode("utf-8", "backslashreplace")).hexdigest()[:8]
    parts = [_plain(test.replace(".py::", "::"))[-MAX_STEM:], _plain(run)[-MAX_STEM:], digest]
    return "-".join([part for part in parts if part] + ([str(number)] if number > 1 else [])) + ".html"


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-.")
