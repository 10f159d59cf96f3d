"""Trains a demo V-MoE (or its dense twin) on Fashion-MNIST, resumable after every epoch.

Recipe: vanilla routing at capacity ratio 1.05 and K = 2, gate noise of standard deviation 1/E, importance and load
loss 0.005 each, in every block. Activations bfloat16, weights and their updates float32. Early epochs look at a random
part of the patches, the last ones at all. Start it like this, or page faults cost more than arithmetic:

    MALLOC_MMAP_THRESHOLD_=17179869184 MALLOC_TRIM_THRESHOLD_=17179869184 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 \\
        python3 src/training/train.py --state STATE --model vmoe
"""

import argparse
import csv
import math
import os
import pathlib
import time

import torch
from torch.nn import functional

import checkpoint
import data
import optimizer
import vmoe


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--model", choices=("vmoe", "dense"), default="vmoe")
    add("--state", type=pathlib.Path, required=True, help="folder of the resumable state and the curves")
    add("--data", type=pathlib.Path, default=data.FOLDER, help="folder of the idx files (default: %(default)s)")
    add("--epochs", type=int, default=20, help="default: %(default)s")
    add("--batch", type=int, default=256, help="images a step (default: %(default)s)")
    add("--hidden", type=int, default=96, help="D, in heads of 32 (default: %(default)s)")
    add("--mlp", type=int, default=576, help="H (default: %(default)s)")
    add("--blocks", type=int, default=4, help="default: %(default)s")
    add("--muon-rate", type=float, default=0.01, help="peak learning rate of the hidden matrices (default: %(default)s)")
    add("--adam-rate", type=float, default=0.002, help="peak learning rate of the rest (default: %(default)s)")
    add("--decay", type=float, default=0.02, help="weight decay of the hidden matrices (default: %(default)s)")
    add("--smoothing", type=float, default=0.05, help="label smoothing (default: %(default)s)")
    add("--keep", type=float, default=0.6, help="part of the patches seen early (default: %(default)s)")
    add("--keep-until", type=float, default=0.7, help="part of the epochs that are early (default: %(default)s)")
    add("--start", type=pathlib.Path, help="where an earlier stage's weights are to start from: its state (.pt) or a checkpoint's prefix")
    add("--skip", type=float, default=0.0, help="stochastic depth: largest part of an image's tokens that pass an MLP by their residual (default: %(default)s)")
    add("--lowest-ratio", type=float, help="batch priority routing at a K of 1 or 2 and a capacity ratio drawn anew every step, from this to 1.05, evenly in its logarithm")
    add("--seed", type=int, default=20220622, help="default: %(default)s")
    add("--threads", type=int, default=1, help="default: %(default)s")
    add("--steps", type=int, help="stop after so many steps, to measure the speed")
    return parser.parse_args()


