"""A learner's second transfer learning: a frozen ResNet-50, a new ``fc``, Adam on it alone; and one line of diagnose.

::

    python torch_resnet50.py                          # at full size, on random images
    python torch_resnet50.py --data digits --size 64  # scikit-learn's handwritten digits, some minutes
    python torch_resnet50.py --train layer4 layer1    # a hybrid: some high and some low layers are tuned too

``runs/resnet50/report.html`` knows it as feature extraction, and says whether the frozen part really stays put: in
``train()`` mode its BatchNorm statistics don't. ``--frozen-in-eval`` puts that right.
"""

from __future__ import annotations

import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn

from diagnose.hooks.torch import DiagnoseMonitor

try:
    from torchvision.models import resnet50
except (ImportError, RuntimeError):  # missing, or made for another version of torch
    from resnet import resnet50


def data(kind: str, size: int, images: int) -> torch.utils.data.TensorDataset:
    """Return images, shape ``(n, 3, size, size)``, and labels of ten classes."""
    if kind == "random":
        return torch.utils.data.TensorDataset(torch.rand(images, 3, size, size), torch.randint(10, (images,)))
    digits = load_digits()
    x = torch.tensor(digits.images[:images], dtype=torch.float32)[:, None] / 16
    x = nn.functional.interpolate(x, size=(size, size), mode="bilinear").expand(-1, 3, -1, -1)
    return torch.utils.data.TensorDataset(x, torch.tensor(digits.target[:images]))


def main(arguments: argparse.Namespace) -> None:
    """Train the head."""
    torch.manual_seed(arguments.seed)
    model = resnet50()
    if arguments.weights:
        model.load_state_dict(torch.load(arguments.weights, weights_only=True))
    for parameter in model.parameters():
        parameter.requires_grad = False
    model.fc = nn.Linear(model.fc.in_features, 10)
    for name in arguments.train:
        for parameter in getattr(model, name).parameters():
            parameter.requires_grad = True
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=1e-3)
    criterion = nn.CrossEntropyLoss()

    everything = data(arguments.data, arguments.size, arguments.images)
    train, val = torch.utils.data.random_split(everything, [0.8, 0.2])
    train_loader = torch.utils.data.DataLoader(train, batch_size=32, shuffle=True)
    val_loader = torch.utils.data.DataLoader(val, batch_size=64)

    with DiagnoseMonitor(model, optimizer, arguments.run):  # the one line
        for epoch in range(arguments.epochs):
            model.train()
            if arguments.frozen_in_eval:
                keep_frozen_statistics(model)
            for x, y in train_loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
            model.eval()
            right = 0
            with torch.no_grad():
                for x, y in val_loader:
                    said = model(x)
                    criterion(said, y)
                    right += int((said.argmax(1) == y).sum())
            print(f"epoch {epoch + 1}: validation accuracy {right / len(val):.3f}")


def keep_frozen_statistics(model: nn.Module) -> None:
    """Put BatchNorm layers that are not trained into evaluation mode."""
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d) and not part.weight.requires_grad:
            part.eval()


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=("random", "digits"), default="random")
    parser.add_argument("--size", type=int, default=224, help="height and width of the images")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--train", nargs="*", default=[], help="parts of the backbone to tune too, such as layer4")
    parser.add_argument("--frozen-in-eval", action="store_true", help="keep frozen BatchNorm in evaluation mode")
    parser.add_argument("--weights", help="a file of weights (a state dict), instead of random ones")
    parser.add_argument("--run", default="runs/resnet50", help="the run directory")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main(parsed())
