"""Small videos whose frames tell their number, so that order, times and places can be measured in the pixels."""

import io
from fractions import Fraction

import av
import numpy as np

from hfaug import media

BITS, WIDTH, HEIGHT = 8, 64, 48
RATE = 8000


def drawn(number, size=(HEIGHT, WIDTH)):
    """A frame that bears its number as a row of bright and dark bars, the lowest bit at the left."""
    height, width = size
    bar = width // BITS
    frame = np.full((height, width, 3), 60, np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            frame[height // 6 : height * 5 // 6, bit * bar : (bit + 1) * bar] = 200
    return frame


def number_in(frame):
    """The number that a frame bears."""
    height, width = frame.shape[:2]
    top = 65535 if frame.dtype == np.uint16 else 255
    bar = width // BITS
    levels = frame[height // 4 : height * 3 // 4].mean(axis=(0, 2)) * 255 / top
    return sum(int(levels[bit * bar + 2 : (bit + 1) * bar - 2].mean() > 130) << bit for bit in range(BITS))


def chirp(seconds, rate=RATE):
    """A tone that rises, so that every stretch of it can be told from the others."""
    time = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * (300 + 150 * time) * time) * 8000).astype(np.int16)


def film(
    frames=20, fps=10, container="mp4", codec="libx264", sound=None, pix_fmt="yuv420p", ticks=None, options=None,
    size=(HEIGHT, WIDTH), turned=None, **context,
):  # fmt: skip
    """A video made by PyAV alone; `ticks` are milliseconds of the frames."""
    out = io.BytesIO()
    straight = {"avoid_negative_ts": "disabled"} if container in ("avi", "mpegts") else {}
    with av.open(out, "w", format=container, options={"fflags": "+bitexact", **straight}) as target:
        track = target.add_stream(codec, rate=fps, options={"g": "6", **(options or {})})
        track.height, track.width, track.pix_fmt = *size, pix_fmt
        track.codec_context.thread_count = 1
        for name, value in context.items():
            setattr(track.codec_context, name, value)
        if ticks is not None:
            track.codec_context.time_base = Fraction(1, 1000)
        if turned is not None:
            track.set_display_rotation(turned)
        rate = 48_000 if sound == "libopus" else RATE
        voice = target.add_stream(sound, rate=rate, layout="mono") if sound else None
        if not frames:
            target.start_encoding()
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(drawn(number, size), "rgb24")
            frame.pts = number if ticks is None else ticks[number]
            frame.time_base = Fraction(1, fps) if ticks is None else Fraction(1, 1000)
            target.mux(track.encode(frame))
        target.mux(track.encode())
        if voice:
            samples = chirp(frames / fps, rate)[None]
            for start in range(0, samples.shape[1], 1024):
                block = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples[:, start : start + 1024]), "s16", "mono"
                )
                block.sample_rate, block.pts, block.time_base = rate, start, Fraction(1, rate)
                target.mux(voice.encode(block))
            target.mux(voice.encode())
    return out.getvalue()


def frames_of(data):
    """What a video holds, by PyAV alone: the time and the RGB pixels of each frame."""
    with av.open(io.BytesIO(data)) as source:
        return [(float(frame.time), frame.to_ndarray(format="rgb24")) for frame in source.decode(video=0)]


def numbers_of(data):
    """The numbers that the frames bear, in order."""
    return [number_in(pixels) for _, pixels in frames_of(data)]


def packets_of(data):
    """The packets of the sound."""
    with av.open(io.BytesIO(data)) as source:
        return [bytes(packet) for packet in source.demux(audio=0) if packet.size]


def sound_of(data, rate=RATE):
    """The sound in place: samples from the start of the file on, by PyAV alone; None without a track."""
    with av.open(io.BytesIO(data)) as source:
        if not source.streams.audio:
            return None
        even = av.AudioResampler("flt", "mono", rate)
        samples, lead = [], None
        for frame in source.decode(audio=0):
            lead = round(frame.time * rate) if lead is None else lead
            samples += [part.to_ndarray().reshape(-1) for part in even.resample(frame)]
    found = np.concatenate(samples)
    return found[-lead:] if lead < 0 else np.concatenate([np.zeros(lead, np.float32), found])


def lag_s(found, wanted, rate=RATE, most_s=0.3):
    """By how much a sound comes late, in seconds: where it resembles the wanted one most."""
    wanted = wanted / max(1e-9, np.abs(wanted).max())
    count = min(len(found), len(wanted))
    both = np.correlate(np.pad(found[:count], round(most_s * rate)), wanted[:count], "valid")
    return (np.argmax(both) - round(most_s * rate)) / rate


def like(frames, fps=10, **how):
    """A video by hfaug, of given frames."""
    return media.new_video(frames, fps=fps, **how)
