"""Writes the parity sets: logits and choices of stored checkpoints in float32, for other implementations to match.

    python3 src/training/export_parity.py    # src/test/resources/parity/{fashion-mnist.npz,mixed.npz} and the checkpoint mixed

Arrays of each .npz, for a setting such as bpr_k2_r0.5_b32 (routing, K, requested ratio, the first so many images):
    images (32, 28, 28, 3) uint8      capacity_SETTING () slots an expert     logits_SETTING (B, classes) float32
    assigned_SETTING, dispatched_SETTING (B, L, E) int32: choices before and after capacity
    margin_SETTING () float32: the smallest difference of two gates that decided anything, over all layers. Where it is
        not far above an implementation's rounding (about 1e-6), a choice may rightly fall the other way: such a set is
        not written
"""

import argparse
import itertools
import pathlib

import numpy
import torch

import checkpoint
import data
import evaluate
import vmoe

PARITY = pathlib.Path(__file__).parent.parent / "test" / "resources" / "parity"
MIXED = vmoe.Shape(patch=7, hidden=32, mlp=64, blocks=4, heads=2, classes=10, experts=4, moe_blocks=(1, 3),
                   class_token=False, pre_logits=24)
RATIOS = (0.1, 0.25, 0.5, 1.05, 4)
BATCHES = (32, 5, 1)
SAFE_MARGIN = 4e-6


def margin(plan, routing):
    """The smallest difference of two gates on which the plan of one layer hung."""
    K = routing.experts_per_token
    largest = plan.router.sort(1, descending=True).values  # (N, E)
    gaps = [(largest[:, :K] - largest[:, 1 : K + 1]).min()]  # who is first, who is second
    if routing.batch_priority:  # who still got a slot, among equal choices of one expert
        for k, e in itertools.product(range(K), range(plan.router.shape[1])):
            here, kept = plan.experts[k] == e, plan.kept[k]
            if (here & kept).any() and (here & ~kept).any():
                gaps.append(largest[here & kept, 0].min() - largest[here & ~kept, 0].max())
    return min(gaps).item()


@torch.no_grad()
def parity(parameters, images):
    """The arrays of one set."""
    shape = evaluate.shape_of(parameters)
    arrays = {"images": images.numpy()}
    for batch, K, routing, ratio in itertools.product(BATCHES, (1, 2), ("bpr", "vanilla"), RATIOS):
        setting = vmoe.Routing(K, ratio, routing == "bpr")
        logits, plans, _ = vmoe.forward(parameters, shape, vmoe.to_input(images[:batch]), setting)
        assigned, dispatched = vmoe.choices_per_image(plans, batch, shape.experts)
        name = f"{routing}_k{K}_r{ratio}_b{batch}"
        smallest = min(margin(plan, setting) for plan in plans)
        if smallest < SAFE_MARGIN:
            raise ValueError(f"{name}: two gates that decided something differ by {smallest:.1e} only: choose other images")
        arrays[f"capacity_{name}"] = numpy.int64(setting.capacity(batch * shape.tokens, shape.experts))
        arrays[f"margin_{name}"] = numpy.float32(smallest)
        arrays[f"logits_{name}"] = logits.numpy()
        arrays[f"assigned_{name}"] = assigned.numpy().astype(numpy.int32)
        arrays[f"dispatched_{name}"] = dispatched.numpy().astype(numpy.int32)
    return arrays


def random_mixed(seed):
    """Random leaves of a model with dense and MoE blocks, pre_logits and no class token; wide enough to tell them apart."""
    generator = torch.Generator().manual_seed(seed)
    parameters = vmoe.initial_parameters(MIXED, seed)
    for name, leaf in parameters.items():
        if leaf.dim() == 1 or "bias" in name:
            leaf.add_(0.1 * torch.randn(leaf.shape, generator=generator))
        elif "Router" in name:
            leaf.mul_(2)
        elif "pos_embedding" in name:
            leaf.mul_(10)
    return parameters


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=17, help="of the mixed model and its images, chosen for wide margins (default: %(default)s)")
    parser.add_argument("--first", type=int, default=768,
                        help="first of the test images, chosen for wide margins (default: %(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    PARITY.mkdir(parents=True, exist_ok=True)

    test = data.colour(data.split("test")[0][options.first : options.first + max(BATCHES)]).contiguous()
    stored = checkpoint.parameters_of(evaluate.MODELS / "vmoe" / "checkpoint")
    numpy.savez_compressed(PARITY / "fashion-mnist.npz", **parity(stored, test))

    prefix = PARITY / "mixed"
    checkpoint.write(prefix, {name: leaf.numpy() for name, leaf in random_mixed(options.seed).items()})
    random = numpy.random.default_rng(options.seed)
    coarse = random.integers(0, 256, (max(BATCHES), 7, 7, 3), numpy.uint8)
    images = torch.from_numpy(coarse.repeat(4, 1).repeat(4, 2))
    numpy.savez_compressed(PARITY / "mixed.npz", **parity(checkpoint.parameters_of(prefix), images))


if __name__ == "__main__":
    main()
