"""Muon for the hidden matrices, AdamW for the rest, as one step over a parameter tree."""

import torch


def orthogonal(matrices, steps=5):
    """(..., a, b) to about the nearest semi-orthogonal matrices: Newton-Schulz iteration, batched over the front."""
    x = matrices.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT.contiguous() if tall else x
    x = x / (x.float().flatten(-2).norm(dim=-1)[..., None, None] + 1e-7).bfloat16()
    for _ in range(steps):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return (x.mT if tall else x).to(matrices.dtype)


def as_matrices(name, leaf):
    """A view (n, in, out) of a hidden kernel, or None where Muon does not apply."""
    if "SelfAttention" in name and name.endswith("kernel"):
        D = leaf.shape[-1] if "/out/" in name else leaf.shape[0]
        return leaf.view(1, D, D)
    if "Mlp" in name and name.endswith("kernel"):
        return leaf if leaf.dim() == 3 else leaf.unsqueeze(0)
    return None


def is_expert(name):
    """Whether a leaf belongs to the experts of an MoE layer."""
    return "Moe/" in name and "Router" not in name


class Optimizer:
    """Holds the momenta of a tree; step() takes the learning rate as a fraction of its peak."""

    def __init__(self, parameters, muon_rate=0.02, adam_rate=0.002, decay=0.02, momentum=0.95, betas=(0.9, 0.98), expert_share=1.0):
        self.parameters = parameters
        self.expert_share = expert_share  # of the Muon rate: an expert's gradient is that of its own tokens, and noisier
        self.muon_rate, self.adam_rate, self.decay, self.momentum, self.betas = muon_rate, adam_rate, decay, momentum, betas
        self.first = {name: torch.zeros_like(leaf) for name, leaf in parameters.items()}
        self.second = {name: torch.zeros_like(leaf) for name, leaf in parameters.items() if as_matrices(name, leaf) is None}
        self.steps = 0

    def state(self):
        return {"first": self.first, "second": self.second, "steps": self.steps}

    def restore(self, state):
        self.first, self.second, self.steps = state["first"], state["second"], state["steps"]

    @torch.no_grad()
    def step(self, fraction):
        self.steps += 1
        for name, leaf in self.parameters.items():
            if as_matrices(name, leaf) is None:
                self._adam(name, leaf, fraction * self.adam_rate)
        shapes = {}
        for name, leaf in self.parameters.items():
            if as_matrices(name, leaf) is not None:
                self.first[name].mul_(self.momentum).add_(leaf.grad)
                update = leaf.grad.add(self.first[name], alpha=self.momentum)
                shapes.setdefault(as_matrices(name, leaf).shape[1:], []).append((name, leaf, as_matrices(name, update)))
        for (rows, columns), group in shapes.items():
            updates = orthogonal(torch.cat([update for _, _, update in group]))
            rate = fraction * self.muon_rate
            for (name, leaf, old), update in zip(group, updates.split([len(old) for _, _, old in group])):
                own = rate * self.expert_share if is_expert(name) else rate
                leaf.mul_(1 - own * self.decay)
                leaf.add_(update.reshape(leaf.shape), alpha=-own * max(1, columns / rows) ** 0.5)

    def _adam(self, name, leaf, rate):
        beta1, beta2 = self.betas
        first = self.first[name].lerp_(leaf.grad, 1 - beta1)
        second = self.second[name].lerp_(leaf.grad.square(), 1 - beta2)
        size = (second / (1 - beta2**self.steps)).sqrt_().add_(1e-8)
        leaf.addcdiv_(first, size, value=-rate / (1 - beta1**self.steps))
