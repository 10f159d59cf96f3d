"""Writes small ONNX classifiers as torch exports them, with torch's logits: python -m onnx_classifiers.

The Java tests import them (src/test/resources/onnx). The weights are random. Needs torch and torchvision, and no
package onnx.
"""

import pathlib

import numpy as np
import torch
import torchvision
from torch.onnx._internal import onnx_proto_utils

OUT = pathlib.Path(__file__).parents[1] / "test/resources/onnx"
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
IMAGES = 5


class NarrowResNet(torchvision.models.ResNet):
    """ResNet-18 with a sixteenth of its channels."""

    NARROWER = 16

    def __init__(self, classes):
        super().__init__(torchvision.models.resnet.BasicBlock, [2, 2, 2, 2])
        channels = 64 // self.NARROWER
        self.conv1 = torch.nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels)
        self.fc = torch.nn.Linear(512 // self.NARROWER, classes)

    def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
        if planes == 64:
            self.inplanes = planes // self.NARROWER
        return super()._make_layer(block, planes // self.NARROWER, blocks, stride, dilate)


def narrow_mobilenet(classes):
    """MobileNetV2 with 8 to 16 channels and a block of each kind."""
    settings = [[1, 8, 1, 1], [6, 8, 2, 2], [6, 16, 2, 2], [6, 16, 1, 1]]
    model = torchvision.models.MobileNetV2(classes, width_mult=0.1, inverted_residual_setting=settings)
    last = model.features[-1][0]
    model.features[-1] = torchvision.ops.Conv2dNormActivation(
        last.in_channels, 64, kernel_size=1, activation_layer=torch.nn.ReLU6)
    model.classifier[1] = torch.nn.Linear(64, classes)
    return model


def randomise(model):
    """Gives normalisations statistics as training leaves them: those of a new model change nothing."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.2)
            layer.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.normal_(layer.bias, 0, 0.2)
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, 0, 0.5)
            torch.nn.init.normal_(layer.bias, 0, 0.5)
    return model.eval()


def export(name, model, size, opset, **options):
    """Writes NAME.onnx, and NAME.npz with images (B, H, W, 3) uint8 and their logits (B, classes)."""
    torch.onnx.export(model, torch.zeros(1, 3, size, size), str(OUT / f"{name}.onnx"), dynamo=False,
                      opset_version=opset, **options)
    pixels = np.random.default_rng(size).integers(0, 256, (IMAGES, size, size, 3), dtype=np.uint8)
    pixels[1] = np.arange(size, dtype=np.uint8)[:, None, None] * 3  # also what is not noise
    pixels[2] = (255, 0, 128)
    scaled = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
              - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    with torch.no_grad():
        logits = model(scaled).numpy()
    np.savez_compressed(OUT / f"{name}.npz", images=pixels, logits=logits)
    print(name, sum(p.numel() for p in model.parameters()), "parameters, logits of", logits[0])


def main():
    # torch asks the package onnx for the functions of other packages in a graph; here are none
    onnx_proto_utils._add_onnxscript_fn = lambda model, custom_opsets: model
    torch.manual_seed(17)
    OUT.mkdir(parents=True, exist_ok=True)
    export("resnet", randomise(NarrowResNet(6)), 64, 17)  # a fixed batch of 1
    export("mobilenet", randomise(narrow_mobilenet(5)), 32, 11, input_names=["images"], output_names=["logits"],
           dynamic_axes={"images": {0: "n"}, "logits": {0: "n"}})


if __name__ == "__main__":
    main()
