"""Drawing tokens by key: the right distribution, and the same draw wherever a row stands."""

import numpy as np
import pytest
import torch

from hfaug.backends import Sampling
from hfaug.backends.draw import KeyedDraw, gumbel, hash_counters

KEYS = torch.tensor([0, 1, 2**62 + 12345, 2**63 - 1])


def _splitmix(x):
    """The finaliser of splitmix64 in plain Python."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) % 2**64
    return x ^ (x >> 31)


def _draw(scores, keys, step=1, **sampling):
    ids = torch.zeros((len(scores), step), dtype=torch.long)
    found = KeyedDraw(keys, Sampling(**({"temperature": 1.0} | sampling)))(ids, scores)
    assert ((found == 0).sum(dim=-1) == 1).all()
    assert (found.isneginf().sum(dim=-1) == scores.shape[-1] - 1).all()
    return found.argmax(dim=-1)


def test_the_hash_is_splitmix64_in_whole_numbers():
    """Against Python's own integers, which do not wrap."""
    golden = 0x9E3779B97F4A7C15
    for key in KEYS.tolist():
        for step, token in ((0, 0), (1, 11999), (255, 250_000)):
            expected = _splitmix((_splitmix((_splitmix(key) + step * golden) % 2**64) + (token + 1) * golden) % 2**64)
            found = hash_counters(torch.tensor([key]), torch.tensor([step]), torch.tensor([token])).item() % 2**64
            assert found == expected


def test_the_hash_does_not_change():
    """A change would draw other rows from published recipes."""
    found = hash_counters(KEYS, torch.tensor([1, 2, 3, 4]), torch.tensor([0, 7, 11999, 58100]))
    assert [f"{value % 2**64:016x}" for value in found.tolist()] == [
        "a706dd2f4d197e6f",
        "b47a729cd02d1183",
        "bbe6f68a6951393f",
        "0da7d8b062bdda3e",
    ]


def test_neighbouring_counters_give_independent_bits():
    """Each bit is set in half of the hashes, for runs of keys, of steps and of tokens."""
    run = torch.arange(10_000)
    zero = torch.zeros_like(run)
    for counters in ((run, zero, zero), (zero, run, zero), (zero, zero, run)):
        bits = (hash_counters(*counters)[:, None] >> torch.arange(64)) & 1
        assert (bits.double().mean(dim=0) - 0.5).abs().max() < 0.025
        signs = 2.0 * bits - 1
        together = (signs.T @ signs / len(run)).fill_diagonal_(0)
        assert together.abs().max() < 0.05


def test_the_noise_is_gumbel_and_always_finite():
    extremes = gumbel(torch.tensor([0, -1, 2**63 - 1, -(2**63)]))
    assert extremes.isfinite().all()
    noise = gumbel(hash_counters(torch.tensor(7), torch.tensor(3), torch.arange(200_000)))
    assert noise.mean().item() == pytest.approx(np.euler_gamma, abs=0.01)
    assert noise.var().item() == pytest.approx(np.pi**2 / 6, abs=0.03)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_with_their_probabilities(temperature):
    scores = torch.tensor([2.0, 1.0, 0.0, -1.0, -torch.inf])
    rows = 20_000
    drawn = _draw(scores.expand(rows, -1), torch.arange(rows), temperature=temperature)
    found = torch.bincount(drawn, minlength=5) / rows
    torch.testing.assert_close(found, (scores / temperature).softmax(dim=-1), atol=0.015, rtol=0)
    assert found[4] == 0


def test_top_k_draws_among_the_k_likeliest():
    scores = torch.randn(1, 1000, generator=torch.Generator().manual_seed(0)).expand(5000, -1)
    drawn = _draw(scores, torch.arange(5000), top_k=3)
    assert set(drawn.tolist()) == set(scores[0].topk(3).indices.tolist())


@pytest.mark.parametrize("top_p", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("spread", [0.1, 1.0, 6.0])
def test_top_p_draws_among_the_fewest_that_hold_the_share(top_p, spread):
    """Narrow nuclei and ones of hundreds of tokens, against a slow count."""
    scores = torch.randn(1, 600, generator=torch.Generator().manual_seed(1)) * spread
    share, order = scores[0].double().softmax(dim=-1).sort(descending=True)
    nucleus = order[: int((share.cumsum(dim=-1) < top_p).sum()) + 1]
    found = set(_draw(scores.expand(3000, -1), torch.arange(3000), top_p=top_p).tolist())
    assert found <= set(nucleus.tolist())
    likely = nucleus[share[: len(nucleus)] / share[: len(nucleus)].sum() > 5e-3]
    assert set(likely.tolist()) <= found


def test_top_k_comes_before_top_p():
    """Of 0.4, 0.3, 0.2, 0.1 the first holds 57 % of the first two, but 40 % of all."""
    scores = torch.tensor([[0.4, 0.3, 0.2, 0.1]]).log().expand(4000, -1)
    assert set(_draw(scores, torch.arange(4000), top_k=2, top_p=0.55).tolist()) == {0}
    assert set(_draw(scores, torch.arange(4000), top_p=0.55).tolist()) == {0, 1}


def test_equal_scores_are_in_or_out_together():
    scores = torch.zeros(3000, 200)
    assert len(set(_draw(scores, torch.arange(3000), top_p=0.01).tolist())) == 200


@pytest.mark.parametrize(
    "sampling", [{}, {"top_k": 10}, {"top_p": 0.9}, {"top_k": 50, "top_p": 0.8}, {"temperature": 0.3}]
)
def test_a_draw_depends_on_the_row_alone(sampling):
    """Alone, in any batch, at any place, with any number of threads."""
    made = torch.Generator().manual_seed(2)
    scores = torch.randn(60, 1003, generator=made) * torch.rand(60, 1, generator=made) * 5
    keys = torch.randint(2**62, (60,), generator=made)
    together = _draw(scores, keys, step=4, **sampling)
    order = torch.randperm(60, generator=made)
    assert torch.equal(_draw(scores[order], keys[order], step=4, **sampling), together[order])
    for start in range(0, 60, 7):
        part = slice(start, start + 7)
        assert torch.equal(_draw(scores[part], keys[part], step=4, **sampling), together[part])
    for row in range(0, 60, 11):
        assert _draw(scores[row : row + 1], keys[row : row + 1], step=4, **sampling) == together[row]


def test_other_keys_and_other_steps_draw_other_tokens():
    scores = torch.zeros(500, 500)
    first = _draw(scores, torch.arange(500))
    assert (first == _draw(scores, torch.arange(500) + 500)).float().mean() < 0.02
    assert (first == _draw(scores, torch.arange(500), step=2)).float().mean() < 0.02


@pytest.mark.gpu
def test_the_hash_has_the_same_bits_on_a_gpu():
    counters = (KEYS, torch.arange(4), torch.arange(4) * 1000)
    assert torch.equal(hash_counters(*counters), hash_counters(*(c.cuda() for c in counters)).cpu())
