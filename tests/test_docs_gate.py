"""What the page on the gate says of settings, CI and the plugin of pytest is what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from diagnose import config, policy, reference, scores
from diagnose.commands.arguments import value
from diagnose.gating import known_codes
from diagnose.policy import Policy, Suppression, Thresholds
from page_commands import ROOT, blocks, name_of, options, pages, scripts

GATE = ROOT / "docs" / "gate.md"
pytestmark = pytest.mark.skipif(not GATE.is_file(), reason="the documentation is not beside the tests")


def test_every_setting_is_in_the_table_with_its_default_and_its_option() -> None:
    rows = settings_table()
    assert {re.sub(r"\.[A-Z]+$", ".*", name) for name in rows} == set(known_settings())
    for name, default in known_settings().items():
        if default is not None:
            assert rows[name][0].strip("`") == default, name
    for name, (_, shown, _) in rows.items():
        assert set(re.findall(r"--[\w-]+", shown)) <= options("gate"), name


def test_every_option_of_the_gate_is_on_its_page() -> None:
    shown = set(re.findall(r"--[a-z-]+", GATE.read_text(encoding="utf-8")))
    assert {option for option in options("gate") if option.startswith("--")} - shown == {"--help"}


def test_what_counts_as_worse_is_said_with_its_numbers() -> None:
    text = " ".join(GATE.read_text(encoding="utf-8").split())
    assert f"its probability rises by more than {reference.RISE:g}," in text
    assert {2.0: "without intervals to more than twice"}[reference.GROWTH] in text
    assert f"({scores.SIGMAS:g} standard deviations of the difference)" in text


def settings_table() -> dict[str, list[str]]:
    """Return the rows of the page's table by setting: default, options, meaning."""
    lines = GATE.read_text(encoding="utf-8").partition("<!-- settings -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def known_settings() -> dict[str, str | None]:
    """Return every setting that the structs know, a `*` for names of the user's, and its default where it has one."""
    found: dict[str, str | None] = {}
    standard = policy.STANDARD
    for setting in msgspec.structs.fields(Policy):
        name, default = setting.encode_name, setting.default
        if default == standard:
            inner = msgspec.structs.fields(Thresholds)
            found |= {f"{name}.{f.encode_name}": _shown(getattr(standard, f.name)) for f in inner}
        elif setting.default_factory is dict:
            found[f"{name}.*"] = None
        elif name == "suppress":
            inner = msgspec.structs.fields(Suppression)
            found |= {f"{name}.{f.encode_name}": "must be given" if f.required else _shown(f.default) for f in inner}
        else:
            found[name] = "all" if name == "select" else _shown(default)
    return found


def _shown(default: Any) -> str:
    plain = msgspec.to_builtins(default)
    return str(plain).lower() if plain or plain is False else "none"


def test_the_settings_are_the_same_in_all_three_files(tmp_path: Path) -> None:
    read = []
    for language, name in (("toml", "diagnose.toml"), ("toml", "pyproject.toml"), ("cfg", "setup.cfg")):
        (text,) = (block for block in blocks(GATE, language) if block.startswith(f"# {name}\n"))
        (tmp_path / name).write_text(text, encoding="utf-8")
        read.append(_spoken(config.read_config(tmp_path / name).policy))
    assert read[0] == read[1] == read[2]
    used = {key for key, given in read[0].items() if given != msgspec.to_builtins(Policy())[key]}
    assert len(used) >= 8, "the example shows most settings"


def _spoken(settings: Policy) -> dict[str, Any]:
    """Return settings as their readers understand them: a number of setup.cfg is a text until then."""
    plain = msgspec.to_builtins(settings)
    understood = {key: value(text) if isinstance(text, str) else text for key, text in plain["context"].items()}
    limits = {code: {k: value(str(v)) for k, v in given.items()} for code, given in plain["limits"].items()}
    return {**plain, "context": understood, "limits": limits}


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_settings_on_every_page_are_read(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "toml"):
        if "gate" in tomllib.loads(block):
            (tmp_path / "diagnose.toml").write_text(block, encoding="utf-8")
            policy.check_policy(config.read_config(tmp_path / "diagnose.toml").policy, known_codes(), page.name)


def test_the_ci_examples_use_what_there_is() -> None:
    github, gitlab, hook = (yaml.safe_load(block) for block in blocks(GATE, "yaml"))
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    (used,) = (step for step in github["jobs"]["gate"]["steps"] if "/diagnose@" in step.get("uses", ""))
    assert set(used["with"]) <= set(action["inputs"])
    assert all(line.split("=")[0] in options("gate") for line in used["with"]["args"].split("\n"))
    named = re.findall(r"`(paths|config|baseline|against|args|sarif)`", GATE.read_text(encoding="utf-8"))
    assert set(named) <= {*action["inputs"], *action["outputs"]}
    outputs = re.findall(r"steps\.diagnose\.outputs\.(\w+)", "\n".join(blocks(GATE, "yaml")))
    assert outputs
    assert set(outputs) <= set(action["outputs"])
    (line,) = (line for line in scripts(gitlab) if line.startswith("diagnose "))
    assert f"-o {gitlab['diagnose']['artifacts']['reports']['junit']}" in line
    offered = {entry["id"] for entry in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert {entry["id"] for repo in hook["repos"] for entry in repo["hooks"]} <= offered


def test_the_options_of_the_plugin_exist(pytestconfig: pytest.Config) -> None:
    offered = set(re.findall(r"--diagnose-\w+", GATE.read_text(encoding="utf-8")))
    assert offered == {"--diagnose-report", "--diagnose-config"}
    for option in offered:
        pytestconfig.getoption(option.strip("-").replace("-", "_"))
