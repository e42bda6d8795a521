"""Lightning: a callback for ``Trainer``, of ``lightning`` or ``pytorch_lightning``, whichever the program imports.

Examples
--------
>>> import lightning, torch
>>> from diagnose.hooks.lightning import DiagnoseCallback
>>> class Line(lightning.LightningModule):
...     def __init__(self):
...         super().__init__()
...         self.line = torch.nn.Linear(3, 1)
...
...     def training_step(self, batch, _):
...         loss = torch.nn.functional.mse_loss(self.line(batch[0]), batch[1])
...         self.log("train_loss", loss, on_epoch=True)
...         return loss
...
...     def validation_step(self, batch, _):
...         self.log("val_loss", torch.nn.functional.mse_loss(self.line(batch[0]), batch[1]))
...
...     def configure_optimizers(self):
...         return torch.optim.Adam(self.parameters(), 0.1)
>>> _ = torch.manual_seed(0)
>>> x = torch.randn(128, 3)
>>> rows = torch.utils.data.TensorDataset(x, x[:, :1])
>>> train = torch.utils.data.DataLoader(rows, 16, shuffle=True)
>>> val = torch.utils.data.DataLoader(rows, 16)
>>> watch = DiagnoseCallback("runs/line")
>>> trainer = lightning.Trainer(
...     max_epochs=6,
...     callbacks=[watch],
...     logger=False,
...     enable_checkpointing=False,
...     enable_progress_bar=False,
...     enable_model_summary=False,
...     accelerator="cpu",
... )
>>> trainer.fit(Line(), train, val)
>>> watch.diagnosis.run.name
'line'
"""

from diagnose.hooks.lightning.callback import DiagnoseCallback

__all__ = ["DiagnoseCallback"]
