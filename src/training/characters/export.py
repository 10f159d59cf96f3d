"""Writes a training state as a model of the product: rounded weights, and model.json with the classes and their scripts.

    python3 -m characters.export STATE/vmoe.pt src/models/characters/vmoe --name characters-vmoe    # in src/training
"""

import argparse
import json
import pathlib

import torch

import checkpoint

from . import classes, train


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--scripts", help="as in training (default: all)")
    options = parser.parse_args()
    tree = checkpoint.rounded(torch.load(options.state, weights_only=True)["parameters"])
    chosen = train.selected(classes.read(train.HERE / "classes.csv"), options.scripts)
    if len(chosen) != len(tree["head/bias"]):
        raise ValueError(f"{len(chosen)} classes of the scripts, {len(tree['head/bias'])} of the state")
    checkpoint.write(options.folder / "checkpoint", tree)
    back = checkpoint.read(options.folder / "checkpoint")
    if back.keys() != tree.keys() or any(back[name].tobytes() != tree[name].tobytes() for name in tree):
        raise ValueError(f"{options.folder} does not read back as written")
    settings = {"experts_per_token": 1, "capacity_ratio": 1.05} if any("/Moe/" in name for name in tree) else {}
    text = {"name": options.name, "classes": [kind.characters[0] for kind in chosen],
            "groups": [kind.script for kind in chosen], **settings, "activation": "softmax", "resize": "bilinear"}
    (options.folder / "model.json").write_text(json.dumps(text, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(tree)} leaves, {sum(leaf.size for leaf in tree.values()):,} parameters, {len(chosen)} classes")


if __name__ == "__main__":
    main()
