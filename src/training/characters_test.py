"""The characters model's images, splits, activation and upcycling.

    python3 -m unittest discover -s src/training -p '*_test.py'
"""

import dataclasses
import types
import unittest

import numpy
import torch
from torch.nn import functional

import activation
import optimizer
import vmoe
from characters import classes, radicals, scenes, splits, train, upcycle, widen

NO_PHOTOGRAPHS = torch.zeros(0, 3, scenes.SIZE, scenes.SIZE, dtype=torch.uint8)


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


def bars(images):
    """(B, 64, 64) masks of one upright bar."""
    masks = torch.zeros(images, 64, 64, dtype=torch.uint8)
    masks[:, 8:56, 28:36] = 255
    return masks


class ScenesTest(unittest.TestCase):
    def test_easy_images_are_white_on_black(self):
        image = scenes.scenes(bars(1), torch.zeros(1), NO_PHOTOGRAPHS, seeded())[0]
        self.assertEqual((image[24, 24].tolist(), image[24, 4].tolist()), ([255] * 3, [0] * 3))

    def test_one_seed_gives_one_batch(self):
        first, second = (scenes.scenes(bars(80), torch.ones(80), NO_PHOTOGRAPHS, seeded()) for _ in range(2))
        self.assertTrue(torch.equal(first, second))

    def test_jpeg_of_a_plain_image_keeps_it(self):
        plain = torch.full((2, 3, 48, 48), 0.25)
        self.assertLess((scenes.compressed(plain, torch.tensor([90.0, 20.0])) - plain).abs().max(), 0.03)


class SplitsTest(unittest.TestCase):
    def setUp(self):
        faces = [types.SimpleNamespace(design=f"design {i // 2}", use="unseen" if i > 37 else "train") for i in range(40)]
        pairs = [(ord(character), face) for character in "abcdefghij" for face in range(40)]
        cache = types.SimpleNamespace(points=numpy.array([point for point, _ in pairs]), faces=numpy.array([face for _, face in pairs]), masks=None)
        kinds = [classes.Class(character, "latin", 38, 19) for character in "abcdefghij"]
        self.cache, self.faces = cache, faces
        self.splits = splits.Characters(cache, faces, kinds, NO_PHOTOGRAPHS).splits

    def shown(self, split):
        """{(code point, design)} of a split."""
        rows = self.splits[split].rows
        return {(self.cache.points[row], self.faces[self.cache.faces[row]].design) for row in rows.tolist()}

    def test_no_pair_of_character_and_design_is_in_two_splits(self):
        self.assertFalse(self.shown("train") & self.shown("held-out"))
        self.assertEqual(sum(len(split) for split in self.splits.values()), 400)

    def test_unseen_designs_are_in_no_other_split(self):
        self.assertEqual({design for _, design in self.shown("unseen")}, {"design 19"})
        self.assertNotIn("design 19", {design for split in ("train", "held-out") for _, design in self.shown(split)})


class RadicalsTest(unittest.TestCase):
    def test_kanji_lie_under_their_radical_and_other_characters_under_their_script(self):
        self.assertEqual(radicals.radicals("海亜花鉄駅学語持水"), dict(zip("海亜花鉄駅学語持水", "水二艸金馬子言手水")))
        chosen = [kind for kind in classes.read(train.HERE / "classes.csv") if kind.script in ("kanji-1", "hiragana")]
        found = dict(zip((kind.characters[0] for kind in chosen), radicals.groups(chosen)))
        self.assertEqual([found[character] for character in "海亜あ"], ["radical 水", "other radicals", "hiragana"])


class ActivationTest(unittest.TestCase):
    def test_compiled_gelu_is_the_tanh_form(self):
        x = torch.linspace(-20, 20, 4001).bfloat16().requires_grad_()
        exact = x.detach().float().requires_grad_()
        activation.gelu(x).sum().backward()
        wanted = functional.gelu(exact, approximate="tanh")
        wanted.sum().backward()
        torch.testing.assert_close(activation.gelu(x).float(), wanted, rtol=0.01, atol=0.01)
        torch.testing.assert_close(x.grad.float(), exact.grad, rtol=0.01, atol=0.01)


