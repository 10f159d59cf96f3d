"""Trains a V-MoE or a dense twin on characters of the world; started again, it goes on where it stopped.

    python3 -m characters.train --cache CACHE --state STATE --name twin --images 3000000    # in src/training

Step i draws the same images for every model of the same seed and batch. The state (weights, momenta, step, curve) is
saved every few minutes, and on SIGTERM, and replaced as a whole. The rate is flat after its warm-up until the cool-down begins, so a run
can be extended by a larger --images as long as it has not begun to cool down. Environment: see README.md.
"""

import argparse
import csv
import os
import pathlib
import signal
import time

import numpy
import torch
from torch.nn import functional

import optimizer
import vmoe

from . import classes, faces, glyphs, splits, upcycle, widen

HERE = pathlib.Path(__file__).parent
HEADER = ["images", "loss", "accuracy", "balance_loss", "hard", "rate", "images_per_second", "held_out_loss", "held_out_accuracy"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--cache", type=pathlib.Path, required=True, help="folder of glyphs.py")
    add("--state", type=pathlib.Path, default=pathlib.Path("target/training"), help="folder of states and curves (default: %(default)s)")
    add("--name", required=True, help="name of the run: NAME.pt and NAME.csv in the state folder")
    add("--images", type=int, required=True, help="images in all")
    add("--batch", type=int, default=512, help="images a step (default: %(default)s)")
    add("--hidden", type=int, default=192, help="D, in heads of 32 (default: %(default)s)")
    add("--mlp", type=int, default=768, help="H (default: %(default)s)")
    add("--blocks", type=int, default=4, help="default: %(default)s")
    add("--experts", type=int, default=8, help="E (default: %(default)s)")
    add("--moe-blocks", type=lambda text: tuple(map(int, text.split(","))), default=(), help="blocks with experts, like 1,2,3; none: dense")
    add("--scripts", help="train these scripts only, like kanji-1,kana (default: all)")
    add("--upcycle", type=pathlib.Path, help="state of the dense twin to start from")
    add("--widen", type=pathlib.Path, help="state of the same model with fewer classes to start from")
    add("--widen-scripts", help="the --scripts of that state")
    add("--muon-rate", type=float, default=0.01, help="peak rate of the hidden matrices (default: %(default)s)")
    add("--expert-share", type=float, default=1.0, help="rate and decay of the experts' kernels, as a share of the others' (default: %(default)s)")
    add("--adam-rate", type=float, default=0.002, help="peak rate of the rest (default: %(default)s)")
    add("--warm-up", type=int, default=100, help="steps (default: %(default)s)")
    add("--cool-down", type=int, default=0, help="last images over which the rate falls to 0 (default: %(default)s)")
    add("--easy-until", type=int, default=60_000, help="images before the first hard one (default: %(default)s)")
    add("--hard-from", type=int, default=300_000, help="images from which on all are hard (default: %(default)s)")
    add("--lower-from", type=int, help="images from which on each step has a ratio of --lowered, by batch priority (default: never)")
    add("--lowered", type=lambda text: tuple(map(float, text.split(","))), default=(1.05, 0.5, 0.35), help="capacity ratios (default: 1.05,0.5,0.35)")
    add("--seed", type=int, default=20220622, help="default: %(default)s")
    add("--save-seconds", type=float, default=180, help="default: %(default)s")
    add("--report", type=int, default=50, help="steps a row of the curve (default: %(default)s)")
    add("--test-images", type=int, default=1024, help="held-out images at every tenth row (default: %(default)s)")
    return parser.parse_args()


def rate(images, options):
    """Part of the peak learning rate after so many images."""
    left = (options.images - images) / options.cool_down if options.cool_down else 1.0
    return min(1.0, (images / options.batch + 1) / options.warm_up, left)


def hardness(images, options):
    """Part of the images that are hard after so many images."""
    return min(1.0, max(0.0, (images - options.easy_until) / (options.hard_from - options.easy_until)))


def routing(images, options):
    """How tokens claim slots after so many images."""
    if options.lower_from is None or images < options.lower_from:
        return vmoe.Routing(1)
    return vmoe.Routing(1, options.lowered[images // options.batch % len(options.lowered)], True)


def half(parameters):
    """The tree in bfloat16 but for the routers, gradients flowing back to float32."""
    return {name: leaf if "Router" in name else leaf.bfloat16() for name, leaf in parameters.items()}


def selected(kinds, scripts):
    """The classes of the scripts named, like "kanji-1,latin"; all if none is."""
    return [kind for kind in kinds if not scripts or kind.script in scripts.split(",")]


def characters(options):
    listed = faces.read(HERE / "faces.csv")
    chosen = selected(classes.read(HERE / "classes.csv"), options.scripts)
    photographs = torch.from_numpy(numpy.load(options.cache / "photographs.npy"))
    return splits.Characters(glyphs.Cache(options.cache), listed, chosen, photographs)


def shape_of(options, count):
    return vmoe.Shape(image_size=48, patch=8, hidden=options.hidden, mlp=options.mlp, blocks=options.blocks, heads=options.hidden // 32,
                      classes=count, experts=options.experts, moe_blocks=options.moe_blocks, class_token=False)


@torch.no_grad()
def tested(parameters, shape, data, options, split="held-out", group=256):
    """Loss and accuracy on hard images that are the same at every call."""
    p, totals, groups = half(parameters), torch.zeros(2), max(1, options.test_images // group)
    generator = torch.Generator().manual_seed(options.seed)
    for _ in range(groups):
        _, labels, images = data.batch(split, group, 1.0, generator)
        logits, _, _ = vmoe.forward(p, shape, vmoe.to_input(images).bfloat16(), vmoe.Routing(1))
        totals += torch.stack([functional.cross_entropy(logits.float(), labels), (logits.argmax(1) == labels).float().mean()])
    return (totals / groups).tolist()


def started(options, shape, data):
    """Parameters, optimiser, images seen and rows of the curve: of the saved state, of another one, or fresh."""
    saved = options.state / f"{options.name}.pt"
    seen, rows, momenta = 0, [], None
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        parameters, momenta, seen, rows = state["parameters"], state["optimizer"], state["images"], state["rows"]
    elif options.upcycle:
        twin = torch.load(options.upcycle, weights_only=True)
        seen = twin["images"]
        _, _, images = data.batch("train", 64, 1.0, torch.Generator().manual_seed(options.seed))
        parameters = upcycle.grown(twin["parameters"], shape, vmoe.to_input(images), options.seed)
        momenta = upcycle.momenta(twin["optimizer"], shape)
    elif options.widen:
        narrow = torch.load(options.widen, weights_only=True)
        known = [kind.characters for kind in selected(classes.read(HERE / "classes.csv"), options.widen_scripts)]
        places = widen.places(known, [kind.characters for kind in data.classes])
        seen = narrow["images"]
        parameters = widen.widened(narrow["parameters"], places, vmoe.initial_parameters(shape, options.seed))
        momenta = widen.momenta(narrow["optimizer"], places, parameters)
    else:
        parameters = vmoe.initial_parameters(shape, options.seed)
    for leaf in parameters.values():
        leaf.requires_grad_()
    update = optimizer.Optimizer(parameters, options.muon_rate, options.adam_rate, expert_share=options.expert_share)
    if momenta:
        update.restore(momenta)
    return parameters, update, seen, rows


def save(options, parameters, update, seen, rows):
    state = {"images": seen, "rows": rows, "optimizer": update.state(), "parameters": {name: leaf.detach() for name, leaf in parameters.items()}}
    saved = options.state / f"{options.name}.pt"
    torch.save(state, saved.with_suffix(".new"))
    os.replace(saved.with_suffix(".new"), saved)
    with saved.with_suffix(".csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])


def step(options, shape, data, parameters, update, seen):
    """One update; returns loss, accuracy and balance loss."""
    number = options.seed * 1_000_003 + seen // options.batch
    generator = torch.Generator().manual_seed(number)
    torch.manual_seed(number)  # the gate noise
    _, labels, images = data.batch("train", options.batch, hardness(seen, options), generator)
    noise = 1 / shape.experts if shape.moe_blocks else 0.0
    logits, _, balance = vmoe.forward(half(parameters), shape, vmoe.to_input(images).bfloat16(), routing(seen, options), noise)
    logits = logits.float()
    loss = functional.cross_entropy(logits, labels)
    (loss + 0.005 * balance).backward()
    update.step(rate(seen, options))
    for leaf in parameters.values():
        leaf.grad = None
    return torch.tensor([loss.item(), (logits.argmax(1) == labels).float().mean().item(), float(balance)])


def main():
    options = arguments()
    torch.set_num_threads(1)
    options.state.mkdir(parents=True, exist_ok=True)
    data = characters(options)
    shape = shape_of(options, len(data.classes))
    parameters, update, seen, rows = started(options, shape, data)
    sizes = {name: len(split) for name, split in data.splits.items()}
    print(f"{options.name}: {sum(leaf.numel() for leaf in parameters.values()):,} parameters, {len(data.classes)} classes, glyphs {sizes}, "
          f"from image {seen:,}", flush=True)
    saved = begun = time.monotonic()
    totals, steps = torch.zeros(3), 0
    stopped = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    while seen < options.images and not stopped:
        totals += step(options, shape, data, parameters, update, seen)
        steps, seen = steps + 1, seen + options.batch
        if seen // options.batch % options.report == 0:  # the same images in every run's row
            loss, accuracy, balance = (totals / steps).tolist()
            speed = steps * options.batch / (time.monotonic() - begun)
            held = [f"{value:.4f}" for value in tested(parameters, shape, data, options)] if len(rows) % 10 == 9 else ["", ""]
            rows.append([seen, f"{loss:.4f}", f"{accuracy:.4f}", f"{balance:.3f}", f"{hardness(seen, options):.3f}",
                         f"{rate(seen, options):.3f}", f"{speed:.0f}", *held])
            print(*rows[-1], flush=True)
            totals, steps, begun = torch.zeros(3), 0, time.monotonic()
        if time.monotonic() - saved > options.save_seconds or seen >= options.images or stopped:
            save(options, parameters, update, seen, rows)
            saved = time.monotonic()


if __name__ == "__main__":
    main()
