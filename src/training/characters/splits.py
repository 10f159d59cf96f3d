"""Which glyphs train, which are held-out pairs, which are of unseen fonts; and batches of images drawn from each.

A held-out pair is a character in a design in which training never shows it, in no weight of it, while training shows
both the character in other designs and the design with other characters.
"""

import hashlib

import numpy
import torch

from . import scenes

HELD_OUT = 0.08  # part of the pairs (class, design)
FEWEST_LEFT = 2  # designs that a class keeps for training


def drawn(text):
    """A number in 0 to 1 that depends on the text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) / 2**48


class Split:
    """The glyphs of one split, grouped by class."""

    def __init__(self, rows, labels, classes):
        order = numpy.argsort(labels, kind="stable")
        self.rows = torch.from_numpy(rows[order])  # (n,) into the cache
        self.present = torch.from_numpy(numpy.unique(labels))  # classes that have a glyph here
        counts = torch.from_numpy(numpy.bincount(labels, minlength=classes))[self.present]
        self.counts, self.starts = counts, counts.cumsum(0) - counts

    def __len__(self):
        return len(self.rows)

    def draw(self, images, generator):
        """Rows of the cache and labels (B,): a class at random, then one of its glyphs."""
        at = torch.randint(len(self.present), (images,), generator=generator)
        within = (torch.rand(images, generator=generator, dtype=torch.float64) * self.counts[at]).long()
        return self.rows[self.starts[at] + within], self.present[at]


class Characters:
    """All splits of the chosen classes."""

    def __init__(self, cache, listed, classes, photographs):
        self.cache, self.classes, self.photographs = cache, classes, photographs
        class_of = {ord(character): number for number, kind in enumerate(classes) for character in kind.characters}
        labels = numpy.array([class_of.get(point, -1) for point in cache.points.tolist()])
        train, unseen = (numpy.array([face.use == use for face in listed])[cache.faces] for use in ("train", "unseen"))
        held = self._held_out(labels, listed)
        known = labels >= 0
        self.splits = {}
        for name, chosen in (("train", train & ~held), ("held-out", train & held), ("unseen", unseen)):
            rows = numpy.flatnonzero(known & chosen)
            self.splits[name] = Split(rows, labels[rows], len(classes))

    def _held_out(self, labels, listed):
        """(n,) whether the glyph's pair of class and design is held out."""
        designs = [face.design for face in listed]
        of_class = {}
        for label, face in zip(labels.tolist(), self.cache.faces.tolist()):
            if label >= 0 and listed[face].use == "train":
                of_class.setdefault(label, set()).add(designs[face])
        out = set()
        for label, present in of_class.items():
            name = self.classes[label].characters[0]
            ranked = sorted((drawn(f"{name} {design}"), design) for design in present)
            limit = max(0, len(ranked) - FEWEST_LEFT)
            out.update((label, design) for chance, design in ranked[:limit] if chance < HELD_OUT)
        return numpy.array([(label, designs[face]) in out for label, face in zip(labels.tolist(), self.cache.faces.tolist())])

    def batch(self, split, images, hardness, generator):
        """Rows of the cache (B,), labels (B,) and images (B, 48, 48, 3); hardness is the part of images at full difficulty."""
        rows, labels = self.splits[split].draw(images, generator)
        masks = torch.from_numpy(self.cache.masks[rows.numpy()])
        draws = torch.rand(2, images, generator=generator)
        hard = torch.where(draws[0] < hardness, 1.0, draws[1] * hardness)
        return rows, labels, scenes.scenes(masks, hard, self.photographs, generator)
