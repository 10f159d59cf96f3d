"""Which patches lose their expert first: those of the character or those of the background?

    python3 -m characters.skipped --cache CACHE --scripts ... STATE/vmoe.pt    # in src/training

A patch belongs to the character if its ink covers at least a tenth of it. Held-out pairs, K 1, groups of 64 images. Prints the
share of tokens that keep their expert, for each block and ratio, by batch priority and in vanilla order.
"""

import argparse
import itertools
import pathlib

import torch
from torch.nn import functional

import vmoe

from . import scenes, train

RATIOS = (1.05, 0.5, 0.35, 0.25)
INK = 0.1


def drawn(data, images, generator):
    """Images (B, S, S, 3) of held-out pairs at full difficulty, and which of their patches hold ink (B, T)."""
    rows, _ = data.splits["held-out"].draw(images, generator)
    hard, draw = torch.ones(images), scenes.Draw(images, generator)
    coverage = scenes.placed(torch.from_numpy(data.cache.masks[rows.numpy()]), hard, draw)
    image = scenes.photographed(scenes.painted(coverage, hard, data.photographs, draw), hard, draw)
    ink = functional.avg_pool2d(coverage, 8).flatten(1) >= INK
    return (image.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1), ink


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("state", type=pathlib.Path)
    add("--cache", type=pathlib.Path, required=True, help="folder of glyphs.py")
    add("--scripts", help="as in training (default: all)")
    add("--images", type=int, default=2048, help="default: %(default)s")
    add("--seed", type=int, default=20220630, help="default: %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data, generator = train.characters(options), torch.Generator().manual_seed(options.seed)
    parameters = torch.load(options.state, weights_only=True)["parameters"]
    shape = vmoe.shape_of(parameters, scenes.SIZE)
    groups = [drawn(data, 64, generator) for _ in range(options.images // 64)]
    ink = torch.cat([of for _, of in groups]).flatten()
    print(f"{ink.float().mean():.3f} of the patches hold ink")
    print("routing", "ratio", "block", "kept_of_character", "kept_of_background", sep="\t")
    for priority, ratio in itertools.product((True, False), RATIOS):
        plans = [vmoe.forward(parameters, shape, vmoe.to_input(images), vmoe.Routing(1, ratio, priority))[1] for images, _ in groups]
        for layer, block in enumerate(sorted(shape.moe_blocks)):
            kept = torch.cat([of[layer].kept[0] for of in plans]).float()
            print("bpr" if priority else "vanilla", ratio, block, f"{kept[ink].mean():.3f}", f"{kept[~ink].mean():.3f}", sep="\t")


if __name__ == "__main__":
    main()
