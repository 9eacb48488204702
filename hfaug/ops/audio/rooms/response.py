"""Sounds in rooms, by the answer of the room to a click."""

from __future__ import annotations

import numpy as np

from hfaug.kinds import Samples
from hfaug.ops.audio.noise.blending import like_channels

__all__ = ["in_room"]


def in_room(samples: Samples, _rate: int, response: Samples, wet: float, direct: int | None = None) -> Samples:
    """A sound as it is heard in a room, of the same length and loudness, with the direct sound at its moment.

    Args:
        samples: Shape (channels, n).
        response: Shape (1 or channels, m): the answer of the room to a click.
        wet: Share 0..1 of the room in what is heard.
        direct: The sample of the response that is the direct sound; its highest by default.
    """
    from scipy.signal import oaconvolve

    if not samples.any():
        return samples
    answer = like_channels(response, samples.shape[0])
    first = int(np.abs(answer).max(axis=0).argmax()) if direct is None else direct
    heard = oaconvolve(samples, answer.astype(np.float32), axes=1)[:, first : first + samples.shape[1]]
    loud = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    now = float(np.sqrt(np.mean(np.square(heard, dtype=np.float64))))
    if not now:
        return samples
    return np.asarray((1 - wet) * samples + wet * heard * np.float32(loud / now), dtype=np.float32)
