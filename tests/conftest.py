"""Settings of all tests: random examples at a developer's desk, the same ones each time in CI; no trackers about."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def no_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what another test has loaded for TensorBoard not look as if this one wrote for it."""
    monkeypatch.delitem(sys.modules, "tensorboard.summary.writer.event_file_writer", raising=False)
