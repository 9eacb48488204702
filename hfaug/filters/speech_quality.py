"""Drop speech that sounds bad."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.backends import Heard, facts, speech_quality
from hfaug.fields import Limit, ModelName, Share
from hfaug.filters.base import BatchFilter
from hfaug.filters.sounds import heard

__all__ = ["SpeechQuality", "clipped_share", "snr_db"]

_FRAME_S = 0.02
_MOST_DB = 100.0
_LEAST_PEAK = 0.01  # 40 dB under full scale: what stands equal there in a row was rounded, and nothing cut it off
_RUN = 3  # equal samples at the peak in a row: a wave that touches full scale once is not clipped


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpeechQuality(BatchFilter):
    """Keep speech with little noise and clipping, and, where a model is given, with a good predicted opinion score.

    Args:
        least_snr_db: Least distance between loud and quiet frames of 20 ms (95th and 10th percentile of their power),
            in dB. It takes pauses for noise alone, so speech without a pause has less than it should.
        most_clipped: Greatest share of samples that stand cut off at the peak, three or more in a row, 0..1; none of a
            sound that stays 40 dB under full scale.
        least_mos: Least predicted mean opinion score (overall), 1..5; only with a model.
        audio: The column with the speech.
        model: A folder or Hub repo with DNSMOS's ``sig_bak_ovr.onnx`` (MIT); none measures without a model.
        revision: Tag or commit of a Hub model; none for a folder.

    Drops: ``no sound``, ``noisy``, ``clipped``, ``low MOS``.
    Source: the STNR measure of NIST's SPQA, for the noise; C. Reddy et al., DNSMOS P.835, arXiv:2110.01763.

    >>> import hfaug
    >>> from hfaug.filters import SpeechQuality
    >>> rate, time = 8000, np.arange(8000) / 8000
    >>> said = {"array": np.sin(2000 * time) * (time > 0.5), "sampling_rate": rate}
    >>> cut = {"array": np.clip(3 * said["array"], -1, 1), "sampling_rate": rate}
    >>> SpeechQuality().judge([{"audio": said}, {"audio": cut}])
    [None, 'clipped']
    """

    batch_rows: ClassVar[int] = 32

    least_snr_db: float = 10
    most_clipped: Share = 0.01
    least_mos: Annotated[float, Limit(1, 5)] = 2.5
    audio: str = "audio"
    model: ModelName | None = None
    revision: str | None = None

    def needs(self) -> Sequence[str]:
        """The speech."""
        return (self.audio,)

    def models(self) -> tuple[dict[str, Any], ...]:
        """The judge, if one runs."""
        return () if self.model is None else (facts("speech_quality", self.model, self.revision),)

    def judge(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """One entry a row, in order."""
        sounds = heard(rows, self.audio)
        found = [self._measured(sound) for sound in sounds]
        if self.model is not None:
            left = {place: sound for place, sound in enumerate(sounds) if found[place] is None and sound is not None}
            model = speech_quality(self.model, revision=self.revision)
            for place, scores in zip(left, model.score(list(left.values())), strict=True):
                found[place] = "low MOS" if scores["mos"] < self.least_mos else None
        return found

    def _measured(self, sound: Heard | None) -> str | None:
        if sound is None or not sound.samples.any():
            return "no sound"
        if clipped_share(sound.samples) > self.most_clipped:
            return "clipped"
        return "noisy" if snr_db(sound.samples, sound.rate) < self.least_snr_db else None


def snr_db(samples: npt.NDArray[np.float32], rate: int) -> float:
    """Distance of the loud frames of speech from the quiet ones, in dB, at most 100."""
    length = max(1, int(rate * _FRAME_S))
    count = samples.size // length
    if count < 2:
        return 0.0
    powers = (samples[: count * length].reshape(count, length).astype(np.float64) ** 2).mean(axis=1)
    quiet, loud = np.percentile(powers, (10, 95))
    if loud <= 0:
        return 0.0
    return float(min(_MOST_DB, 10 * np.log10(loud / max(quiet, loud * 10 ** (-_MOST_DB / 10)))))


def clipped_share(samples: npt.NDArray[np.float32]) -> float:
    """Share of the samples that stand at the peak, three or more in a row; of a very quiet sound none."""
    if samples.size < _RUN:
        return 0.0
    peak = np.abs(samples).max()
    at = (np.abs(samples) >= peak * (1 - 2**-12)) & (peak >= _LEAST_PEAK)
    inner = at[:-2] & at[1:-1] & at[2:]
    run = np.zeros(samples.size, bool)
    for shift in range(_RUN):
        run[shift : shift + inner.size] |= inner
    return float(run.mean())
