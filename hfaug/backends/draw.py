"""Drawing tokens so that a row's draws depend on nothing but the row.

``generate`` draws from one global stream, in the order in which rows stand in a batch. Here the draw is an argmax
instead: by the Gumbel-max trick, the argmax of log-probabilities plus Gumbel noise is a sample of the distribution, and
the noise of a token comes from a counter hash of (row key, step, token). It is the same on every device and in every
batch, and rows that need no draw (pads, finished rows) use up nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfaug.backends.protocols import Sampling

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["KeyedDraw", "gumbel", "hash_counters"]

_STEP = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed number: the odd constant of splitmix64
_MIX_1 = -4658895280553007687  # 0xBF58476D1CE4E5B9
_MIX_2 = -7723592293110705685  # 0x94D049BB133111EB
_FIRST_WIDTH = 64  # most nuclei are smaller; it grows when one is not


class KeyedDraw:
    """A logits processor that leaves one token a row: the one that the row's key draws.

    Give it to ``generate`` with ``do_sample=False`` and ``num_beams=1``. It must come last.

    Args:
        keys: One key a row of the batch, int64, shape (rows,).
        sampling: Temperature, top-k, top-p.

    Source: Maddison et al. 2014, arXiv:1411.0030 (Gumbel-max); Steele et al. 2014, doi:10.1145/2660193.2660195
        (splitmix64).
    """

    def __init__(self, keys: Tensor, sampling: Sampling) -> None:
        self.keys = keys
        self.sampling = sampling

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores that are 0 at the drawn token and -inf elsewhere, shape (rows, vocabulary)."""
        import torch

        scores = scores.to(torch.float32) / self.sampling.temperature
        step = torch.full_like(self.keys[:, None], input_ids.shape[1])
        width = self.sampling.top_k or (scores.shape[-1] if self.sampling.top_p >= 1 else _FIRST_WIDTH)
        drawn = self._draw(scores, self.keys[:, None], step, width)
        return torch.full_like(scores, -torch.inf).scatter_(1, drawn, 0.0)

    def _draw(self, scores: Tensor, keys: Tensor, steps: Tensor, width: int) -> Tensor:
        """The drawn tokens, shape (rows, 1), when at most ``width`` tokens a row may be drawn."""
        import torch

        size = scores.shape[-1]
        width = min(width, size)
        tokens = torch.arange(size, device=scores.device).expand_as(scores)
        values, tokens = scores.topk(width) if width < size or self.sampling.top_p < 1 else (scores, tokens)
        beyond = None  # rows that may draw more than `width` tokens
        if self.sampling.top_p < 1:
            total = (values if self.sampling.top_k else scores).logsumexp(dim=-1, keepdim=True)
            floor = self._floor(values, total)
            if not self.sampling.top_k and width < size:
                beyond = (values[:, -1:] >= floor).squeeze(1)
            values = values.masked_fill(values < floor, -torch.inf)
        # float64, so that two tokens practically never tie
        noisy = values.to(torch.float64) + gumbel(hash_counters(keys, steps, tokens))
        drawn = tokens.gather(1, noisy.argmax(dim=-1, keepdim=True))
        if beyond is not None and bool(beyond.any()):
            drawn[beyond] = self._draw(scores[beyond], keys[beyond], steps[beyond], width * 8)
        return drawn

    def _floor(self, values: Tensor, total: Tensor) -> Tensor:
        """The lowest of the fewest ``values`` (falling) that hold the share ``top_p`` of ``total``, shape (rows, 1)."""
        import torch

        share = (values - total).to(torch.float64).exp()
        before = share.cumsum(dim=-1) - share
        kept = (before < self.sampling.top_p).sum(dim=-1, keepdim=True).clamp(min=1)
        return values.gather(1, kept - 1)


def hash_counters(keys: Tensor, steps: Tensor, tokens: Tensor) -> Tensor:
    """Hash (key, step, token) to 64 bits: element ``token`` of the splitmix64 stream that (key, step) starts.

    Args:
        keys: int64.
        steps: int64.
        tokens: int64; the three shapes broadcast.

    Returns:
        int64. The same bits on every device, since it is integer arithmetic that wraps around.
    """
    return _mix(_mix(_mix(keys) + steps * _STEP) + (tokens + 1) * _STEP)


def gumbel(bits: Tensor) -> Tensor:
    """Standard Gumbel noise, float64 and finite, from 64 random bits each."""
    import torch

    unit = (_shift(bits, 12).to(torch.float64) + 0.5) * 2.0**-52
    return -torch.log(-torch.log(unit))


def _mix(x: Tensor) -> Tensor:
    """The finaliser of splitmix64."""
    x = (x ^ _shift(x, 30)) * _MIX_1
    x = (x ^ _shift(x, 27)) * _MIX_2
    return x ^ _shift(x, 31)


def _shift(x: Tensor, bits: int) -> Tensor:
    """Shift right without a sign: torch has no unsigned arithmetic on every device."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)
