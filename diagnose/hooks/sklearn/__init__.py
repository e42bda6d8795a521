"""scikit-learn: a monitor for ``partial_fit`` loops, and for estimators whose ``fit`` goes on in iterations.

Examples
--------
A loop; each call of `DiagnoseMonitor.epoch` asks the model about the data:

>>> import numpy as np
>>> from sklearn.linear_model import SGDClassifier
>>> from diagnose.hooks.sklearn import DiagnoseMonitor
>>> rng = np.random.default_rng(0)
>>> x = rng.normal(size=(600, 8))
>>> y = (x[:, 0] + rng.normal(size=600) > 0).astype(int)
>>> model = SGDClassifier(loss="log_loss", random_state=0)
>>> with DiagnoseMonitor(model, "runs/loop", val=(x[400:], y[400:])) as monitor:
...     for epoch in range(20):
...         _ = monitor.partial_fit(x[:400], y[:400], classes=[0, 1])  # or the model's own
...         if monitor.epoch().stop:
...             break
>>> monitor.diagnosis.run.name
'loop'

A whole ``fit``, which gives the same model as the estimator's own:

>>> from sklearn.ensemble import GradientBoostingClassifier
>>> monitor = DiagnoseMonitor(GradientBoostingClassifier(random_state=0), "runs/fit", val=(x[400:], y[400:]))
>>> model = monitor.fit(x[:400], y[:400])
>>> print(monitor.diagnosis.main)
overfitting
"""

from diagnose.hooks.sklearn.monitor import DiagnoseMonitor

__all__ = ["DiagnoseMonitor"]
