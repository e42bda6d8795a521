"""Every printed number in a docstring is true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import diagnose
import diagnose.reports
from diagnose.errors import MissingExtra

MODULES = sorted(
    {
        module.name
        for package in (diagnose, diagnose.reports)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith("__main__")
    }
    | {"diagnose"}
)
TESTED_APART = "diagnose.hooks."
"""Their examples train with a framework and need its warnings filtered: the tests of each hook run them."""
WITH_EXAMPLES = {"diagnose", "diagnose.testing", "diagnose.stats.monotone", "diagnose.stats.noise"}


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(TESTED_APART)])
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name)
    except MissingExtra as error:
        pytest.skip(str(error))
    found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted or name not in WITH_EXAMPLES
