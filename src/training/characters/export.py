"""Writes a training state as a model of the product: rounded weights, and model.json with the classes and their groups.

    python3 -m characters.export STATE/vmoe.pt ../models/characters/vmoe-bpr --scripts ...    # in src/training

The model's name is "characters-" and the folder's name.
"""

import argparse
import json
import pathlib

import torch

import checkpoint

from . import classes, radicals, train


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--scripts", help="as in training (default: all)")
    parser.add_argument("--experts-per-token", type=int, default=2, help="largest K that the model may run with (default: %(default)s)")
    options = parser.parse_args()
    tree = checkpoint.rounded(torch.load(options.state, weights_only=True)["parameters"])
    chosen = train.selected(classes.read(train.HERE / "classes.csv"), options.scripts)
    if len(chosen) != len(tree["head/bias"]):
        raise ValueError(f"{len(chosen)} classes of the scripts, {len(tree['head/bias'])} of the state")
    checkpoint.write(options.folder / "checkpoint", tree)
    back = checkpoint.read(options.folder / "checkpoint")
    if back.keys() != tree.keys() or any(back[name].tobytes() != tree[name].tobytes() for name in tree):
        raise ValueError(f"{options.folder} does not read back as written")
    settings = {"experts_per_token": options.experts_per_token, "capacity_ratio": 1.05} if any("/Moe/" in name for name in tree) else {}
    text = {"name": f"characters-{options.folder.name}", "classes": [kind.characters[0] for kind in chosen],
            "groups": radicals.groups(chosen), **settings, "activation": "softmax", "resize": "bilinear"}
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in text.items()]
    (options.folder / "model.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(tree)} leaves, {sum(leaf.size for leaf in tree.values()):,} parameters, {len(chosen)} classes")


if __name__ == "__main__":
    main()
