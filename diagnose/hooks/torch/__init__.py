"""PyTorch: one line around a plain training loop, and the run records itself.

Examples
--------
>>> import torch
>>> from diagnose.hooks.torch import DiagnoseMonitor
>>> _ = torch.manual_seed(0)
>>> x = torch.randn(256, 8)
>>> data = torch.utils.data.TensorDataset(x, (x[:, 0] > 0).long())
>>> loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
>>> model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
>>> optimizer = torch.optim.Adam(model.parameters(), 1e-2)
>>> with DiagnoseMonitor(model, optimizer, "runs/a") as monitor:
...     for _ in range(3):
...         for inputs, labels in loader:
...             optimizer.zero_grad()
...             torch.nn.functional.cross_entropy(model(inputs), labels).backward()
...             _ = optimizer.step()
>>> monitor.diagnosis is not None
True
"""

from diagnose.hooks.torch.monitor import DiagnoseMonitor

__all__ = ["DiagnoseMonitor"]
