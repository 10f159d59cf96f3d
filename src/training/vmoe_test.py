"""Routing, gradients and the checkpoint format against hand-worked or plainly written answers.

    python3 -m unittest discover -s src/training -p '*_test.py'
"""

import pathlib
import tempfile
import unittest

import numpy
import torch

import checkpoint
import vmoe


class Slots(vmoe.Routing):
    """Routing with a capacity that is given, not computed."""

    def capacity(self, tokens, experts):
        return 2


def kept(plan):
    """{(token, expert)} that got a slot."""
    K, N = plan.experts.shape
    return {(n, plan.experts[k, n].item()) for k in range(K) for n in range(N) if plan.kept[k, n]}


class RoutingTest(unittest.TestCase):
    GATES = torch.tensor([[0.4, 0.0, 0.2], [0.5, 0.1, 0.4], [0.3, 0.2, 0.6]])

    def test_vanilla_goes_by_position(self):
        self.assertEqual(kept(vmoe.route(self.GATES, Slots())), {(0, 0), (0, 2), (1, 0), (2, 2)})

    def test_batch_priority_goes_by_largest_gate(self):
        self.assertEqual(kept(vmoe.route(self.GATES, Slots(batch_priority=True))), {(0, 0), (1, 0), (1, 2), (2, 2)})

    def test_ties_go_to_the_lower_expert_and_the_earlier_token(self):
        plan = vmoe.route(torch.full((3, 4), 0.25), Slots(batch_priority=True))
        self.assertEqual(kept(plan), {(0, 0), (1, 0), (0, 1), (1, 1)})

    def test_capacity_is_rounded_up_to_a_multiple_of_4(self):
        self.assertEqual(vmoe.Routing(2, 1.05).capacity(64 * 50, 8), 840)
        self.assertEqual(vmoe.Routing(1, 0.1).capacity(50, 8), 4)
        self.assertEqual(vmoe.Routing(2, 0.25).capacity(65, 8), 8)


class MixtureTest(unittest.TestCase):
    def test_matches_a_loop_over_tokens_in_value_and_gradient(self):
        N, D, H, E = 40, 8, 16, 4
        torch.manual_seed(1)
        p = {"Router/dense/kernel": torch.randn(D, E), "Mlp/Dense_0/kernel": torch.randn(E, D, H), "Mlp/Dense_0/bias": torch.randn(E, H),
             "Mlp/Dense_1/kernel": torch.randn(E, H, D), "Mlp/Dense_1/bias": torch.randn(E, D), "x": torch.randn(N, D)}
        routing = vmoe.Routing(2, 0.5, True)
        for leaf in p.values():
            leaf.requires_grad_()

        def plain():
            gates = (p["x"] @ p["Router/dense/kernel"]).softmax(1)
            tokens = []
            chosen = kept(vmoe.route(gates, routing))
            for n in range(N):
                experts = [gates[n, e] * vmoe.mlp(p["x"][n : n + 1], *(p["Mlp/" + leaf][e] for leaf in vmoe.MLP_LEAVES))[0]
                           for e in range(E) if (n, e) in chosen]
                tokens.append(sum(experts, torch.zeros(D)))
            return torch.stack(tokens)

        results = []
        for output in (vmoe.mixture(p, "", p["x"], routing, 0.0)[0], plain()):
            gradients = torch.autograd.grad(output.sin().sum(), list(p.values()))
            results.append([output, *gradients])
        for fast, slow in zip(*results):
            torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-4)


class CheckpointTest(unittest.TestCase):
    def test_reads_back_what_was_written(self):
        shape = vmoe.Shape(patch=14, hidden=32, mlp=8, blocks=11, heads=1, experts=2, moe_blocks=(1, 10))
        tree = checkpoint.rounded(vmoe.initial_parameters(shape, 3))
        with tempfile.TemporaryDirectory() as folder:
            checkpoint.write(pathlib.Path(folder) / "a", tree)
            back = checkpoint.read(pathlib.Path(folder) / "a")
        self.assertEqual(back.keys(), tree.keys())
        for name in tree:
            numpy.testing.assert_array_equal(back[name], tree[name])


if __name__ == "__main__":
    unittest.main()
