"""Hugging Face: a callback for ``transformers.Trainer`` and its descendants.

Examples
--------
>>> import torch, transformers
>>> from diagnose.hooks.transformers import DiagnoseCallback
>>> _ = torch.manual_seed(0)
>>> config = transformers.BertConfig(
...     vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=2
... )
>>> model = transformers.BertForSequenceClassification(config)
>>> words = torch.randint(0, 32, (64, 8))
>>> rows = [{"input_ids": row, "labels": int(row[0] > 15)} for row in words]
>>> args = transformers.TrainingArguments(
...     "out",
...     num_train_epochs=2,
...     eval_strategy="epoch",
...     logging_strategy="epoch",
...     save_strategy="no",
...     report_to="none",
...     disable_tqdm=True,
...     use_cpu=True,
... )
>>> watch = DiagnoseCallback("runs/bert")
>>> trainer = transformers.Trainer(model, args, train_dataset=rows[:48], eval_dataset=rows[48:], callbacks=[watch])
>>> trainer.remove_callback(transformers.PrinterCallback)
>>> _ = trainer.train()
>>> watch.diagnosis.run.name
'bert'
"""

from diagnose.hooks.transformers.callback import DiagnoseCallback

__all__ = ["DiagnoseCallback"]
