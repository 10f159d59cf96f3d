"""Reads and writes V-MoE checkpoints: PREFIX.index and PREFIX.data-00000-of-NNNNN, msgpack with flax's extensions.

Leaf number i counts the leaves of the tree depth-first, each map's keys in lexicographic order. Every leaf of three or
more axes whose first extent is even (the experts' kernels) is cut in half along it, one half in each shard.
"""

import pathlib

import msgpack
import numpy
import torch

VERSION = "20220622"
SHARDS = 2
CHUNKS_KEY = "__msgpack_array_chunk_a87ca2__"
ARRAY, SHAPED, SLICE, SLICES, INFO = 1, 4, 5, 6, 8  # extension codes


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def ordered(tree):
    """The names of a flat tree in leaf order."""
    return sorted(tree, key=lambda name: name.split("/"))


def nested(flat):
    """{"a/b": x} to {"a": {"b": x}}, keys in leaf order."""
    tree = {}
    for name in ordered(flat):
        *folders, last = name.split("/")
        at = tree
        for folder in folders:
            at = at.setdefault(folder, {})
        at[last] = flat[name]
    return tree


def flattened(tree, prefix=""):
    """The inverse of nested."""
    flat = {}
    for key, value in tree.items():
        flat.update(flattened(value, f"{prefix}{key}/") if isinstance(value, dict) else {prefix + key: value})
    return flat


def slices_of(leaf):
    """[(shard, ((start, stop), ...))]: two halves where the leaf can be cut, else all of it in shard 0."""
    whole = [(0, extent) for extent in leaf.shape]
    if leaf.ndim < 3 or leaf.shape[0] % SHARDS:
        return [(0, whole)]
    part = leaf.shape[0] // SHARDS
    return [(shard, [(shard * part, (shard + 1) * part), *whole[1:]]) for shard in range(SHARDS)]


def slices_bytes(spans):
    return pack([pack([start, stop, None]) for start, stop in spans])


def array(values):
    return msgpack.ExtType(ARRAY, pack([list(values.shape), values.dtype.name, values.tobytes()]))


def write(prefix, tree):
    """Writes a flat tree of numpy arrays, the float leaves as they are typed."""
    infos, shards = {}, [{CHUNKS_KEY: True} for _ in range(SHARDS)]
    for i, name in enumerate(ordered(tree)):
        leaf, slices = tree[name], slices_of(tree[name])
        shape = pack([list(leaf.shape), leaf.dtype.name, False, {}])
        infos[name] = msgpack.ExtType(
            INFO, pack([shape, [slices_bytes(spans) for _, spans in slices], [shard for shard, _ in slices]]))
        for shard, spans in slices:
            chunk = leaf[tuple(slice(*span) for span in spans)]
            entry = [[array(chunk.reshape(-1))], msgpack.ExtType(SLICES, slices_bytes(spans))]
            shards[shard].setdefault(str(i), []).append(entry)
    pathlib.Path(prefix).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(f"{prefix}.index").write_bytes(pack({"shard_count": SHARDS, "index": nested(infos), "version": VERSION}))
    for shard, content in enumerate(shards):
        pathlib.Path(f"{prefix}.data-{shard:05}-of-{SHARDS:05}").write_bytes(pack(content))


def read(prefix):
    """The flat tree of numpy arrays."""
    index = msgpack.unpackb(pathlib.Path(f"{prefix}.index").read_bytes())
    if index.get("version") != VERSION:
        raise ValueError(f"{prefix}.index has version {index.get('version')}, expected {VERSION}")
    infos = flattened(index["index"])
    names, tree, filled = ordered(infos), {}, dict.fromkeys(infos, 0)
    for name in names:
        shape, dtype, _, _ = msgpack.unpackb(msgpack.unpackb(infos[name].data)[0])
        tree[name] = numpy.zeros(shape, dtype)
    for shard in range(index["shard_count"]):
        content = msgpack.unpackb(pathlib.Path(f"{prefix}.data-{shard:05}-of-{index['shard_count']:05}").read_bytes())
        content.pop(CHUNKS_KEY)
        for i, entries in content.items():
            for parts, where in entries:
                spans = [slice(*msgpack.unpackb(span)) for span in msgpack.unpackb(where.data)]
                chunk = numpy.concatenate([numpy.frombuffer(raw, dtype) for _, dtype, raw in (msgpack.unpackb(p.data) for p in parts)])
                leaf = tree[names[int(i)]]
                leaf[tuple(spans)] = chunk.reshape([span.stop - span.start for span in spans])
                filled[names[int(i)]] += chunk.size
    for name, leaf in tree.items():
        if filled[name] != leaf.size:
            raise ValueError(f"{prefix}: {filled[name]} of {leaf.size} values of {name}")
    return tree


def rounded(parameters):
    """Tensors to the float16 arrays that are stored."""
    return {name: leaf.detach().numpy().astype(numpy.float16) for name, leaf in parameters.items()}


def parameters_of(prefix):
    """A stored tree as float32 tensors."""
    return {name: torch.from_numpy(leaf.astype(numpy.float32)) for name, leaf in read(prefix).items()}
