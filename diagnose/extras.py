"""Optional dependencies, imported only where they are used."""

from __future__ import annotations

import importlib
from types import ModuleType

from diagnose.errors import MissingExtra


def require(module: str, *, extra: str, what: str) -> ModuleType:
    """Import an optional module, or say what to install.

    Parameters
    ----------
    module
        Dotted module name.
    extra
        The extra of ``diagnose-ml`` that brings it.
    what
        What needs it, to begin the message: ``"reading TensorBoard event files"``.

    Raises
    ------
    MissingExtra
        The module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(what, module.partition(".")[0], extra) from error
