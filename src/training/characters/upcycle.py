"""Starts a V-MoE from its dense twin (arXiv 2212.05055): every expert is a copy of the twin's MLP, the router is new.

Experts differ by a little noise. The router's spread is set so that the mean top gate is about one half; the experts'
second matrix is divided by that mean, so that the new model starts close to the twin.
"""

import torch

import vmoe

TOP_GATE = 0.5
NOISE = 0.02  # of a kernel's own spread


def tiled(leaf, experts, generator, noise=0.0):
    copies = leaf.unsqueeze(0).repeat(experts, *(1,) * leaf.dim())
    return copies + noise * leaf.std() * torch.randn(copies.shape, generator=generator)


def top_gate(parameters, shape, images):
    """Mean top gate over all layers and tokens."""
    _, plans, _ = vmoe.forward(parameters, shape, images, vmoe.Routing(1))
    return torch.stack([plan.gates.mean() for plan in plans]).mean().item()


@torch.no_grad()
def grown(twin, shape, images, seed):
    """The V-MoE's tree of the given shape from the twin's; images (B, S, S, 3) in [-1, 1] set the router's spread."""
    generator = torch.Generator().manual_seed(seed)
    parameters = {}
    for name, _, _ in vmoe.leaves(shape):
        if name.endswith("Router/dense/kernel"):
            parameters[name] = torch.randn(shape.hidden, shape.experts, generator=generator)
        elif "/Moe/Mlp/" in name:
            parameters[name] = tiled(twin[name.replace("/Moe/Mlp/", "/Mlp/")], shape.experts, generator, NOISE if name.endswith("kernel") else 0)
        else:
            parameters[name] = twin[name].clone()
    routers = {name: leaf.clone() for name, leaf in parameters.items() if "Router" in name}
    low, high = 0.0, 1.0
    for _ in range(12):
        spread = (low + high) / 2
        parameters.update({name: spread * leaf for name, leaf in routers.items()})
        low, high = (spread, high) if top_gate(parameters, shape, images) < TOP_GATE else (low, spread)
    scale = top_gate(parameters, shape, images)
    for name, leaf in parameters.items():
        if "/Moe/Mlp/Dense_1/" in name:
            leaf /= scale
    return parameters


@torch.no_grad()
def momenta(twin, shape):
    """The optimiser's state for the new tree: the twin's, copied for each expert; none for the router."""
    state = {"steps": twin["steps"], "first": {}, "second": {}}
    for name, extents, _ in vmoe.leaves(shape):
        of_twin = name.replace("/Moe/Mlp/", "/Mlp/")
        for moment in ("first", "second"):
            if "Router" in name:
                state[moment][name] = torch.zeros(extents)
            elif of_twin in twin[moment]:
                leaf = twin[moment][of_twin]
                state[moment][name] = leaf.unsqueeze(0).repeat(shape.experts, *(1,) * leaf.dim()) if of_twin != name else leaf.clone()
    return state
