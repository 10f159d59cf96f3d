"""Accuracy of training states on held-out pairs or unseen fonts, for every capacity ratio, K and routing.

    python3 -m characters.evaluate --cache CACHE --csv TABLE STATE/twin.pt STATE/vmoe.pt    # in src/training

The first state is compared with each other one at K 1 and ratio 1.05, paired over the images. Computed in float32, in
groups of 64 images. Unseen fonts are for the end only: no choice may depend on them.
"""

import argparse
import csv
import itertools
import pathlib

import torch

import vmoe

from . import train

RATIOS = (1.05, 0.75, 0.5, 0.35, 0.25, 0.15)
TRAINED = vmoe.Routing(1)


@torch.no_grad()
def correct(parameters, shape, batches, routing):
    """(n,) whether each image's largest logit is its label."""
    right = []
    for labels, images in batches:
        logits, _, _ = vmoe.forward(parameters, shape, vmoe.to_input(images), routing)
        right.append(logits.argmax(1) == labels)
    return torch.cat(right)


def interval(difference):
    """Mean of a paired difference and its 95 % interval."""
    half = 1.96 * difference.std().item() / len(difference) ** 0.5
    mean = difference.mean().item()
    return mean, mean - half, mean + half


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("states", type=pathlib.Path, nargs="+")
    add("--cache", type=pathlib.Path, required=True, help="folder of glyphs.py")
    add("--split", choices=("held-out", "unseen"), default="held-out", help="default: %(default)s")
    add("--scripts", help="as in training (default: all)")
    add("--images", type=int, default=2560, help="default: %(default)s")
    add("--group", type=int, default=64, help="images routed together (default: %(default)s)")
    add("--hardness", type=float, default=1.0, help="part of hard images (default: %(default)s)")
    add("--seed", type=int, default=20220630, help="default: %(default)s")
    add("--csv", type=pathlib.Path, help="file for the table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = train.characters(options)
    generator = torch.Generator().manual_seed(options.seed)
    batches = [data.batch(options.split, options.group, options.hardness, generator)[1:] for _ in range(options.images // options.group)]
    rows, trained = [["model", "split", "routing", "experts_per_token", "capacity_ratio", "images", "accuracy"]], {}
    for path in options.states:
        parameters = torch.load(path, weights_only=True)["parameters"]
        shape = vmoe.shape_of(parameters, 48)
        settings = [TRAINED] if not shape.moe_blocks else [
            vmoe.Routing(K, ratio, priority) for K, priority, ratio in itertools.product((1, 2), (True, False), RATIOS)]
        for setting in settings:
            right = correct(parameters, shape, batches, setting)
            if setting == TRAINED:
                trained[path.stem] = right.float()
            told = ["bpr" if setting.batch_priority else "vanilla", setting.experts_per_token, setting.capacity_ratio] if shape.moe_blocks else [""] * 3
            rows.append([path.stem, options.split, *told, len(right), f"{right.float().mean():.4f}"])
            print(*rows[-1], sep="\t", flush=True)
    first = options.states[0].stem
    for name, right in trained.items():
        if name != first:
            mean, low, high = interval(right - trained[first])
            print(f"{name} minus {first}: {100 * mean:.2f} points, 95 % interval {100 * low:.2f} to {100 * high:.2f}")
    if options.csv:
        with options.csv.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
