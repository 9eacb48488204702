"""What holds for every op on colours and pixels, whatever it is for."""

import inspect

import cv2
import numpy as np
import pytest

from hfaug.kinds import ColorOp, CurveOp, PixelOp
from hfaug.ops import image
from hfaug.ops.image import (
    AddChromaticAberration,
    AddFog,
    AddIsoNoise,
    AddNoise,
    AddRain,
    AddShadow,
    AddSnow,
    AddSpeckle,
    AddSunFlare,
    AugMix,
    Blur,
    BlurGlass,
    BlurMedian,
    BlurMotion,
    BlurZoom,
    ChangeBrightness,
    ChangeContrast,
    ChangeGamma,
    ChangeIllumination,
    ChangeSaturation,
    ChangeSharpness,
    ChangeTemperature,
    ChangeTone,
    Defocus,
    Downscale,
    DropChannels,
    Emboss,
    GridMask,
    JitterLighting,
    Posterize,
    Sepia,
    Sharpen,
    ShiftChannels,
    ShiftHue,
    Solarize,
    Spatter,
)  # fmt: skip
from tests.ops.drawing import streams
from tests.ops.image.painting import KINDS, SHAPES, applied, noise, photo

OPS = {
    name: cls
    for name, cls in vars(image).items()
    if inspect.isclass(cls) and issubclass(cls, (ColorOp, CurveOp, PixelOp)) and not inspect.isabstract(cls)
}

STILL = [
    AddChromaticAberration(shift_px=(0, 0)), AddFog(density=(0, 0)), AddIsoNoise(grain=(0, 0), color=(0, 0)),
    AddNoise(sigma=(0, 0)), AddRain(strength=(0, 0)), AddShadow(count=(0, 0)), AddShadow(strength=(0, 0)),
    AddSnow(strength=(0, 0)), AddSpeckle(sigma=(0, 0)), AddSunFlare(strength=(0, 0)), Blur(sigma_px=(0, 0)),
    BlurGlass(reach_px=(0, 0)), BlurMedian(side_px=(1, 2)), BlurMotion(length_px=(0, 0)), BlurZoom(scale=(1, 1)),
    ChangeBrightness(factor=(1, 1)), ChangeContrast(factor=(1, 1)), ChangeContrast(factor=(1, 1), about="mean"),
    ChangeGamma(gamma=(1, 1)), ChangeIllumination(strength=(0, 0)), ChangeSaturation(factor=(1, 1)),
    ChangeSharpness(factor=(1, 1)), ChangeTemperature(kelvin=(6500, 6500)),
    ChangeTone(shadows=(0, 0), highlights=(0, 0)),
    Defocus(radius_px=(0, 0)), Downscale(scale=(1, 1)), DropChannels(count=(0, 0)), Emboss(strength=(0, 0)),
    GridMask(share=(0, 0)), JitterLighting(sigma=(0, 0)), Posterize(bits=(8, 8)), Sepia(strength=(0, 0)),
    Sharpen(strength=(0, 0)), ShiftChannels(shift=(0, 0)), ShiftHue(degrees=(0, 0)), Solarize(threshold=(1, 1)),
    Spatter(cover=(0, 0)),
]  # fmt: skip


@pytest.mark.parametrize("op", STILL, ids=repr)
def test_no_strength_is_no_change(op):
    """The very same array comes back, so that the stored bytes stay."""
    for rng in streams(3):
        array = photo()
        assert applied(op, array, rng) is array


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("channels,kind", KINDS)
def test_every_shape_and_depth(name, channels, kind):
    """Shape and type stay, alpha stays as it is, what came in is not written to."""
    for shape in SHAPES:
        for rng in streams(3):
            array = noise((*shape, channels), kind)
            before = array.copy()
            after = applied(OPS[name](), array, rng)
            assert (after.shape, after.dtype) == (array.shape, array.dtype)
            assert (array == before).all()
            if channels == 4 and name != "ShuffleGrid":  # whose tiles take their alpha along
                assert (after[:, :, 3] == before[:, :, 3]).all()


@pytest.mark.parametrize("name", OPS)
def test_threads_make_no_difference(name):
    """One, two and four OpenCV threads give the same bytes, and so does a second call."""
    known = cv2.getNumThreads()
    array = np.ascontiguousarray(cv2.resize(photo(), (400, 320)))
    found = set()
    try:
        for threads in (1, 2, 4, 1):
            cv2.setNumThreads(threads)
            found.add(b"".join(applied(OPS[name](), array, rng).tobytes() for rng in streams(3)))
    finally:
        cv2.setNumThreads(known)
    assert len(found) == 1


@pytest.mark.parametrize("name", sorted(set(OPS) - {"Equalize", "Posterize", "AugMix"}))  # which count levels
def test_sixteen_bits_look_like_eight(name):
    """The same picture, of either depth, is changed alike: on average within one of 256 levels, noise apart."""
    for rng, again in zip(streams(4), streams(4), strict=True):
        plain = applied(OPS[name](), photo(), rng).astype(float)
        deep = applied(OPS[name](), photo().astype(np.uint16) * 257, again) / 257
        assert abs(plain.mean() - deep.mean()) < 1
        assert OPS[name].each_frame or abs(plain - deep).mean() < 1


def test_noise_differs_from_frame_to_frame():
    """What a sensor or falling drops do is said to be drawn for each frame; what a lens or the light does is not."""
    assert {name for name, cls in OPS.items() if cls.each_frame} == {
        "AddIsoNoise", "AddNoise", "AddRain", "AddSaltPepper", "AddShotNoise", "AddSnow", "AddSpeckle",
    }  # fmt: skip
    assert not AugMix.each_frame
