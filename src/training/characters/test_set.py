"""Writes the test images as files: JPEG, half held-out pairs, half unseen fonts, with a table of what each shows.

    python3 -m characters.test_set --cache CACHE FOLDER    # in src/training

labels.csv, one row an image: file, split, label (the name of its class in the model), the character shown (the label or one
that looks like it), its code point, script and font family. The splits take turns, so that the first images are of both.
fonts.csv, one row a font that an image shows: family, style, Debian package and version, its licence and who holds the
copyright as the package says them, images. The packages have to be installed.
"""

import argparse
import collections
import csv
import pathlib

import torch
from PIL import Image

from . import faces, train

SPLITS = ("held-out", "unseen")


def write(table, rows):
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cache", type=pathlib.Path, required=True, help="folder of glyphs.py")
    parser.add_argument("--scripts", help="as in training (default: all)")
    parser.add_argument("--splits", default=",".join(SPLITS), help="default: %(default)s")
    parser.add_argument("--images", type=int, default=2500, help="of each split (default: %(default)s)")
    parser.add_argument("--quality", type=int, default=90, help="of the JPEG files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=20220629, help="default: %(default)s")
    options = parser.parse_args()
    listed = faces.read(train.HERE / "faces.csv")
    data = train.characters(options)
    header = ["file", "split", "label", "character", "code_point", "script", "family"]
    rows, shown = {split: [] for split in options.splits.split(",")}, collections.Counter()
    for split in rows:
        (options.folder / split).mkdir(parents=True, exist_ok=True)
        drawn, labels, images = data.batch(split, options.images, 1.0, torch.Generator().manual_seed(options.seed))
        for number, (row, label, image) in enumerate(zip(drawn.tolist(), labels.tolist(), images)):
            name = f"{split}/{number:04}.jpg"
            Image.fromarray(image.numpy()).save(options.folder / name, quality=options.quality, subsampling=0)
            point = int(data.cache.points[row])
            kind, face = data.classes[label], listed[data.cache.faces[row]]
            rows[split].append([name, split, kind.characters[0], chr(point), f"{point:04X}", kind.script, face.family])
            shown[face.family, face.style, face.package, face.version, face.licence] += 1
    in_turn = [row for pair in zip(*rows.values()) for row in pair]
    write(options.folder / "labels.csv", [header, *in_turn])
    fonts = sorted((*font, faces.holders(font[2]), images) for font, images in shown.items())
    write(options.folder / "fonts.csv", [["family", "style", "package", "version", "licence", "copyright", "images"], *fonts])
    print(f"{len(in_turn)} images, {sum(path.stat().st_size for path in options.folder.rglob('*.jpg')) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
