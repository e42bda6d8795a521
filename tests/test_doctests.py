"""Every printed number in a docstring is true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import diagnose
import diagnose.reports

MODULES = sorted(
    {
        module.name
        for package in (diagnose, diagnose.reports)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith("__main__")
    }
    | {"diagnose"}
)
WITH_EXAMPLES = {"diagnose", "diagnose.testing", "diagnose.stats.monotone", "diagnose.stats.noise"}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0
    assert found.attempted or name not in WITH_EXAMPLES
