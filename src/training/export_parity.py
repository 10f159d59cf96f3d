"""Writes the parity sets: logits and choices of stored checkpoints in float32, for other implementations to match.

    python3 src/training/export_parity.py characters    # of the bundled model, whenever its weights change
    python3 src/training/export_parity.py mixed token   # of random weights, with their checkpoints

Writes NAME.npz into src/test/resources/parity.

Arrays of each .npz, for a setting such as bpr_k2_r0.5_b32 (routing, K, requested ratio, the first so many images):
    images (32, S, S, 3) uint8        capacity_SETTING () slots an expert
    logits_SETTING (B, n) float32     of every class_step-th class, from the first on; class_step ()
    assigned_SETTING, dispatched_SETTING (B, L, E) int32: choices before and after capacity
    margin_SETTING () float32: the smallest difference of two gates that decided anything, over all layers. Where it is
        not far above an implementation's rounding (about 1e-6), a choice may rightly fall the other way: such images
        are not taken
"""

import argparse
import csv
import itertools
import pathlib

import numpy
import torch
from PIL import Image

import checkpoint
import vmoe

SOURCES = pathlib.Path(__file__).parent.parent
PARITY = SOURCES / "test" / "resources" / "parity"
BUNDLED = SOURCES / "models" / "characters"
MIXED = vmoe.Shape(patch=7, hidden=32, mlp=64, blocks=4, heads=2, classes=10, experts=4, moe_blocks=(1, 3),
                   class_token=False, pre_logits=24)
TOKEN = vmoe.Shape(patch=7, hidden=32, mlp=64, blocks=2, heads=2, classes=10, experts=8, moe_blocks=(0, 1))
RANDOM = {"mixed": MIXED, "token": TOKEN}
RATIOS = (0.1, 0.25, 0.5, 1.05, 4)
BATCHES = (32, 5, 1)
SAFE_MARGIN = 4e-6
MOST_CLASSES = 64  # that are kept of each image's logits


class TooNarrow(ValueError):
    """Two gates that decided something are too near to each other."""


def margin(plan, routing):
    """The smallest difference of two gates on which the plan of one layer hung."""
    K = routing.experts_per_token
    largest = plan.router.sort(1, descending=True).values  # (N, E)
    gaps = [(largest[:, :K] - largest[:, 1 : K + 1]).min()]  # who is first, who is second
    if routing.batch_priority:  # who still got a slot, among equal choices of one expert
        for k, e in itertools.product(range(K), range(plan.router.shape[1])):
            here, kept = plan.experts[k] == e, plan.kept[k]
            if (here & kept).any() and (here & ~kept).any():
                gaps.append(largest[here & kept, 0].min() - largest[here & ~kept, 0].max())
    return min(gaps).item()


@torch.no_grad()
def parity(parameters, images):
    """The arrays of one set."""
    shape = vmoe.shape_of(parameters, images.shape[1])
    step = -(-shape.classes // MOST_CLASSES)
    arrays = {"images": images.numpy(), "class_step": numpy.int64(step)}
    for batch, K, routing, ratio in itertools.product(BATCHES, (1, 2), ("bpr", "vanilla"), RATIOS):
        setting = vmoe.Routing(K, ratio, routing == "bpr")
        logits, plans, _ = vmoe.forward(parameters, shape, vmoe.to_input(images[:batch]), setting)
        assigned, dispatched = vmoe.choices_per_image(plans, batch, shape.experts)
        name = f"{routing}_k{K}_r{ratio}_b{batch}"
        smallest = min(margin(plan, setting) for plan in plans)
        if smallest < SAFE_MARGIN:
            raise TooNarrow(f"{name}: two gates that decided something differ by {smallest:.1e} only")
        arrays[f"capacity_{name}"] = numpy.int64(setting.capacity(batch * shape.tokens, shape.experts))
        arrays[f"margin_{name}"] = numpy.float32(smallest)
        arrays[f"logits_{name}"] = logits[:, ::step].numpy()
        arrays[f"assigned_{name}"] = assigned.numpy().astype(numpy.int32)
        arrays[f"dispatched_{name}"] = dispatched.numpy().astype(numpy.int32)
    return arrays


def random_weights(shape, seed):
    """Random leaves of a model; wide enough to tell its parts apart."""
    generator = torch.Generator().manual_seed(seed)
    parameters = vmoe.initial_parameters(shape, seed)
    for name, leaf in parameters.items():
        if leaf.dim() == 1 or "bias" in name:
            leaf.add_(0.1 * torch.randn(leaf.shape, generator=generator))
        elif "Router" in name:
            leaf.mul_(2)
        elif "pos_embedding" in name:
            leaf.mul_(10)
    return parameters


def bundled():
    """Yields the bundled model with each 32 test images in turn."""
    parameters = checkpoint.parameters_of(BUNDLED / "vmoe-bpr" / "checkpoint")
    with (BUNDLED / "test" / "labels.csv").open(encoding="utf-8") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    for first in range(0, len(names) - max(BATCHES), max(BATCHES)):
        images = [numpy.array(Image.open(BUNDLED / "test" / name)) for name in names[first : first + max(BATCHES)]]
        yield f"images from {first} on", parameters, torch.from_numpy(numpy.stack(images))


def random(name):
    """Yields random weights and images of one seed after another; writes the weights as a checkpoint."""
    for seed in itertools.count(17):
        checkpoint.write(PARITY / name, {path: leaf.numpy() for path, leaf in random_weights(RANDOM[name], seed).items()})
        coarse = numpy.random.default_rng(seed).integers(0, 256, (max(BATCHES), 7, 7, 3), numpy.uint8)
        images = torch.from_numpy(coarse.repeat(4, 1).repeat(4, 2))
        yield f"seed {seed}", checkpoint.parameters_of(PARITY / name), images


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", choices=("characters", *RANDOM))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.sets:
        for what, parameters, images in bundled() if name == "characters" else random(name):
            try:
                numpy.savez_compressed(PARITY / f"{name}.npz", **parity(parameters, images))
                print(f"{name}: {what}")
                break
            except TooNarrow as narrow:
                print(f"{name}: {what}: {narrow}")
        else:
            raise ValueError(f"{name}: no images with safe margins")


if __name__ == "__main__":
    main()
