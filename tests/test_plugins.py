"""Entry points of installed packages: loaded in order of name, refused where they break the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.errors import PluginError
from diagnose.plugins import plugins

GROUP = "diagnose.test_group"
MODULE = """
class Good:
    code = "AAA101"
    def check(self): ...

made = Good()
made.code = "BBB101"

class Bad:
    code = "CCC101"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that installs a distribution with the given entry points."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "planted_plugin.py").write_text(MODULE)

    def installed(**points: str) -> None:
        info = tmp_path / "planted-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
        lines = "\n".join(f"{name} = planted_plugin:{target}" for name, target in points.items())
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}\n")

    return installed


def test_none_installed() -> None:
    assert plugins(GROUP, required=("code",)) == ()


def test_classes_are_instantiated_and_objects_taken_as_they_are(install) -> None:
    install(second="made", first="Good")
    found = plugins(GROUP, required=("code", "check"))
    assert [plugin.code for plugin in found] == ["AAA101", "BBB101"]
    assert not isinstance(found[0], type)


def test_what_lacks_an_attribute_is_named_with_its_origin(install) -> None:
    install(fine="Good", faulty="Bad")
    with pytest.raises(PluginError) as caught:
        plugins(GROUP, required=("code", "check"))
    message = str(caught.value)
    assert "'faulty' of planted" in message
    assert GROUP in message
    assert message.endswith("lacks check")


def test_what_cannot_be_imported_is_named_with_its_origin(install) -> None:
    install(gone="NoSuchName")
    with pytest.raises(PluginError, match=r"NoSuchName .* of planted, .* cannot be imported.* uninstall planted"):
        plugins(GROUP, required=("code",))
