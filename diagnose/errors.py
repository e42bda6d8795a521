"""Every error that diagnose raises on purpose.

::

    DiagnoseError
    ├── InputError            what the user gave cannot be used (exit code 2)
    │   ├── UnreadableInput   a file or object that no reader understands
    │   └── MissingExtra      the input needs an optional dependency
    ├── NotEnoughEvidence     a measurement lacks what it needs: an answer, not a failure
    └── PluginError           an installed analyzer or reader breaks the rules of its registry
"""

from __future__ import annotations


class DiagnoseError(Exception):
    """Base of all errors that diagnose raises on purpose."""


class InputError(DiagnoseError):
    """What the user gave cannot be used; the message says what was given, what was expected, what to type."""


class UnreadableInput(InputError):
    """No reader understands the file or object."""


class MissingExtra(InputError):
    """The input can be read, but only with an optional dependency that is not installed."""

    def __init__(self, what: str, module: str, extra: str) -> None:
        super().__init__(f"{what} needs the package '{module}': pip install 'diagnose-ml[{extra}]'")
        self.module = module
        self.extra = extra


class NotEnoughEvidence(DiagnoseError):
    """A measurement cannot be made from this evidence.

    Parameters
    ----------
    why
        What is missing, as a clause: ``"no validation loss in this log"``.
    settle
        What the user could provide to change that, as an imperative: ``"log val_loss every epoch"``.
    """

    def __init__(self, why: str, settle: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.settle = settle


class PluginError(DiagnoseError):
    """An installed analyzer or reader breaks the rules of its registry."""
