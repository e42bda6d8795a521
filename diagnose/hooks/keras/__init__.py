"""The hook for Keras: ``model.fit(x, y, callbacks=[DiagnoseCallback("runs/a")])``, on every backend."""

from diagnose.hooks.keras.callback import DiagnoseCallback

__all__ = ["DiagnoseCallback"]
