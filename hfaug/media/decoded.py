"""Objects that `datasets` has already decoded, to our types and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError
from hfaug.media import headers, pillow
from hfaug.media.audio import Clip, Samples, checked_samples, decode_audio
from hfaug.media.image_writing import checked_pixels
from hfaug.media.masks import labels_of
from hfaug.media.picture import Picture, Pixels
from hfaug.media.sources import read_media

__all__ = ["clip_from", "clip_of", "clip_to_dict", "mask_from", "mask_to_pil", "picture_from", "picture_to_pil"]


_MOST_CHANNELS = 64
"""Above it, what has more channels than samples is taken for an array that lies the other way round."""


def picture_from(value: Any) -> Picture:
    """The picture in a Pillow image, or in an array (height, width[, 1 | 3 | 4]) of uint8 or uint16.

    Raises:
        MediaError: It is neither, or an image that `decode_image` would refuse.

    >>> picture_from(np.zeros((2, 3), np.uint8)).array.shape
    (2, 3, 1)
    """
    if _is_pillow(value):
        return _guarded(pillow.to_picture, value)
    array = checked_pixels(_array(value, "image"))
    return Picture(array.copy(), mode={1: "L", 3: "RGB", 4: "RGBA"}[array.shape[2]])


def mask_from(value: Any) -> Picture:
    """The label map in a Pillow image, or in an array of labels.

    Raises:
        MediaError: It is neither, or an image that `decode_mask` would refuse.

    >>> mask_from(np.array([[0, 7]], np.int32)).array[..., 0].tolist()
    [[0, 7]]
    """
    if _is_pillow(value):
        return _guarded(labels_of, value)
    array = _array(value, "mask")
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or array.dtype not in (np.bool_, np.uint8, np.uint16, np.int32, np.float32):
        raise MediaError(
            "mask: an array must have shape (height, width[, channels]) and type bool, uint8, uint16, int32 or "
            f"float32, has {array.shape} and {array.dtype}; convert it"
        )
    return Picture(array.astype(np.uint8) if array.dtype == np.bool_ else array.copy(), mode="L")


def clip_from(value: Any) -> Clip:
    """The clip in a mapping with ``array`` ((n,) or (channels, n)) and ``sampling_rate``, or in an audio decoder.

    Raises:
        MediaError: It is neither, or its samples are no float sound.

    >>> clip_from({"array": np.zeros(4), "sampling_rate": 8000}).samples.shape
    (1, 4)
    """
    if hasattr(value, "get_all_samples"):
        sound = value.get_all_samples()
        samples, rate = np.asarray(sound.data), sound.sample_rate
    elif isinstance(value, Mapping) and "array" in value and "sampling_rate" in value:
        samples, rate = _numbers(value["array"]), value["sampling_rate"]
    else:
        raise MediaError(
            f"audio: must be a mapping with array and sampling_rate, or an audio decoder, is {type(value).__name__}; "
            "cast the column with decode=False"
        )
    _check_sound(samples, rate)
    samples = checked_samples(samples)
    return Clip(np.array(samples, order="C"), int(rate), "WAV", "FLOAT", samples.shape[0])


def clip_of(value: Any) -> Clip | None:
    """The clip in a value of a sound column, stored or decoded; None for a missing one.

    Args:
        value: Bytes, a path, their mapping, or what `clip_from` takes.

    Raises:
        MediaError: It is no sound.
    """
    stored = isinstance(value, (bytes, str)) or (isinstance(value, Mapping) and "bytes" in value)
    data = read_media(value) if stored else None
    if data is not None:
        return decode_audio(data)
    return None if value is None else clip_from(value)


def _numbers(value: Any) -> npt.NDArray[Any]:
    """An array of what came as lists, null as NaN; no floats at all is told by its type."""
    try:
        array = np.asarray(value)
        array = array.astype(np.float64) if array.dtype == object or not array.size else array
    except (TypeError, ValueError) as error:
        raise MediaError(
            "audio: the array must hold one number a sample, holds something else; drop the row"
        ) from error
    return array


def _check_sound(samples: npt.NDArray[Any], rate: Any) -> None:
    """Refuse an array that came in and is no sound; what an op makes is refused elsewhere."""
    if not np.issubdtype(samples.dtype, np.floating) and samples.size:
        raise MediaError(
            f"audio: the array must hold floats of full scale -1..1, holds {samples.dtype}; divide it by its own full "
            "scale, 32768 for samples of 16 bits"
        )
    if samples.ndim == 2 and samples.shape[0] > max(samples.shape[1], _MOST_CHANNELS):
        raise MediaError(
            f"audio: the array must have shape (channels, n), has {samples.shape}, which would be "
            f"{samples.shape[0]} channels; transpose it"
        )
    if not np.isfinite(samples).all():
        raise MediaError("audio: the array must be finite, holds NaN, infinity or null; drop the row")
    if not isinstance(rate, (int, float, np.number)) or not rate >= 1:
        raise MediaError(f"audio: sampling_rate must be a number from 1 up, is {rate!r}; correct the row")


def picture_to_pil(array: Pixels, like: Picture) -> Any:
    """A Pillow image of the pixels; its ``format`` is None, as after every edit by Pillow itself.

    Raises:
        MediaError: The array is colour of 16 bits, which Pillow cannot hold.

    >>> picture_to_pil(np.zeros((2, 3, 1), np.uint8), Picture(np.zeros((2, 3, 1), np.uint8))).size
    (3, 2)
    """
    image = _to_pillow(checked_pixels(array))
    space = b"GRAY" if array.shape[-1] == 1 else b"RGB "
    if like.icc is not None and like.icc[16:20] == space:
        image.info["icc_profile"] = like.icc
    return image


def mask_to_pil(array: Pixels, like: Picture) -> Any:
    """A Pillow image of the labels, of its source's mode and palette where they hold the values.

    Raises:
        MediaError: The array is colour of 16 bits, which Pillow cannot hold.

    >>> mask_to_pil(np.zeros((2, 3, 1), np.uint8), Picture(np.zeros((2, 3, 1), np.uint8), mode="1")).mode
    '1'
    """
    if like.mode == "1" and array.dtype == np.uint8 and array.shape[2] == 1 and array.max(initial=0) <= 1:
        return _to_pillow(array.astype(bool))
    image = _to_pillow(array)
    if like.palette is not None and image.mode == "L":
        image.putpalette(like.palette)
        if like.transparency is not None:
            image.info["transparency"] = like.transparency
    return image


def clip_to_dict(samples: Samples, like: Clip) -> dict[str, Any]:
    """``{"array", "sampling_rate"}`` as `datasets` decodes a clip: (n,) for one channel, else (channels, n).

    >>> clip_to_dict(np.zeros((1, 4), np.float32), Clip(np.zeros((1, 4), np.float32), 8000))["array"].shape
    (4,)
    """
    samples = checked_samples(samples)
    return {"array": samples[0] if samples.shape[0] == 1 else samples, "sampling_rate": like.rate}


def _is_pillow(value: Any) -> bool:
    return hasattr(value, "getexif") and hasattr(value, "getbands")


def _array(value: Any, kind: str) -> Pixels:
    """The value where it is an array."""
    if not isinstance(value, np.ndarray):
        raise MediaError(
            f"{kind}: must be a Pillow image or an array, is {type(value).__name__}; cast the column with decode=False"
        )
    return value


def _guarded(convert: Any, image: Any) -> Picture:
    """Convert an image that Pillow may still have to load."""
    try:
        picture: Picture = convert(image)
    except (MediaError, MemoryError):
        raise
    except Exception as error:  # decoders raise nearly anything on damaged data
        raise headers.damaged(image.format or "image") from error
    return picture


def _to_pillow(array: Pixels) -> Any:
    """A Pillow image of an array (height, width, channels)."""
    from PIL import Image

    if array.dtype == np.uint16 and array.shape[2] > 1:
        raise MediaError(
            f"image: Pillow holds no colour of 16 bits, was given {array.shape}; cast the column with decode=False"
        )
    return Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)
