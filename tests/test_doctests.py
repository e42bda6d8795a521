"""Every printed number in a docstring is true."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import diagnose
import diagnose.reports
from diagnose.errors import MissingExtra


def names(package: ModuleType) -> Iterator[str]:
    """Name the modules by their files: to walk packages is to import them, and some need a framework."""
    root = Path(package.__path__[0])
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        yield ".".join((package.__name__, *parts)).removesuffix(".__init__")


MODULES = sorted(name for name in {*names(diagnose), *names(diagnose.reports)} if not name.endswith("__main__"))
TESTED_APART = "diagnose.hooks."
"""Their examples train with a framework and need its warnings filtered: the tests of each hook run them."""
WITH_EXAMPLES = {"diagnose", "diagnose.testing", "diagnose.stats.monotone", "diagnose.stats.noise"}


@pytest.mark.parametrize("name", [name for name in MODULES if not f"{name}.".startswith(TESTED_APART)])
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name)
    except MissingExtra as error:
        pytest.skip(str(error))
    found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted or name not in WITH_EXAMPLES
