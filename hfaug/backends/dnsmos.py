"""Speech quality by DNSMOS P.835 through onnxruntime: what listeners would say of noise and of the speech itself.

The weights are Microsoft's (MIT, from DNS-Challenge on GitHub, also in the wheel `speechmos`); the user gives a folder
that holds ``sig_bak_ovr.onnx``. The polynomials below belong to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.backends.identity import ModelIdentity
from hfaug.backends.loading import import_extra, loading
from hfaug.backends.protocols import Determinism, Halving
from hfaug.backends.resampling import resampled
from hfaug.backends.speech import Heard

__all__ = ["ENTRY", "Dnsmos", "load"]

ENTRY = "sig_bak_ovr.onnx"
_RATE, _WINDOW, _HOP = 16000, 144160, 16000  # 9.01 s, moved on by 1 s
_FITS = {
    "signal": (-0.08397278, 1.22083953, 0.0052439),
    "background": (-0.13166888, 1.60915514, -0.39604546),
    "mos": (-0.06766283, 1.11546468, 0.04602535),
}


def load(identity: ModelIdentity, *, dtype: str, device: str) -> Dnsmos:  # noqa: ARG001 - as all are loaded
    """Load the model; it runs on the CPU, whatever the device.

    Raises:
        MissingExtra: onnxruntime or soxr is not installed.
        ModelError: The file is no such model.
    """
    runtime = import_extra("onnxruntime", "speech")
    import_extra("soxr", "speech")
    with loading(identity.model_id, identity.hub_revision):
        path = Path(identity.source) / ENTRY
        if not identity.local:
            from huggingface_hub import hf_hub_download

            path = Path(hf_hub_download(identity.source, ENTRY, revision=identity.revision))
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1  # with more, sums depend on how many there are
        session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return Dnsmos(identity, session)


class Dnsmos:
    """A :class:`~hfaug.backends.speech.SpeechQuality`: ``mos``, ``signal`` and ``background``, 1..5 each.

    Source: C. Reddy et al., DNSMOS P.835, arXiv:2110.01763.
    """

    determinism: Determinism = "row"

    def __init__(self, identity: ModelIdentity, session: Any) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._session = session

    @property
    def settings(self) -> Mapping[str, Any]:
        """How it runs."""
        return {"runtime": "onnxruntime", "device": "cpu", "dtype": "float32"}

    def score(self, sounds: Sequence[Heard]) -> list[Mapping[str, float]]:
        """See :meth:`hfaug.backends.speech.SpeechQuality.score`; an empty sound has the lowest scores."""
        return [self._one(resampled(sound.samples, sound.rate, _RATE)) for sound in sounds]

    def _one(self, samples: npt.NDArray[np.float32]) -> Mapping[str, float]:
        if not samples.size:
            return dict.fromkeys(_FITS, 1.0)
        while samples.size < _WINDOW:  # a short sound is heard again and again
            samples = np.concatenate([samples, samples])
        name = self._session.get_inputs()[0].name
        last = int(samples.size / _RATE - _WINDOW / _RATE)
        starts = range(0, last * _HOP + 1, _HOP)
        windows = [samples[start : start + _WINDOW] for start in starts]
        raw = np.array([self._session.run(None, {name: one[None]})[0][0] for one in windows if one.size == _WINDOW])
        return {key: float(np.polyval(fit, raw[:, place]).mean()) for place, (key, fit) in enumerate(_FITS.items())}
