"""Cuts backgrounds out of photographs that are in the public domain (CC0): Debian's budgie-backgrounds.

    python3 -m characters.photographs CACHE    # in src/training

Writes photographs.npy (n, 3, 48, 48) bytes: squares of random place and size, from a detail to most of the picture.
"""

import argparse
import pathlib

import numpy
from PIL import Image

from .scenes import SIZE

FOLDER = pathlib.Path("/usr/share/backgrounds/budgie")
PER_PICTURE = 600


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER, help="default: %(default)s")
    options = parser.parse_args()
    random = numpy.random.default_rng(20220622)
    crops = []
    for path in sorted(options.folder.glob("*.jpg")):
        picture = Image.open(path).convert("RGB")
        picture.thumbnail((1920, 1920))
        for _ in range(PER_PICTURE):
            side = int(numpy.exp(random.uniform(numpy.log(SIZE), numpy.log(0.9 * min(picture.size)))))
            left, top = random.integers(0, picture.width - side), random.integers(0, picture.height - side)
            crop = picture.resize((SIZE, SIZE), Image.Resampling.BOX, (left, top, left + side, top + side))
            crops.append(numpy.asarray(crop).transpose(2, 0, 1))
    options.cache.mkdir(parents=True, exist_ok=True)
    numpy.save(options.cache / "photographs.npy", numpy.stack(crops))
    print(f"{len(crops)} crops")


if __name__ == "__main__":
    main()
