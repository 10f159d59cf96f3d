"""Settles the classes: characters with enough faces; those that look alike become one class.

    python3 -m characters.classes CACHE src/training/characters/classes.csv    # in src/training

classes.csv, one row a class: its characters, their code points, the script of the first, and training faces and designs.
"""

import argparse
import collections
import csv
import dataclasses
import pathlib
import unicodedata

import numpy
import torch
from torch.nn import functional

from . import alphabet, faces, glyphs

FEWEST_FACES, FEWEST_DESIGNS = 4, 2
SMALLEST = 26  # pixels of the larger side in the cache: smaller marks cannot be told apart when they stand alone
# Correlation of two glyphs of one design, each scaled to fill its box, from which on they are one class:
ALIKE_ACROSS = 0.96  # of two scripts, or the two cases of a letter
ALIKE_WITHIN = 0.985  # of one script
REFERENCES = ("Noto Sans", "Noto Serif", "DejaVu Sans", "FreeSerif", "FreeSans")
SEPARATE = {"kanji-1", "kanji-2", "hanzi"}, {"hangul"}  # never merged among themselves: a reader tells them apart
BY_HAND = ("へヘ", "べベ", "ぺペ", "りリ", "二ニ", "八ハ", "力カ", "工エ", "口ロ", "夕タ", "卜ト", "一ー", "千チ", "三ミ")


@dataclasses.dataclass(frozen=True)
class Class:
    """What one output of the model stands for."""

    characters: str
    script: str
    faces: int
    designs: int


def shapes(masks):
    """(n, 64, 64) masks to (n, 24, 24) of zero mean and length 1, each glyph scaled to fill its box; and (n,) log aspects."""
    filled, aspects = [], []
    for mask in masks:
        rows, columns = numpy.flatnonzero(mask.max(1) > 40), numpy.flatnonzero(mask.max(0) > 40)
        height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        side = max(height, width)
        crop = numpy.zeros((side, side), numpy.float32)
        crop[(side - height) // 2:(side - height) // 2 + height, (side - width) // 2:(side - width) // 2 + width] = \
            mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
        filled.append(functional.interpolate(torch.from_numpy(crop)[None, None], size=(24, 24), mode="area")[0, 0])
        aspects.append(numpy.log(width / height))
    grid = functional.avg_pool2d(torch.stack(filled).unsqueeze(1), 3, 1, 1).flatten(1)
    grid = grid - grid.mean(1, keepdim=True)
    return grid / grid.norm(dim=1, keepdim=True), torch.tensor(aspects)


def alike(cache, listed, scripts, points):
    """Yields (correlation, point, point) of the pairs that one reference design draws nearly the same."""
    for design in REFERENCES:
        regular = {number for number, face in enumerate(listed)
                   if face.design == design and face.style == "Regular" and "Light" not in face.family and "Black" not in face.family}
        where = {}
        for at in numpy.flatnonzero(numpy.isin(cache.faces, list(regular))):
            where.setdefault(int(cache.points[at]), at)
        common = [point for point in points if point in where]
        if not common:
            continue
        grid, aspects = shapes(cache.masks[[where[point] for point in common]])
        for start in range(0, len(common), 1024):
            close = grid[start:start + 1024] @ grid.T
            close[(aspects[start:start + 1024, None] - aspects).abs() > 0.25] = 0
            for a, b in (close > min(ALIKE_ACROSS, ALIKE_WITHIN)).nonzero().tolist():
                first, second = common[start + a], common[b]
                cases = chr(first).lower() == chr(second).lower()
                within = scripts[first] == scripts[second] and not cases
                enough = close[a, b] > (ALIKE_WITHIN if within else ALIKE_ACROSS)
                if start + a < b and enough and not any({scripts[first], scripts[second]} <= group for group in SEPARATE):
                    yield close[a, b].item(), first, second


def extent(mask):
    """The larger side of a glyph's ink in pixels."""
    rows, columns = numpy.flatnonzero(mask.max(1) > 40), numpy.flatnonzero(mask.max(0) > 40)
    return max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1


def large(cache, points):
    """Those of the points whose glyphs are not mere marks."""
    order = numpy.argsort(cache.points, kind="stable")
    starts = numpy.searchsorted(cache.points[order], points)
    ends = numpy.searchsorted(cache.points[order], points, side="right")
    return [point for point, start, end in zip(points, starts, ends)
            if numpy.median([extent(cache.masks[at]) for at in order[start:end:max(1, (end - start) // 5)]]) >= SMALLEST]


def settled(cache, listed):
    """The classes and the merged pairs, by the order of scripts."""
    scripts = alphabet.candidates()
    designs, count = collections.defaultdict(set), collections.Counter()
    for point, face in zip(cache.points.tolist(), cache.faces.tolist()):
        if listed[face].use == "train":
            designs[point].add(listed[face].design)
            count[point] += 1
    points = [point for point in scripts if count[point] >= FEWEST_FACES and len(designs[point]) >= FEWEST_DESIGNS]
    points = large(cache, points)
    root = {point: point for point in points}

    def find(point):
        while root[point] != point:
            point = root[point]
        return point

    order = {point: i for i, point in enumerate(points)}
    pairs = list(alike(cache, listed, scripts, points))
    hand = [(1.0, ord(text[0]), ord(text[1])) for text in BY_HAND]
    for _, first, second in pairs + hand:
        if first in root and second in root:
            first, second = sorted((find(first), find(second)), key=order.get)
            root[second] = first
    members = collections.defaultdict(list)
    for point in points:
        members[find(point)].append(point)
    found = [Class("".join(map(chr, group)), scripts[group[0]], sum(count[point] for point in group),
                   len(set().union(*(designs[point] for point in group)))) for group in members.values()]
    return found, pairs


def read(path):
    with open(path, newline="") as file:
        return [Class(row["characters"], row["script"], int(row["faces"]), int(row["designs"])) for row in csv.DictReader(file)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("csv", type=pathlib.Path)
    parser.add_argument("--faces", type=pathlib.Path, default=faces.PACKAGES.parent / "faces.csv", help="default: %(default)s")
    parser.add_argument("--pairs", type=pathlib.Path, help="file for the merged pairs, to be looked at")
    options = parser.parse_args()
    found, pairs = settled(glyphs.Cache(options.cache), faces.read(options.faces))
    with options.csv.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["characters", "code_points", "script", "faces", "designs"])
        for kind in found:
            writer.writerow([kind.characters, " ".join(f"{ord(c):04X}" for c in kind.characters), kind.script, kind.faces, kind.designs])
    if options.pairs:
        options.pairs.write_text("".join(f"{close:.3f} {chr(a)} {chr(b)} {unicodedata.name(chr(a), '?')} | {unicodedata.name(chr(b), '?')}\n"
                                         for close, a, b in sorted(pairs, reverse=True)))
    print(f"{len(found)} classes: {dict(collections.Counter(kind.script for kind in found))}")


if __name__ == "__main__":
    main()
