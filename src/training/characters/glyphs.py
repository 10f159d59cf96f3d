"""Renders every character in every face that has it, once, into a cache of masks that training maps into memory.

    python3 -m characters.glyphs CACHE    # in src/training, fonts installed

Cache: masks.u8 (n, 64, 64) coverage bytes; glyphs.npz with point (n,) code point, face (n,) row of faces.csv. A glyph is
centred by its ink; all glyphs of a face and a script are drawn at one size, so that small characters stay small.
"""

import argparse
import collections
import functools
import hashlib
import pathlib

import numpy
from fontTools import ttLib
from PIL import ImageFont

from . import alphabet, faces

CELL = 64
INK = 50  # pixels: the larger side of a typical glyph of the face
LARGEST = 62
PROBE = 100  # font size at which a face is measured


def ink(font, text):
    """The drawn pixels of a text, cropped to its ink (height, width), or None where nothing is drawn."""
    try:
        mask = font.getmask(text, mode="L")
    except OSError:  # a glyph with broken hints
        return None
    width, height = mask.size
    if not width or not height:
        return None
    pixels = numpy.frombuffer(bytes(mask), numpy.uint8).reshape(height, width)
    rows, columns = numpy.flatnonzero(pixels.max(1) > 40), numpy.flatnonzero(pixels.max(0) > 40)
    return pixels[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1] if len(rows) else None


def opened(face, size):
    return ImageFont.truetype(face.file, size, index=face.index, layout_engine=ImageFont.Layout.BASIC)


def covered(face):
    """Code points in the face's character map, less those that it maps to the missing glyph."""
    options = {"fontNumber": face.index} if face.file.endswith(".ttc") else {}
    font = ttLib.TTFont(face.file, lazy=True, **options)
    order = font.getGlyphOrder()
    return {point for point, glyph in (font.getBestCmap() or {}).items() if glyph not in (".notdef", order[0])}


def cell(pixels):
    """Ink to a (64, 64) cell, centred."""
    height, width = pixels.shape
    whole = numpy.zeros((CELL, CELL), numpy.uint8)
    top, left = (CELL - height) // 2, (CELL - width) // 2
    whole[top:top + height, left:left + width] = pixels
    return whole


def rendered(face, points):
    """Yields (code point, cell) of those characters of one script that the face really draws."""
    probe = opened(face, PROBE)
    missing = ink(probe, "\U000fffff")
    sizes = [max(pixels.shape) for pixels in (ink(probe, chr(point)) for point in points[:: max(1, len(points) // 40)]) if pixels is not None]
    if not sizes:
        return
    at = functools.lru_cache(lambda size: opened(face, size))
    size = max(8, round(PROBE * INK / float(numpy.quantile(sizes, 0.7))))
    for point in points:
        pixels = ink(at(size), chr(point))
        smaller = size
        while pixels is not None and max(pixels.shape) > LARGEST and smaller > 8:
            smaller = int(smaller * LARGEST / max(pixels.shape))
            pixels = ink(at(smaller), chr(point))
        if pixels is None or max(pixels.shape) < 8 or max(pixels.shape) > LARGEST:
            continue
        if missing is not None and smaller == size and missing.shape == getattr(ink(probe, chr(point)), "shape", None):
            if (missing == ink(probe, chr(point))).all():
                continue
        yield point, cell(pixels)


class Cache:
    """The masks, mapped into memory, and what each shows."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        table = numpy.load(folder / "glyphs.npz")
        self.points, self.faces = table["point"], table["face"]
        self.masks = numpy.memmap(folder / "masks.u8", numpy.uint8, "r", shape=(len(self.points), CELL, CELL))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--faces", type=pathlib.Path, default=faces.PACKAGES.parent / "faces.csv", help="default: %(default)s")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    scripts = alphabet.candidates()
    seen, point_of, face_of = set(), [], []
    with (options.cache / "masks.new").open("wb") as file:
        for number, face in enumerate(faces.read(options.faces)):
            by_script = collections.defaultdict(list)
            have = covered(face)
            for point, script in scripts.items():
                if point in have and face.usable_for(script):
                    by_script["han" if script in ("kanji-1", "kanji-2", "hanzi") else script].append(point)
            before = len(point_of)
            for points in by_script.values():
                for point, mask in rendered(face, points):
                    key = hashlib.blake2b(mask.tobytes() + point.to_bytes(4), digest_size=8).digest()
                    if key not in seen:  # the same drawing in another file is no further face
                        seen.add(key)
                        file.write(mask.tobytes())
                        point_of.append(point)
                        face_of.append(number)
            print(f"{number} {face.family} {face.style}: {len(point_of) - before} glyphs, {len(point_of)} in all", flush=True)
    (options.cache / "masks.new").rename(options.cache / "masks.u8")
    numpy.savez(options.cache / "glyphs.npz", point=numpy.array(point_of, numpy.int32), face=numpy.array(face_of, numpy.int16))


if __name__ == "__main__":
    main()
