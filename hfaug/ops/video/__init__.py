"""Ops on the time of videos. What changes their pixels stands in `hfaug.ops.image`: one draw holds for all frames."""

from hfaug.ops.video.change_fps import ChangeFps
from hfaug.ops.video.change_speed import ChangeSpeed
from hfaug.ops.video.drop_frames import DropFrames
from hfaug.ops.video.drop_sound import DropSound
from hfaug.ops.video.loop import Loop
from hfaug.ops.video.reverse import Reverse
from hfaug.ops.video.trim import Trim

__all__ = ["ChangeFps", "ChangeSpeed", "DropFrames", "DropSound", "Loop", "Reverse", "Trim"]
