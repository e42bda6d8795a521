"""The layers: data flows read → measure → judge → prescribe → show, and nothing imports against it."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import diagnose
import diagnose.reports

PACKAGE = Path(diagnose.__file__).parent

CONCLUSIONS = {"finding", "figures", "gated", "errors", "shown_model"}
EVIDENCE = {"data", "run", "errors", "hashing", "profiles", "model_card", "recording", "randomness", "block_names"}
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "extras": {"errors"},
    "plugins": {"errors"},
    "data": set(),
    "hashing": set(),
    "waiting": set(),
    "profiles": {"data", "errors", "hashing", "profiles", "stats"},
    "model_card": set(),
    "randomness": set(),
    "block_names": set(),
    "recording": {"data", "model_card"},
    "run": {"data", "profiles", "model_card", "recording"},
    "journal": {"journal", "data", "model_card", "recording"},
    "gated": set(),
    "figures": set(),
    "shown_model": set(),
    "finding": {"figures", "gated", "shown_model"},
    "stats": EVIDENCE | {"stats"},
    "readers": EVIDENCE | {"readers", "journal", "extras", "plugins", "waiting"},
    "models": EVIDENCE | {"models", "readers", "extras", "waiting"},
    "measurements": EVIDENCE,
    "measures": EVIDENCE | {"measures", "measurements", "stats"},
    "analyzer": CONCLUSIONS | {"measurements"},
    "analyzers": EVIDENCE | CONCLUSIONS | {"analyzers", "analyzer", "measurements", "measures", "plugins", "stats"},
    "differential": EVIDENCE | CONCLUSIONS | {"measurements"},
    "remedies": EVIDENCE | CONCLUSIONS | {"remedies", "differential", "measurements", "measures"},
    "model_summary": EVIDENCE | CONCLUSIONS | {"measures"},
    "summary": EVIDENCE | CONCLUSIONS | {"measurements", "measures", "model_summary", "stats"},
    "reports": CONCLUSIONS | {"reports"},
}
"""What a module or package of `diagnose` may import of it. What is not named here stands above all layers."""
ABOVE = {
    "auditing",
    "config",
    "gating",
    "healthy",
    "hooks",
    "policy",
    "profiling",
    "pytest_plugin",
    "reference",
    "regressions",
    "rulings",
    "scores",
    "testing",
    "trials",
    "writing_rows",
    "cli",
    "commands",
    "demo",
    "demo_logs",
    "__main__",
}

HEAVY = (
    "tensorflow",
    "keras",
    "torch",
    "lightning",
    "transformers",
    "pandas",
    "sklearn",
    "matplotlib.pyplot",
    "scipy.stats",
    "optuna",
)
BROAD_EXCEPTS_ALLOWED = 2


def modules() -> dict[str, Path]:
    """Every module of the package by dotted name; the reports lie beside it in a clone and inside it in a wheel."""
    found = {}
    for root, prefix in ((PACKAGE, "diagnose"), (Path(diagnose.reports.__file__).parent, "diagnose.reports")):
        for path in sorted(root.rglob("*.py")):
            found[".".join((prefix, *path.relative_to(root).with_suffix("").parts))] = path
    return found


def imports(path: Path) -> Iterator[str]:
    """Modules that a file imports when it is imported or when its functions run, but not for type checkers only."""
    nodes = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node: ast.AST = nodes.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            nodes.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        nodes.extend(ast.iter_child_nodes(node))


def own_imports(path: Path) -> set[str]:
    """Return the modules of this package among a file's imports, by the longest dotted name that is a module."""
    known = {name.removesuffix(".__init__") for name in modules()}
    found = set()
    for name in imports(path):
        candidates = (name, name.rpartition(".")[0])
        found |= {c for c in candidates[:1] if c in known} or {c for c in candidates[1:] if c in known}
    return found


def layer(name: str) -> str:
    return name.removeprefix("diagnose.").partition(".")[0] if name != "diagnose" else "__init__"


@pytest.mark.parametrize("name", modules())
def test_imports_only_what_lies_below(name: str) -> None:
    home = layer(name)
    if home in ABOVE:
        return
    assert home in MAY_IMPORT, f"{name} is in no layer: name it in MAY_IMPORT"
    against = {found for found in own_imports(modules()[name]) if layer(found) not in MAY_IMPORT[home]}
    assert not against, f"{name} imports {sorted(against)}; its layer may import {sorted(MAY_IMPORT[home])}"


def test_no_cycles() -> None:
    graph = {
        name.removesuffix(".__init__"): own_imports(path) - {name.removesuffix(".__init__")}
        for name, path in modules().items()
    }
    tuple(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("name", modules())
def test_no_heavy_import_at_the_top(name: str) -> None:
    if layer(name) == "demo":
        pytest.skip("the demonstration trains with scikit-learn, and nothing else imports it")
    tops = {node.module if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.parse(modules()[name].read_text(encoding="utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}  # fmt: skip
    heavy = {top for top in tops if top and any(top == h or top.startswith(f"{h}.") for h in HEAVY)}
    assert not heavy


def test_broad_excepts() -> None:
    """One around an analyzer, one around what a hook does: nowhere else."""
    found = []
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or "Exception" in ast.unparse(node.type).split(".")[-1:]
            ):
                found.append(f"{name}:{node.lineno}")
            if (
                isinstance(node, ast.ExceptHandler)
                and node.type is not None
                and ast.unparse(node.type) == "BaseException"
            ):
                found.append(f"{name}:{node.lineno}")
    assert len(found) == BROAD_EXCEPTS_ALLOWED, found
    assert found[0].startswith("diagnose.analyzer:")
    assert found[1].startswith("diagnose.hooks.guard:")


def test_classes_are_at_most_two_deep() -> None:
    parents = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for path in modules().values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }

    def depth(name: str) -> int:
        return 1 + max((depth(base) for base in parents.get(name, ()) if base in parents), default=0)

    deep = {
        name: depth(name) for name in parents if depth(name) > 2 and not name.endswith(("Input", "Extra"))
    }  # the errors are a tree
    assert not deep


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_audit_loads_no_framework() -> None:
    loaded = run_python(
        "import sys, diagnose\n"
        "d = diagnose.audit(history={'loss': [1, .5, .4, .3, .2, .1], 'val_loss': [1, .6, .5, .5, .6, .7]})\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert loaded == "[]"


def test_import_loads_nearly_nothing() -> None:
    unwanted = (*HEAVY, "scipy", "numpy", "rich", "jinja2")
    assert run_python(f"import sys, diagnose; print([m for m in {unwanted!r} if m in sys.modules])") == "[]"


def test_import_is_fast() -> None:
    code = "import time; start = time.process_time(); import diagnose; print(time.process_time() - start)"
    assert min(float(run_python(code)) for _ in range(3)) < 0.3


def test_the_command_line_helps_without_the_engine() -> None:
    unwanted = ("numpy", "scipy", "matplotlib", "jinja2")
    loaded = run_python(
        f"import sys, diagnose.cli\ndiagnose.cli.main(['--help'])\nprint([m for m in {unwanted!r} if m in sys.modules])"
    )
    assert loaded.endswith("[]")


@pytest.mark.parametrize("first", ["diagnose.testing", "diagnose.auditing", "diagnose.commands.audit"])
def test_no_module_hides_the_call(first: str) -> None:
    assert run_python(f"import {first}, diagnose; print(callable(diagnose.audit))") == "True"
