"""Fashion-MNIST: reading, the held-out split, augmentation. Axes as in vmoe.py."""

import gzip
import pathlib

import numpy
import torch

CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")  # Debian's dataset-fashion-mnist
HELD_OUT = 5000  # the last so many training images decide on tuning; nothing is trained on them


def read(folder, part):
    """Images (n, 28, 28) and labels (n) of "train" or "t10k"."""
    with gzip.open(pathlib.Path(folder) / f"{part}-images-idx3-ubyte.gz") as file:
        images = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(pathlib.Path(folder) / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = numpy.frombuffer(file.read(), numpy.uint8, offset=8)
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.copy()).long()


def split(name, folder=FOLDER):
    """"train" (the first 55,000), "held-out" (the last 5,000 training images) or "test" (10,000)."""
    if name == "test":
        return read(folder, "t10k")
    images, labels = read(folder, "train")
    part = slice(-HELD_OUT, None) if name == "held-out" else slice(None, -HELD_OUT)
    return images[part], labels[part]


def colour(images):
    """(B, 28, 28) grey to (B, 28, 28, 3): the same value in each channel."""
    return images.unsqueeze(-1).expand(-1, -1, -1, 3)


def augment(images, generator, shift=2):
    """(B, 28, 28): half of the images flipped, each moved by up to `shift` pixels each way, black around."""
    B, size, _ = images.shape
    padded = torch.nn.functional.pad(images, (shift,) * 4)
    span = torch.arange(size)
    rows, columns = (torch.randint(0, 2 * shift + 1, (B, 1), generator=generator) + span for _ in range(2))
    flipped = torch.rand(B, 1, generator=generator) < 0.5
    columns = torch.where(flipped, columns.flip(1), columns)
    return padded[torch.arange(B).view(B, 1, 1), rows.unsqueeze(2), columns.unsqueeze(1)]