def shape_of(options):
    blocks = tuple(range(options.blocks)) if options.model == "vmoe" else ()
    D = options.hidden
    return vmoe.Shape(hidden=D, mlp=options.mlp, blocks=options.blocks, heads=D // 32, moe_blocks=blocks)


def rate(step, steps, warm_up=200):
    """Part of the peak learning rate: up, flat, then down to 0 over the last half of the steps."""
    return min(1.0, (step + 1) / warm_up, (steps - step) / (0.5 * steps))


def stochastic_depth(shape, images, largest, generator):
    """(blocks, B, T) of 0 and 1: half of the images keep every token, the others lose a part drawn up to the largest."""
    part = largest * torch.rand(images, 1, generator=generator) * (torch.rand(images, 1, generator=generator) < 0.5)
    return (torch.rand(shape.blocks, images, shape.tokens, generator=generator) >= part).bfloat16()


def lowered(lowest, generator):
    """Batch priority routing with K 1 or 2 and a ratio from the lowest to that of training."""
    trained = vmoe.Routing()
    draw, K = torch.rand(1, generator=generator).item(), torch.randint(1, trained.experts_per_token + 1, (1,), generator=generator).item()
    return vmoe.Routing(K, lowest * (trained.capacity_ratio / lowest) ** draw, batch_priority=True)


def weights_of(start):
    """The weights of an earlier stage."""
    return torch.load(start, weights_only=True)["parameters"] if start.suffix == ".pt" else checkpoint.parameters_of(start)


def half(parameters):
    """The tree in bfloat16, gradients flowing back to float32."""
    return {name: leaf if "Router" in name else leaf.bfloat16() for name, leaf in parameters.items()}


@torch.no_grad()
def accuracy(parameters, shape, images, labels, batch=250):
    p, right = half(parameters), 0
    for x, y in zip(images.split(batch), labels.split(batch)):
        logits, _, _ = vmoe.forward(p, shape, vmoe.to_input(data.colour(x)).bfloat16(), vmoe.Routing())
        right += (logits.argmax(1) == y).sum().item()
    return right / len(labels)


def epoch(options, shape, parameters, update, images, labels, number):
    """One pass over the training images; returns mean loss, mean balance loss and training accuracy."""
    generator = torch.Generator().manual_seed(options.seed + number)
    torch.manual_seed(options.seed + number)  # the gate noise
    order = torch.randperm(len(images), generator=generator)
    per_epoch = len(order) // options.batch
    noise = 1 / shape.experts if shape.moe_blocks else 0.0
    early = number < options.keep_until * options.epochs
    totals = torch.zeros(3)
    start = time.monotonic()
    for i in range(per_epoch):
        chosen = order[i * options.batch : (i + 1) * options.batch]
        x = vmoe.to_input(data.colour(data.augment(images[chosen], generator))).bfloat16()
        y = labels[chosen]
        keep = None
        if early and options.keep < 1:
            scores = torch.rand(len(x), shape.patches, generator=generator)
            keep = scores.topk(round(options.keep * shape.patches), dim=1).indices
        depth = stochastic_depth(shape, len(x), options.skip, generator) if options.skip else None
        routing = lowered(options.lowest_ratio, generator) if options.lowest_ratio else vmoe.Routing()
        logits, _, balance = vmoe.forward(half(parameters), shape, x, routing, noise, keep, depth)
        logits = logits.float()
        loss = functional.cross_entropy(logits, y, label_smoothing=options.smoothing)
        (loss + 0.005 * balance).backward()
        update.step(rate(update.steps, per_epoch * options.epochs))
        for leaf in parameters.values():
            leaf.grad = None
        totals += torch.tensor([loss.item(), float(balance), (logits.argmax(1) == y).float().mean().item()])
        if i % 50 == 49:
            speed = (i + 1) * options.batch / (time.monotonic() - start)
            mean = totals / (i + 1)
            print(f"\repoch {number + 1}/{options.epochs} step {i + 1}/{per_epoch} loss {mean[0]:.4f} balance {mean[1]:.3f} "
                  f"accuracy {mean[2]:.4f} {speed:.0f} images/s", end="\n" if i % 100 == 99 else "", flush=True)
        if options.steps and i + 1 == options.steps:
            raise SystemExit
    return (totals / per_epoch).tolist()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    shape = shape_of(options)
    options.state.mkdir(parents=True, exist_ok=True)
    saved, curves = options.state / f"{options.model}.pt", options.state / f"{options.model}-curves.csv"
    parameters = weights_of(options.start) if options.start else vmoe.initial_parameters(shape, options.seed)
    for leaf in parameters.values():
        leaf.requires_grad_()
    update = optimizer.Optimizer(parameters, options.muon_rate, options.adam_rate, options.decay)
    rows, first = [], 0
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        first, rows = state["epoch"], state["rows"]
        for name, leaf in parameters.items():
            leaf.data.copy_(state["parameters"][name])
        update.restore(state["optimizer"])
    images, labels = data.split("train", options.data)
    held_images, held_labels = data.split("held-out", options.data)
    print(f"{options.model}: {sum(leaf.numel() for leaf in parameters.values()):,} parameters, from epoch {first + 1}", flush=True)
    for number in range(first, options.epochs):
        start = time.monotonic()
        loss, balance, trained = epoch(options, shape, parameters, update, images, labels, number)
        held = accuracy(parameters, shape, held_images, held_labels)
        seconds = time.monotonic() - start
        rows.append([number + 1, f"{loss:.5f}", f"{balance:.5f}", f"{trained:.5f}", f"{held:.4f}", f"{seconds:.1f}"])
        print(f"\nepoch {number + 1}: loss {loss:.4f} held-out {held:.4f} in {seconds:.0f} s", flush=True)
        state = {"epoch": number + 1, "rows": rows, "optimizer": update.state(),
                 "parameters": {name: leaf.detach() for name, leaf in parameters.items()}}
        torch.save(state, saved.with_suffix(".new"))
        os.replace(saved.with_suffix(".new"), saved)
        with curves.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(
                [["epoch", "loss", "balance_loss", "train_accuracy", "held_out_accuracy", "seconds"], *rows])


if __name__ == "__main__":
    main()