class UpcycleTest(unittest.TestCase):
    TWIN = vmoe.Shape(image_size=48, patch=8, hidden=64, mlp=128, blocks=3, heads=2, classes=12, class_token=False)

    def test_starts_close_to_the_twin(self):
        shape = dataclasses.replace(self.TWIN, moe_blocks=(1, 2), experts=4)
        twin = vmoe.initial_parameters(self.TWIN, 1)
        images = vmoe.to_input(torch.randint(0, 256, (16, 48, 48, 3), generator=seeded()))
        grown = upcycle.grown(twin, shape, images, 2)
        self.assertAlmostEqual(upcycle.top_gate(grown, shape, images), upcycle.TOP_GATE, delta=0.05)
        before, _, _ = vmoe.forward(twin, self.TWIN, images, vmoe.Routing(1, 4.0))
        after, _, _ = vmoe.forward(grown, shape, images, vmoe.Routing(1, 4.0))
        self.assertLess((after - before).norm() / before.norm(), 0.5)

    def test_momenta_fit_the_new_tree(self):
        shape = dataclasses.replace(self.TWIN, moe_blocks=(1, 2), experts=4)
        state = upcycle.momenta(optimizer.Optimizer(vmoe.initial_parameters(self.TWIN, 1)).state(), shape)
        fresh = optimizer.Optimizer(vmoe.initial_parameters(shape, 1)).state()
        for moment in ("first", "second"):
            self.assertEqual({name: leaf.shape for name, leaf in state[moment].items()},
                             {name: leaf.shape for name, leaf in fresh[moment].items()})


class WidenTest(unittest.TestCase):
    def test_known_classes_keep_their_logits(self):
        narrow = vmoe.Shape(image_size=16, patch=8, hidden=32, mlp=32, blocks=2, heads=1, classes=2, experts=2, moe_blocks=(1,), class_token=False)
        wide = dataclasses.replace(narrow, classes=4)
        parameters = vmoe.initial_parameters(narrow, 1)
        for name in widen.HEAD:
            parameters[name] = torch.randn(parameters[name].shape, generator=seeded())
        places = widen.places(["b", "a"], ["a", "x", "b", "y"])
        more = widen.widened(parameters, places, vmoe.initial_parameters(wide, 2))
        images = torch.rand(3, 16, 16, 3, generator=seeded())
        before, after = (vmoe.forward(tree, shape, images, vmoe.Routing(1))[0] for tree, shape in ((parameters, narrow), (more, wide)))
        torch.testing.assert_close(after[:, [2, 0]], before)
        self.assertEqual(after.shape, (3, 4))
        state = {"steps": 3, "first": {name: leaf + 1 for name, leaf in parameters.items()}, "second": dict(parameters)}
        found = widen.momenta(state, places, more)
        torch.testing.assert_close(found["first"]["head/bias"], torch.stack([parameters["head/bias"][1] + 1, torch.tensor(0.0), parameters["head/bias"][0] + 1, torch.tensor(0.0)]))


class RoutingTest(unittest.TestCase):
    def test_capacity_is_lowered_only_at_the_end_and_by_priority(self):
        options = types.SimpleNamespace(lower_from=1024, lowered=(1.05, 0.5), batch=256)

        self.assertEqual([train.routing(images, options) for images in (0, 768, 1024, 1280)],
                         [vmoe.Routing(1), vmoe.Routing(1), vmoe.Routing(1, 1.05, True), vmoe.Routing(1, 0.5, True)])


class OptimizerTest(unittest.TestCase):
    def test_experts_learn_at_a_rate_of_their_own(self):
        shape = dataclasses.replace(UpcycleTest.TWIN, moe_blocks=(2,), experts=4)
        parameters = vmoe.initial_parameters(shape, 1)
        before = {name: leaf.clone() for name, leaf in parameters.items()}
        for leaf in parameters.values():
            leaf.grad = torch.randn(leaf.shape, generator=seeded())
        optimizer.Optimizer(parameters, expert_share=0.0).step(1.0)
        still = {name for name, leaf in parameters.items() if torch.equal(leaf, before[name])}
        self.assertEqual(still, {name for name in parameters if "Moe/Mlp" in name and name.endswith("kernel")})


if __name__ == "__main__":
    unittest.main()
