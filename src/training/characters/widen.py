"""Gives a model more classes: the head gets fresh columns for the new ones, all else stays."""

import torch

HEAD = ("head/kernel", "head/bias")
"""Leaves with classes along their last axis."""


def places(known, wanted):
    """Where each known class lies among the wanted ones: (classes,) indices; all must be there."""
    at = {name: place for place, name in enumerate(wanted)}
    return torch.tensor([at[name] for name in known])


def placed(leaf, places, fresh):
    """A copy of the fresh leaf (..., more classes) with the columns of the known classes (..., classes)."""
    wide = fresh.clone()
    wide[..., places] = leaf
    return wide


@torch.no_grad()
def widened(parameters, places, fresh):
    """The tree with the head of the fresh tree, in which the known classes keep their columns."""
    return {name: placed(leaf, places, fresh[name]) if name in HEAD else leaf.clone() for name, leaf in parameters.items()}


@torch.no_grad()
def momenta(state, places, parameters):
    """The optimiser's state for the wider tree; none for what is new."""
    wide = {"steps": state["steps"], "first": dict(state["first"]), "second": dict(state["second"])}
    for moment in ("first", "second"):
        for name in HEAD:
            wide[moment][name] = placed(state[moment][name], places, torch.zeros_like(parameters[name]))
    return wide
