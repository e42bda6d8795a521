"""Hooks into training: one class for each framework, in the module of its name.

=============================  ========================================
`diagnose.hooks.keras`         ``DiagnoseCallback`` for ``model.fit``
`diagnose.hooks.torch`         ``DiagnoseMonitor`` for plain loops
`diagnose.hooks.lightning`     ``DiagnoseCallback`` for ``Trainer``
`diagnose.hooks.transformers`  ``DiagnoseCallback`` for ``Trainer``
`diagnose.hooks.sklearn`       ``DiagnoseMonitor`` for estimators
`diagnose.hooks.xgboost`       ``DiagnoseCallback``
`diagnose.hooks.lightgbm`      ``DiagnoseCallback``
=============================  ========================================

They only look: weights, random states and results are bit for bit those of the same training without them, and an error
inside a hook never reaches it. Nothing is imported here: each module imports its own framework.
"""
