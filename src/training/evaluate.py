"""Accuracy of stored checkpoints for every capacity ratio, K and routing, in float32 without autocast.

    python3 src/training/evaluate.py --split held-out                        # tuning decisions
    python3 src/training/evaluate.py --split test --csv src/models/fashion-mnist/accuracy.csv   # final figures only
"""

import argparse
import csv
import itertools
import pathlib

import torch

import checkpoint
import data
import vmoe

MODELS = pathlib.Path(__file__).parent.parent / "models" / "fashion-mnist"
RATIOS = (4, 2, 1.05, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1)
TRAINED = vmoe.Routing()


def shape_of(parameters, image_size=28):
    """The shape that a parameter tree implies."""
    patch, _, _, hidden = parameters["embedding/kernel"].shape
    blocks = len({name.split("/")[1] for name in parameters if name.startswith("Encoder/encoderblock_")})
    moe = tuple(i for i in range(blocks) if f"Encoder/encoderblock_{i}/Moe/Router/dense/kernel" in parameters)
    kernels = [leaf for name, leaf in parameters.items() if name.endswith("lp/Dense_0/kernel")]
    experts = parameters[f"Encoder/encoderblock_{moe[0]}/Moe/Router/dense/kernel"].shape[1] if moe else 0
    return vmoe.Shape(
        image_size=image_size, patch=patch, hidden=hidden, mlp=kernels[0].shape[-1], blocks=blocks,
        heads=parameters["Encoder/encoderblock_0/SelfAttention/query/kernel"].shape[1],
        classes=len(parameters["head/bias"]), experts=experts, moe_blocks=moe, class_token="cls" in parameters,
        pre_logits=len(parameters["pre_logits/bias"]) if "pre_logits/bias" in parameters else 0)


@torch.no_grad()
def correct(parameters, images, labels, routing=TRAINED, batch=64):
    """(n,) whether each image's largest logit is its label; images are routed in groups of `batch`, in order."""
    shape, right = shape_of(parameters), []
    for x, y in zip(images.split(batch), labels.split(batch)):
        logits, _, _ = vmoe.forward(parameters, shape, vmoe.to_input(data.colour(x)), routing)
        right.append(logits.argmax(1) == y)
    return torch.cat(right)


def interval(difference):
    """Mean of a paired difference and its 95 % interval."""
    half = 1.96 * difference.std().item() / len(difference) ** 0.5
    mean = difference.mean().item()
    return mean, mean - half, mean + half


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--split", choices=("held-out", "test"), default="held-out", help="default: %(default)s")
    add("--data", type=pathlib.Path, default=data.FOLDER, help="folder of the idx files (default: %(default)s)")
    add("--models", type=pathlib.Path, default=MODELS, help="folder with VARIANT/checkpoint and dense/checkpoint")
    add("--variant", default="vmoe", help="V-MoE to evaluate (default: %(default)s)")
    add("--batch", type=int, default=64, help="images routed together (default: %(default)s)")
    add("--csv", type=pathlib.Path, help="file for the table")
    add("--threads", type=int, default=2, help="default: %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images, labels = data.split(options.split, options.data)
    dense = correct(checkpoint.parameters_of(options.models / "dense" / "checkpoint"), images, labels, batch=options.batch)
    rows = [["model", "routing", "experts_per_token", "capacity_ratio", "batch", "images", "correct", "accuracy"]]

    def report(model, routing, K, ratio, right):
        rows.append([model, routing, K, ratio, options.batch, len(right), right.sum().item(), f"{right.float().mean():.4f}"])
        print(*rows[-1], sep="\t", flush=True)

    report("dense", "", "", "", dense)
    mixture = checkpoint.parameters_of(options.models / options.variant / "checkpoint")
    for K, routing, ratio in itertools.product((2, 1), ("bpr", "vanilla"), RATIOS):
        setting = vmoe.Routing(K, ratio, routing == "bpr")
        right = correct(mixture, images, labels, setting, options.batch)
        report(options.variant, routing, K, ratio, right)
        if setting == TRAINED:
            trained = right
    mean, low, high = interval(trained.float() - dense.float())
    print(f"V-MoE (vanilla, ratio 1.05, K 2) minus dense, paired: {100 * mean:.2f} points, 95 % interval {100 * low:.2f} to {100 * high:.2f}")
    if options.csv:
        with options.csv.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
