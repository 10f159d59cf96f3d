"""Writes what other implementations say of dense ViTs and of resizing, for the import's tests to match.

    python3 src/training/export_vits.py [--out FOLDER] [--seed N]

Models are of random weights, in the files and under the names of their sources. torchvision's answers are its own. Hugging
Face's and timm's models are not needed: forward() below is a plain pass over Hugging Face's names, and must agree with
torchvision's. Debian's python3-torch, python3-torchvision, python3-pil and python3-safetensors are needed.

    vits/CASE/model.safetensors or .npz, with config.json and preprocessor_config.json where the source has them
    vits/expected.npz: CASE/images (B, S, S, 3) uint8, CASE/logits (B, n) float32
    resize.npz: PHOTO/SIZE/WAY (S, S, 3) uint8, as PIL and torchvision resize a photograph; tiny and tiny/SIZE/WAY
"""

import argparse
import json
import pathlib

import numpy
import torch
import torchvision
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torch.nn import functional as F
from torchvision.transforms import CenterCrop, InterpolationMode, Resize

TEST = pathlib.Path(__file__).parent.parent / "test" / "resources"
HALF = ([0.5] * 3, [0.5] * 3)
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
IMAGES = 3
BLOCK = "encoder.layer.{}."


def random_vit(generator, size, patch, width, mlp, blocks, classes, dist=False, qkv_bias=True, pre_logits=0):
    """Random parameters under Hugging Face's names, without a prefix."""

    def normal(*shape, scale=None):
        return torch.randn(*shape, generator=generator) * (scale or shape[-1] ** -0.5)

    def dense(name, out, into, bias=True):
        weights[name + ".weight"] = normal(out, into)
        if bias:
            weights[name + ".bias"] = normal(out, scale=0.1)

    def norm(name):
        weights[name + ".weight"] = 1 + normal(width, scale=0.1)
        weights[name + ".bias"] = normal(width, scale=0.1)

    weights = {"embeddings.cls_token": normal(1, 1, width, scale=0.5)}
    if dist:
        weights["embeddings.distillation_token"] = normal(1, 1, width, scale=0.5)
    tokens = (size // patch) ** 2 + 1 + dist
    weights["embeddings.position_embeddings"] = normal(1, tokens, width, scale=0.5)
    projection = "embeddings.patch_embeddings.projection"
    weights[projection + ".weight"] = normal(width, 3, patch, patch, scale=(3 * patch * patch) ** -0.5)
    weights[projection + ".bias"] = normal(width, scale=0.1)
    for i in range(blocks):
        block = BLOCK.format(i)
        norm(block + "layernorm_before")
        for part in ("query", "key", "value"):
            dense(block + "attention.attention." + part, width, width, qkv_bias)
        dense(block + "attention.output.dense", width, width)
        norm(block + "layernorm_after")
        dense(block + "intermediate.dense", mlp, width)
        dense(block + "output.dense", width, mlp)
    norm("layernorm")
    if pre_logits:
        dense("pre_logits", pre_logits, width)
    dense("head", classes, pre_logits or width)
    if dist:
        dense("head_dist", classes, width)
    return weights


def forward(w, images, heads, epsilon, mean, std, approximate="none", both_heads=True):
    """Logits (B, n) of bytes (B, S, S, 3)."""

    def dense(name, x):
        return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    def norm(name, x):
        return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], epsilon)

    def split(x):  # (B, T, D) to (B, h, T, D/h)
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    x = (images.permute(0, 3, 1, 2).float() / 255 - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    kernel = w["embeddings.patch_embeddings.projection.weight"]
    x = F.conv2d(x, kernel, w["embeddings.patch_embeddings.projection.bias"], stride=kernel.shape[-1]).flatten(2).mT
    first = [w[n].expand(len(images), -1, -1) for n in ("embeddings.cls_token", "embeddings.distillation_token") if n in w]
    x = torch.cat([*first, x], 1) + w["embeddings.position_embeddings"]
    i = 0
    while BLOCK.format(i) + "layernorm_before.weight" in w:
        block = BLOCK.format(i)
        y = norm(block + "layernorm_before", x)
        q, k, v = (split(dense(block + "attention.attention." + part, y)) for part in ("query", "key", "value"))
        mixed = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v
        x = x + dense(block + "attention.output.dense", mixed.transpose(1, 2).flatten(2))
        y = dense(block + "intermediate.dense", norm(block + "layernorm_after", x))
        x = x + dense(block + "output.dense", F.gelu(y, approximate=approximate))
        i += 1
    x = norm("layernorm", x)
    read = x[:, 0]
    if "pre_logits.weight" in w:
        read = dense("pre_logits", read).tanh()
    logits = dense("head", read)
    return (logits + dense("head_dist", x[:, 1])) / 2 if len(first) == 2 and both_heads else logits


def renamed(weights, names, block, qkv=None):
    """The weights under other names: modules by a table, blocks by a template; query, key and value joined as qkv."""
    result = {}
    for name, value in weights.items():
        place = ""
        if name.startswith("encoder.layer."):
            _, _, number, name = name.split(".", 3)
            place = block.format(number)
        module, dot, kind = name.rpartition(".")
        if kind not in ("weight", "bias"):
            module, dot, kind = name, "", ""
        if qkv and ".attention." in "." + module and not module.endswith("output.dense"):
            if module.endswith("query"):
                parts = [weights[f"encoder.layer.{number}.attention.attention.{p}.{kind}"] for p in ("query", "key", "value")]
                result[place + qkv.format(kind)] = torch.cat(parts)
            continue
        result[place + names[module] + dot + kind] = value
    return result


HUB = {n: n for n in (
    "embeddings.cls_token", "embeddings.distillation_token", "embeddings.position_embeddings",
    "embeddings.patch_embeddings.projection", "layernorm", "layernorm_before", "layernorm_after", "intermediate.dense",
    "output.dense", "attention.output.dense", "attention.attention.query", "attention.attention.key",
    "attention.attention.value")}
TIMM = {
    "embeddings.cls_token": "cls_token", "embeddings.distillation_token": "dist_token",
    "embeddings.position_embeddings": "pos_embed", "embeddings.patch_embeddings.projection": "patch_embed.proj",
    "layernorm": "norm", "head": "head", "head_dist": "head_dist", "layernorm_before": "norm1", "layernorm_after": "norm2",
    "attention.output.dense": "attn.proj", "intermediate.dense": "mlp.fc1", "output.dense": "mlp.fc2"}
TORCHVISION = {
    "embeddings.cls_token": "class_token", "embeddings.position_embeddings": "encoder.pos_embedding",
    "embeddings.patch_embeddings.projection": "conv_proj", "layernorm": "encoder.ln", "pre_logits": "heads.pre_logits",
    "head": "heads.head", "layernorm_before": "ln_1", "layernorm_after": "ln_2",
    "attention.output.dense": "self_attention.out_proj", "intermediate.dense": "mlp.0", "output.dense": "mlp.3"}


def augreg(weights, heads):
    """The arrays of google-research/vision_transformer."""
    modules = {
        "embeddings.patch_embeddings.projection": "embedding", "layernorm": "Transformer/encoder_norm",
        "pre_logits": "pre_logits", "head": "head", "layernorm_before": "LayerNorm_0", "layernorm_after": "LayerNorm_2",
        "intermediate.dense": "MlpBlock_3/Dense_0", "output.dense": "MlpBlock_3/Dense_1",
        "attention.output.dense": "MultiHeadDotProductAttention_1/out"}
    modules |= {f"attention.attention.{p}": f"MultiHeadDotProductAttention_1/{p}" for p in ("query", "key", "value")}
    arrays = {
        "cls": weights["embeddings.cls_token"],
        "Transformer/posembed_input/pos_embedding": weights["embeddings.position_embeddings"]}
    for name, value in weights.items():
        place = ""
        if name.startswith("encoder.layer."):
            _, _, number, name = name.split(".", 3)
            place = f"Transformer/encoderblock_{number}/"
        module, _, kind = name.rpartition(".")
        if kind not in ("weight", "bias"):
            continue
        target = modules[module]
        if "orm" in target.rsplit("/")[-1]:
            kind = "scale" if kind == "weight" else "bias"
        elif kind == "weight":
            kind = "kernel"
            value = value.permute(2, 3, 1, 0) if value.ndim == 4 else value.mT
            if target.endswith("out"):
                value = value.unflatten(0, (heads, -1))
        if ".attention.attention." in "." + module:
            value = value.unflatten(-1, (heads, -1))
        arrays[f"{place}{target}/{kind}"] = value
    return {name: value.numpy() for name, value in arrays.items()}


class Writer:
    def __init__(self, out, seed):
        self.out = out
        self.generator = torch.Generator().manual_seed(seed)
        self.expected = {}

    def vit(self, **shape):
        return random_vit(self.generator, **shape)

    def images(self, size):
        return torch.randint(0, 256, (IMAGES, size, size, 3), generator=self.generator, dtype=torch.uint8)

    def write(self, case, weights, images, logits, dtype=torch.float32, **files):
        folder = self.out / "vits" / case
        folder.mkdir(parents=True, exist_ok=True)
        save_file({n: v.to(dtype).contiguous() for n, v in weights.items()}, folder / "model.safetensors")
        for name, content in files.items():
            (folder / (name + ".json")).write_text(json.dumps(content, indent=1) + "\n")
        self.expect(case, images, logits)

    def expect(self, case, images, logits):
        self.expected[case + "/images"] = images.numpy()
        self.expected[case + "/logits"] = logits.numpy()


def stored(weights, dtype):
    """The weights as a file of another type gives them back."""
    return {name: value.to(dtype).float() for name, value in weights.items()}


@torch.no_grad()
def vits(writer):
    # Hugging Face, ViT: other mean and std, bilinear, names of classes
    w = stored(writer.vit(size=24, patch=6, width=24, mlp=40, blocks=2, classes=5), torch.float16)
    images = writer.images(24)
    mean, std = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
    names = HUB | {"head": "classifier"}
    hub = {("" if "classifier" in n else "vit.") + n: v for n, v in renamed(w, names, BLOCK).items()}
    hub |= {"vit.pooler.dense.weight": torch.zeros(24, 24), "vit.pooler.dense.bias": torch.zeros(24)}
    writer.write(
        "hugging-face-vit", hub, images, forward(w, images, 3, 1e-12, mean, std), torch.float16,
        config={"model_type": "vit", "num_attention_heads": 3, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
                "id2label": {str(i): f"class {i}" for i in range(5)}},
        preprocessor_config={"do_resize": True, "size": {"height": 24, "width": 24}, "resample": 2, "do_normalize": True,
                             "image_mean": mean, "image_std": std, "do_rescale": True, "rescale_factor": 1 / 255})

    # Hugging Face, DeiT with a teacher: two heads
    w = stored(writer.vit(size=16, patch=4, width=20, mlp=36, blocks=2, classes=7, dist=True), torch.bfloat16)
    images = writer.images(16)
    names = HUB | {"head": "cls_classifier", "head_dist": "distillation_classifier"}
    hub = {("" if "classifier" in n else "deit.") + n: v for n, v in renamed(w, names, BLOCK).items()}
    deit = {"size": 18, "crop_size": 16, "resample": 3, "do_center_crop": True, "do_normalize": True,
            "image_mean": IMAGENET[0], "image_std": IMAGENET[1]}
    config = {"model_type": "deit", "num_attention_heads": 5, "layer_norm_eps": 1e-12, "hidden_act": "gelu"}
    writer.write("hugging-face-deit", hub, images, forward(w, images, 5, 1e-12, *IMAGENET), torch.bfloat16,
                 config=config, preprocessor_config=deit)

    # Hugging Face, DeiT whose head reads the class token alone; tanh GELU, a coarse epsilon, several labels an image
    w = writer.vit(size=15, patch=5, width=16, mlp=20, blocks=1, classes=4, dist=True)
    images = writer.images(15)
    names = HUB | {"head": "classifier", "head_dist": "unused"}
    hub = {("" if "classifier" in n else "deit.") + n: v for n, v in renamed(w, names, BLOCK).items() if "unused" not in n}
    logits = forward(w, images, 2, 1e-3, *IMAGENET, approximate="tanh", both_heads=False)
    writer.write("hugging-face-deit-alone", hub, images, logits,
                 config=config | {"num_attention_heads": 2, "layer_norm_eps": 1e-3, "hidden_act": "gelu_new",
                                  "problem_type": "multi_label_classification"},
                 preprocessor_config=deit | {"size": {"shortest_edge": 17}, "crop_size": {"height": 15, "width": 15}})

    # timm, ViT without biases of queries, keys and values
    w = writer.vit(size=21, patch=7, width=18, mlp=30, blocks=3, classes=6, qkv_bias=False)
    images = writer.images(21)
    writer.write("timm-vit", renamed(w, TIMM, "blocks.{}.", "attn.qkv.{}"), images, forward(w, images, 6, 1e-6, *HALF),
                 config={"architecture": "vit_tiny_patch7_21", "num_classes": 6, "global_pool": "token",
                         "model_args": {"num_heads": 6},
                         "pretrained_cfg": {"input_size": [3, 21, 21], "interpolation": "bicubic", "crop_pct": 0.9,
                                            "crop_mode": "center", "mean": HALF[0], "std": HALF[1]}})

    # timm, DeiT with a distillation token
    w = writer.vit(size=16, patch=8, width=24, mlp=24, blocks=2, classes=3, dist=True)
    images = writer.images(16)
    writer.write("timm-deit", renamed(w, TIMM, "blocks.{}.", "attn.qkv.{}"), images, forward(w, images, 4, 1e-6, *IMAGENET),
                 config={"architecture": "deit_tiny_distilled_patch8_16", "num_classes": 3, "model_args": {"num_heads": 4},
                         "pretrained_cfg": {"input_size": [3, 16, 16], "interpolation": "bilinear", "crop_pct": 1.0,
                                            "crop_mode": "squash", "mean": IMAGENET[0], "std": IMAGENET[1]}})

    # torchvision's own class; no file beside it says how many heads it has
    w = writer.vit(size=20, patch=5, width=24, mlp=40, blocks=2, classes=6, pre_logits=16)
    images = writer.images(20)
    names = renamed(w, TORCHVISION, "encoder.layers.encoder_layer_{}.", "self_attention.in_proj_{}")
    model = torchvision.models.VisionTransformer(20, 5, 2, 3, 24, 40, num_classes=6, representation_size=16).eval()
    model.load_state_dict(names)
    x = images.permute(0, 3, 1, 2) / 255
    logits = model((x - torch.tensor(IMAGENET[0])[:, None, None]) / torch.tensor(IMAGENET[1])[:, None, None])
    plain = forward(w, images, 3, 1e-6, *IMAGENET)
    assert (plain - logits).abs().max() < 1e-5 * logits.abs().max(), "the plain pass differs from torchvision's"
    writer.write("torchvision", names, images, logits)

    # AugReg: JAX's GELU is the tanh form
    w = writer.vit(size=12, patch=4, width=16, mlp=28, blocks=2, classes=5, pre_logits=12)
    images = writer.images(12)
    folder = writer.out / "vits" / "augreg"
    folder.mkdir(parents=True, exist_ok=True)
    numpy.savez(folder / "model.npz", **augreg(w, 4))
    writer.expect("augreg", images, forward(w, images, 4, 1e-6, *HALF, approximate="tanh"))


FILTERS = {"bilinear": (Image.BILINEAR, InterpolationMode.BILINEAR), "bicubic": (Image.BICUBIC, InterpolationMode.BICUBIC)}


def resized(image, size, way):
    """As transformers (square) and torchvision (shortest) do it."""
    _, name, *rest = way.split("-")
    pil, mode = FILTERS[name]
    if not rest:
        return image.resize((size, size), pil)
    side = int(rest[1])
    larger = image.resize((side, side), pil) if rest[0] == "square" else Resize(side, mode)(image)
    return CenterCrop(size)(larger)


def resizing(out, generator):
    arrays = {}
    tiny = torch.randint(0, 256, (7, 10, 3), generator=generator, dtype=torch.uint8).numpy()
    arrays["tiny"] = tiny
    images = {"tiny": Image.fromarray(tiny)}
    for photo in sorted((TEST / "photos").glob("*.jpg")):
        images[photo.stem] = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")
    for name, image in images.items():
        for size, way in ((26, "pil-bicubic"), (25, "pil-bilinear"), (24, "pil-bicubic-shortest-31"),
                          (23, "pil-bilinear-shortest-27"), (22, "pil-bicubic-square-30")):
            arrays[f"{name}/{size}/{way}"] = numpy.asarray(resized(image, size, way))
    numpy.savez_compressed(out / "resize.npz", **arrays)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=TEST / "parity")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    writer = Writer(arguments.out, arguments.seed)
    vits(writer)
    numpy.savez_compressed(arguments.out / "vits" / "expected.npz", **writer.expected)
    resizing(arguments.out, writer.generator)


if __name__ == "__main__":
    main()
