"""Media: bytes to arrays and back, in the format of the source.

| file | subject |
| --- | --- |
| `images.py`, `image_writing.py` | `decode_image`, `image_size`; `encode_image` |
| `reduced.py` | JPEG at a half, a quarter or an eighth of its size |
| `masks.py` | label maps, exact |
| `headers.py`, `pillow.py` | what a header says; Pillow at arm's length |
| `audio.py` | `decode_audio`, `audio_info`, `encode_audio` |
| `audio_blocks.py` | long sounds block by block |
| `wave.py`, `ogg.py`, `mp3.py`, `whole.py` | WAV directly; Ogg alike twice; exact lengths; cut-off files |
| `video.py`, `video_index.py`, `video_whole.py` | what a video file says; when its frames are shown; cut-off files |
| `video_reading.py`, `video_pixels.py` | frames in any order with little memory; stored planes to RGB and back |
| `video_writing.py`, `video_sound.py`, `video_tape.py` | frames to a file; its sound copied, cut or stretched |
| `decoded.py` | objects that `datasets` has decoded already |
| `sources.py` | a stored value to bytes |
| `codec.py`, `counters.py` | the encoders' settings; exact counts |

Nothing here changes global state, and everything may be called from several threads.
"""

from __future__ import annotations

from hfaug.media.audio import Clip, audio_info, decode_audio, encode_audio
from hfaug.media.audio_blocks import read_blocks, sound_kind, write_blocks
from hfaug.media.codec import Codec
from hfaug.media.counters import Counts, counts
from hfaug.media.decoded import clip_from, clip_of, clip_to_dict, mask_from, mask_to_pil, picture_from, picture_to_pil
from hfaug.media.image_writing import encode_image
from hfaug.media.images import decode_image, image_size
from hfaug.media.masks import decode_mask, encode_mask
from hfaug.media.picture import Picture
from hfaug.media.reduced import Reduced, decode_reduced
from hfaug.media.sources import read_media
from hfaug.media.video import Film, video_info
from hfaug.media.video_pixels import pixels_of
from hfaug.media.video_reading import read_frames
from hfaug.media.video_sound import SoundTrack
from hfaug.media.video_writing import encode_video, new_video, without_sound

__all__ = [
    "Clip",
    "Codec",
    "Counts",
    "Film",
    "Picture",
    "Reduced",
    "SoundTrack",
    "audio_info",
    "clip_from",
    "clip_of",
    "clip_to_dict",
    "counts",
    "decode_audio",
    "decode_image",
    "decode_mask",
    "decode_reduced",
    "encode_audio",
    "encode_image",
    "encode_mask",
    "encode_video",
    "image_size",
    "mask_from",
    "mask_to_pil",
    "new_video",
    "picture_from",
    "picture_to_pil",
    "pixels_of",
    "read_blocks",
    "read_frames",
    "read_media",
    "sound_kind",
    "video_info",
    "without_sound",
    "write_blocks",
]
