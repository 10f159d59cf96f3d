"""The V-MoE and its dense twin as pure functions of a flat parameter tree.

Axes: B images, T tokens an image (patches + class token), N = B*T tokens a group, E experts, K experts a token,
C slots an expert, M slots in use, D hidden size, H MLP size, h heads, d = D/h, L MoE layers, P patches.

A parameter tree is a dict from slash-joined name to array, named and laid out as in the published checkpoints, for
example "Encoder/encoderblock_0/Moe/Mlp/Dense_0/kernel" (E, D, H). A kernel is (in, out): y = x @ kernel + bias.
"""

import dataclasses
import math

import torch
from torch.nn import functional

import activation

GATE_STEPS = 2.0**30  # gates are ranked as whole numbers of this many steps, so that every implementation ties alike
MLP_LEAVES = ("Dense_0/kernel", "Dense_0/bias", "Dense_1/kernel", "Dense_1/bias")


@dataclasses.dataclass(frozen=True)
class Shape:
    """Everything that fixes the parameter tree."""

    image_size: int = 28
    patch: int = 4
    hidden: int = 96
    mlp: int = 576
    blocks: int = 4
    heads: int = 3
    classes: int = 10
    experts: int = 8
    moe_blocks: tuple = ()  # empty: the dense twin
    class_token: bool = True  # False: the head reads the mean over tokens
    pre_logits: int = 0  # width of the tanh layer before the head; 0: none

    @property
    def patches(self):
        return (self.image_size // self.patch) ** 2

    @property
    def tokens(self):
        return self.patches + self.class_token


def shape_of(parameters, image_size):
    """The shape that a parameter tree implies."""
    patch, _, _, hidden = parameters["embedding/kernel"].shape
    blocks = len({name.split("/")[1] for name in parameters if name.startswith("Encoder/encoderblock_")})
    moe = tuple(i for i in range(blocks) if f"Encoder/encoderblock_{i}/Moe/Router/dense/kernel" in parameters)
    kernels = [leaf for name, leaf in parameters.items() if name.endswith("lp/Dense_0/kernel")]
    experts = parameters[f"Encoder/encoderblock_{moe[0]}/Moe/Router/dense/kernel"].shape[1] if moe else 0
    return Shape(
        image_size=image_size, patch=patch, hidden=hidden, mlp=kernels[0].shape[-1], blocks=blocks,
        heads=parameters["Encoder/encoderblock_0/SelfAttention/query/kernel"].shape[1],
        classes=len(parameters["head/bias"]), experts=experts, moe_blocks=moe, class_token="cls" in parameters,
        pre_logits=len(parameters["pre_logits/bias"]) if "pre_logits/bias" in parameters else 0)


@dataclasses.dataclass(frozen=True)
class Routing:
    """How tokens claim slots: the settings that may change without retraining."""

    experts_per_token: int = 2
    capacity_ratio: float = 1.05
    batch_priority: bool = False  # False: vanilla, by token position

    def capacity(self, tokens, experts):
        """C = ceil(N*K*ratio / E), rounded up to a multiple of 4."""
        slots = math.ceil(tokens * self.experts_per_token * self.capacity_ratio / experts)
        return 4 * math.ceil(slots / 4)


def leaves(shape):
    """Yields (name, extents, fan-in) of every leaf; fan-in None: a bias, 0: a scale, -1: an embedding."""
    D, H, E, h = shape.hidden, shape.mlp, shape.experts, shape.heads
    yield "embedding/kernel", (shape.patch, shape.patch, 3, D), shape.patch**2 * 3
    yield "embedding/bias", (D,), None
    if shape.class_token:
        yield "cls", (1, 1, D), -1
    yield "Encoder/posembed_input/pos_embedding", (1, shape.tokens, D), -1
    for i in range(shape.blocks):
        block = f"Encoder/encoderblock_{i}/"
        for norm in ("LayerNorm_0", "LayerNorm_1"):
            yield f"{block}{norm}/scale", (D,), 0
            yield f"{block}{norm}/bias", (D,), None
        for projection in ("query", "key", "value"):
            yield f"{block}SelfAttention/{projection}/kernel", (D, h, D // h), D
            yield f"{block}SelfAttention/{projection}/bias", (h, D // h), None
        yield f"{block}SelfAttention/out/kernel", (h, D // h, D), D
        yield f"{block}SelfAttention/out/bias", (D,), None
        moe = i in shape.moe_blocks
        if moe:
            yield f"{block}Moe/Router/dense/kernel", (D, E), D
        mlp, lead = (f"{block}Moe/Mlp/", (E,)) if moe else (f"{block}Mlp/", ())
        yield f"{mlp}Dense_0/kernel", (*lead, D, H), D
        yield f"{mlp}Dense_0/bias", (*lead, H), None
        yield f"{mlp}Dense_1/kernel", (*lead, H, D), H
        yield f"{mlp}Dense_1/bias", (*lead, D), None
    yield "Encoder/encoder_norm/scale", (D,), 0
    yield "Encoder/encoder_norm/bias", (D,), None
    width = shape.pre_logits or D
    if shape.pre_logits:
        yield "pre_logits/kernel", (D, width), D
        yield "pre_logits/bias", (width,), None
    yield "head/kernel", (width, shape.classes), width
    yield "head/bias", (shape.classes,), None


def initial_parameters(shape, seed):
    """A fresh tree: kernels uniform with variance 1/fan-in, embeddings 0.02, scales 1, biases 0."""
    generator = torch.Generator().manual_seed(seed)
    parameters = {}
    for name, extents, fan_in in leaves(shape):
        leaf = torch.zeros(extents)
        if fan_in == 0:
            leaf.fill_(1.0)
        elif fan_in == -1:
            leaf.normal_(0.0, 0.02, generator=generator)
        elif fan_in:
            leaf.uniform_(-math.sqrt(3 / fan_in), math.sqrt(3 / fan_in), generator=generator)
        parameters[name] = leaf
    return parameters


def to_input(images):
    """(B, image, image, 3) bytes to [-1, 1]."""
    return images.to(torch.float32) / 255 * 2 - 1


class Dispatch(torch.autograd.Function):
    """(N, D) tokens to (M, D) slots; both directions are gathers, no scatter."""

    @staticmethod
    def forward(ctx, tokens, plan):
        ctx.plan = plan
        return tokens.index_select(0, plan.token_of_slot)

    @staticmethod
    def backward(ctx, slots):
        return plan_sum(slots, ctx.plan), None


class Combine(torch.autograd.Function):
    """(M, D) slots, (K, N) gates to (N, D) tokens: the sum over kept choices of gate * slot."""

    @staticmethod
    def forward(ctx, slots, gates, plan):
        picked = pick(slots, plan)  # (K, N, D), zero where dropped
        ctx.plan = plan
        ctx.save_for_backward(picked, gates)
        return (picked * gates.to(picked.dtype).unsqueeze(-1)).sum(0)

    @staticmethod
    def backward(ctx, tokens):
        picked, gates = ctx.saved_tensors
        of_slot = gates.reshape(-1).index_select(0, ctx.plan.choice_of_slot)  # (M,)
        slots = tokens.index_select(0, ctx.plan.token_of_slot) * of_slot.to(tokens.dtype).unsqueeze(-1)
        return slots, (picked * tokens).sum(-1).to(gates.dtype), None


def pick(slots, plan):
    """(M, D) slots to (K, N, D) choices, zero where the choice was dropped."""
    padded = torch.cat([slots, slots.new_zeros(1, slots.shape[1])])
    return padded.index_select(0, plan.slot_of_choice.reshape(-1)).view(*plan.slot_of_choice.shape, -1)


def plan_sum(slots, plan):
    return pick(slots, plan).sum(0)


@dataclasses.dataclass
class Plan:
    """Who sits where after routing; slots in use are grouped by expert, in claiming order."""

    router: torch.Tensor  # (N, E) all gates
    experts: torch.Tensor  # (K, N) the chosen expert of each choice
    gates: torch.Tensor  # (K, N) its gate
    rows: list  # E slots in use of each expert, at most C
    token_of_slot: torch.Tensor  # (M,)
    choice_of_slot: torch.Tensor  # (M,) index into the flat (K, N)
    slot_of_choice: torch.Tensor  # (K, N), M where dropped

    @property
    def kept(self):
        """(K, N) whether the choice got a slot."""
        return self.slot_of_choice < len(self.token_of_slot)


def route(gates, routing):
    """(N, E) gates to a plan: all first choices claim slots before any second choice."""
    N, E = gates.shape
    K, capacity = routing.experts_per_token, routing.capacity(N, E)
    left = gates.detach().clone()
    chosen = []
    for _ in range(K):  # the largest gate, ties to the lower index
        chosen.append(left.argmax(1))
        left.scatter_(1, chosen[-1].unsqueeze(1), -math.inf)
    experts = torch.stack(chosen)  # (K, N)
    order = torch.arange(N)  # tokens as they claim within one choice
    if routing.batch_priority:
        keys = (gates.detach().max(1).values * GATE_STEPS).floor().to(torch.int64)
        order = torch.sort(keys, descending=True, stable=True).indices
    claims = (torch.arange(K).unsqueeze(1) * N + order).reshape(-1)  # flat choices in claiming order
    grouped = claims[torch.sort(experts.reshape(-1)[claims], stable=True).indices]
    counts = torch.bincount(experts.reshape(-1), minlength=E).tolist()
    starts = [sum(counts[:e]) for e in range(E)]
    rows = [min(count, capacity) for count in counts]
    choice_of_slot = torch.cat([grouped[s : s + r] for s, r in zip(starts, rows)])
    slot_of_choice = torch.full((K * N,), len(choice_of_slot))
    slot_of_choice[choice_of_slot] = torch.arange(len(choice_of_slot))
    return Plan(
        router=gates,
        experts=experts,
        gates=gates.gather(1, experts.T).T,
        rows=rows,
        token_of_slot=choice_of_slot % N,
        choice_of_slot=choice_of_slot,
        slot_of_choice=slot_of_choice.view(K, N),
    )


def squared_variation(values):
    """(E,) to the squared coefficient of variation."""
    return values.var(unbiased=False) / values.mean().square()


def balance_losses(logits, gates, noisy, noise, K):
    """Importance and load loss of one layer: of summed gates, and of the smoothed count of choices."""
    threshold = noisy.topk(K, dim=1).values[:, -1:]  # (N, 1)
    wins = torch.special.ndtr((logits - threshold) / noise)  # (N, E) chance to be among the K under fresh noise
    return squared_variation(gates.sum(0)) + squared_variation(wins.sum(0))


def mlp(x, kernel0, bias0, kernel1, bias1):
    return torch.addmm(bias1, activation.gelu(torch.addmm(bias0, x, kernel0)), kernel1)


def mixture(p, prefix, x, routing, noise):
    """(N, D) to (N, D) through the experts; also the plan and the balance loss."""
    logits = x.float() @ p[prefix + "Router/dense/kernel"].float()  # (N, E)
    gates = logits.softmax(1)
    balance = 0.0
    if noise:
        noisy = logits + noise * torch.randn_like(logits)
        balance = balance_losses(logits, gates, noisy, noise, routing.experts_per_token)
        gates = noisy.softmax(1)
    plan = route(gates, routing)
    weights = [p[f"{prefix}Mlp/{leaf}"].unbind(0) for leaf in MLP_LEAVES]
    slots = Dispatch.apply(x, plan).split(plan.rows)
    filled = torch.cat([mlp(rows, *expert) for rows, *expert in zip(slots, *weights)])
    return Combine.apply(filled, plan.gates, plan), plan, balance


def attention(p, prefix, x, heads):
    """(B, T, D) to (B, T, D)."""
    B, T, D = x.shape
    names = ("query", "key", "value")
    kernel = torch.cat([p[f"{prefix}{name}/kernel"].view(D, D) for name in names], 1)
    bias = torch.cat([p[f"{prefix}{name}/bias"].view(D) for name in names])
    qkv = torch.addmm(bias, x.view(B * T, D), kernel).view(B, T, 3, heads, D // heads)
    q, k, v = qkv.permute(2, 0, 3, 1, 4).reshape(3, B * heads, T, D // heads).unbind(0)
    weights = (torch.bmm(q, k.transpose(1, 2)) * (D // heads) ** -0.5).softmax(-1)  # (B*h, T, T)
    mixed = torch.bmm(weights, v).view(B, heads, T, D // heads).transpose(1, 2).reshape(B * T, D)
    return torch.addmm(p[prefix + "out/bias"], mixed, p[prefix + "out/kernel"].view(D, D)).view(B, T, D)


def norm(p, prefix, x):
    return functional.layer_norm(x, x.shape[-1:], p[prefix + "/scale"], p[prefix + "/bias"], eps=1e-6)


def patches(images, patch):
    """(B, image, image, 3) to (B, P, patch*patch*3), row-major."""
    B, size, _, _ = images.shape
    side = size // patch
    return images.view(B, side, patch, side, patch, 3).transpose(2, 3).reshape(B, side * side, -1)


def forward(p, shape, images, routing, noise=0.0, keep=None, depth=None):
    """(B, image, image, 3) in [-1, 1] to logits (B, classes), the plan of each MoE layer and the summed balance loss.

    keep (B, P'), if given, names the patches to look at: the rest are left out (training only).
    depth (blocks, B, T), if given, is 0 where a token passes a block's MLP by its residual only, else 1 (training only).
    """
    D = shape.hidden
    x = patches(images, shape.patch) @ p["embedding/kernel"].view(-1, D) + p["embedding/bias"]  # (B, P, D)
    position = p["Encoder/posembed_input/pos_embedding"]
    x = x + position[:, shape.tokens - shape.patches :]
    if keep is not None:
        x = x.gather(1, keep.unsqueeze(-1).expand(-1, -1, D))
    if shape.class_token:
        x = torch.cat([(p["cls"] + position[:, :1]).expand(len(x), -1, -1), x], 1)
    B, T, _ = x.shape
    plans, balance = [], 0.0
    for i in range(shape.blocks):
        block = f"Encoder/encoderblock_{i}/"
        x = x + attention(p, block + "SelfAttention/", norm(p, block + "LayerNorm_0", x), shape.heads)
        y = norm(p, block + "LayerNorm_1", x).view(B * T, D)
        if i in shape.moe_blocks:
            y, plan, loss = mixture(p, block + "Moe/", y, routing, noise)
            plans.append(plan)
            balance = balance + loss
        else:
            y = mlp(y, *(p[f"{block}Mlp/{leaf}"] for leaf in MLP_LEAVES))
        y = y.view(B, T, D)
        x = x + (y if depth is None else y * depth[i].unsqueeze(-1))
    x = norm(p, "Encoder/encoder_norm", x[:, :1] if shape.class_token else x).mean(1)  # (B, D)
    if shape.pre_logits:
        x = torch.tanh(x @ p["pre_logits/kernel"] + p["pre_logits/bias"])
    return x @ p["head/kernel"] + p["head/bias"], plans, balance


def choices_per_image(plans, images, experts):
    """Assigned and dispatched choices, each (B, L, E)."""
    assigned, dispatched = [], []
    for plan in plans:
        hot = functional.one_hot(plan.experts, experts)  # (K, N, E)
        for counts, of in ((assigned, hot), (dispatched, hot * plan.kept.unsqueeze(-1))):
            counts.append(of.sum(0).view(images, -1, experts).sum(1))
    return torch.stack(assigned, 1), torch.stack(dispatched, 1)
