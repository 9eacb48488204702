"""Ops on sound and the time labels in it.

Memory. Of long sounds (2**25 samples of all channels, 35 minutes of 16 kHz, and more) a chain of these alone decodes,
changes and encodes one block after the other: AddNoise, ChangeGain, ChangeSpeed, Crop, CrushBits, FadeGain,
InvertPolarity, NormalizePeak, Pad, Resample, ShiftPitch, StretchTime. All others, and a chain with one of them, hold
the whole sound decoded, two to four times over: 4 bytes a sample of each channel, 460 MB for two hours of 16 kHz.

Names. Every transform of audiomentations 0.43 has its op here, which `hfaug ops NAME` tells (`hfaug.known_as`); its
Compose, OneOf, SomeOf and Lambda are Chain, OneOf, a Chain of ``op.sometimes(chance)`` and `hfaug.wrap`, which takes
any of its pipelines as it is, too.

Why the ops are not its transforms but for Distort. They all draw from the global generators, but parameters can be
given to them, as Distort does; what else stands against it, measured with 0.43.1:

| its transform | what it does | here |
|---|---|---|
| Gain, PolarityInversion | a product, one pass each | neighbours are one product |
| GainTransition, Normalize, BitCrush | hold the whole sound | block by block |
| ClippingDistortion | counts silence: of a click in silence nothing stays | counts what is heard |
| LowPass-, HighPass-, BandPass-, BandStopFilter | late: a click 5 samples (1 kHz) to 35 (150 Hz) | not late |
| SevenBandParametricEQ | seven passes, 5 times our time | one pass |
| Peaking-, LowShelf-, HighShelfFilter | a pass each | bands of Equalize |
| AddGaussianNoise, AddGaussianSNR | draw the noise while they work, the whole of it at once | keyed, in blocks |
| AddColorNoise | 4.2 dB from 25 to 50 Hz where 6 are asked | 5.9 dB |
| AddBackgroundNoise, AddShortNoises | one channel, files alone | any channels, columns too |
| ApplyImpulseResponse | a response with its peak at sample 100 makes the sound 100 samples late | not late |
| AirAbsorption | nine bands, two temperatures; 3 times our time | ISO 9613-1 itself |
| RoomSimulator, Mp3Compression, Limiter, LoudnessNormalization | a compiled package more for each | SciPy, libsndfile |
| TimeStretch, PitchShift | the same engine; in a row two passes, 1.7 times our time | one pass |
| Shift, Reverse, Trim, Padding, AdjustDuration, RepeatPart, Resample | do not tell where moments went | labels follow |
| Trim | cuts at frames: of 4000 samples in silence 6144 stay | frames of `frame_s` |
| Aliasing, TimeMask | nothing that breaks a promise; a few lines each | alike |
"""

from hfaug.ops.audio.filters import AbsorbAir, BandPass, BandStop, Equalize, HighPass, LowPass, Telephone
from hfaug.ops.audio.levels import (
    ChangeGain,
    Clip,
    CompressDynamics,
    FadeGain,
    InvertPolarity,
    Limit,
    NormalizeLoudness,
    NormalizePeak,
)
from hfaug.ops.audio.masks import MaskFrequency, MaskTime, SpecAugment
from hfaug.ops.audio.noise import AddBackground, AddColorNoise, AddNoise, AddShortNoises
from hfaug.ops.audio.noise import gather_sounds as gather_sounds
from hfaug.ops.audio.quality import Alias, Compress, CrushBits, Distort, Resample
from hfaug.ops.audio.rooms import Reverberate, SimulateRoom
from hfaug.ops.audio.speak import Speak
from hfaug.ops.audio.time import ChangeSpeed, Crop, Loop, Pad, Reverse, Shift, ShiftPitch, StretchTime, Trim
from hfaug.ops.audio.transcribe import Transcribe

__all__ = [
    "AbsorbAir",
    "AddBackground",
    "AddColorNoise",
    "AddNoise",
    "AddShortNoises",
    "Alias",
    "BandPass",
    "BandStop",
    "ChangeGain",
    "ChangeSpeed",
    "Clip",
    "Compress",
    "CompressDynamics",
    "Crop",
    "CrushBits",
    "Distort",
    "Equalize",
    "FadeGain",
    "HighPass",
    "InvertPolarity",
    "Limit",
    "Loop",
    "LowPass",
    "MaskFrequency",
    "MaskTime",
    "NormalizeLoudness",
    "NormalizePeak",
    "Pad",
    "Resample",
    "Reverberate",
    "Reverse",
    "Shift",
    "ShiftPitch",
    "SimulateRoom",
    "Speak",
    "SpecAugment",
    "StretchTime",
    "Telephone",
    "Transcribe",
    "Trim",
]
