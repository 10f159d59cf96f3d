"""Resizes position embeddings with SciPy, for the test that holds the import to it.

  python3 positions_parity.py OUT.npz

Writes for each pair of sizes the positions before and after, (1, T, D): a class token, then the patches row by row.
SciPy's zoom of order 1 is what V-MoE's reference implementation resizes positions with.
"""
import sys

import numpy as np
import scipy.ndimage

SIDES = [(7, 12), (14, 24), (12, 7), (24, 14), (7, 7), (5, 16), (1, 3)]
WIDTH = 8


def main(out):
    random = np.random.default_rng(20210610)
    arrays = {}
    for before, after in SIDES:
        positions = random.normal(size=(1, 1 + before * before, WIDTH)).astype(np.float32)
        grid = positions[0, 1:].reshape(before, before, WIDTH)
        factor = after / before
        resized = scipy.ndimage.zoom(grid, (factor, factor, 1), order=1)
        assert resized.shape == (after, after, WIDTH)
        name = f"{before}_{after}"
        arrays["before_" + name] = positions
        arrays["after_" + name] = np.concatenate([positions[:, :1], resized.reshape(1, -1, WIDTH)], axis=1)
    np.savez_compressed(out, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
