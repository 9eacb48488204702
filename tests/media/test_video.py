"""Video files: what they say, their frames in any order, and back into a file of the same kind."""

from fractions import Fraction

import numpy as np
import pytest

from hfaug import media
from hfaug.errors import MediaError
from tests import films

KINDS = [
    ("mp4", "libx264", "yuv420p", {}),
    ("mov", "libx264", "yuv420p", {}),
    ("matroska", "libx264", "yuv420p", {}),
    ("mpegts", "libx264", "yuv420p", {}),
    ("mp4", "libx264", "yuv420p10le", {}),
    ("mp4", "libx264", "yuv444p", {}),
    ("avi", "mpeg4", "yuv420p", {}),
    ("mp4", "mpeg4", "yuv420p", {}),
    ("avi", "mjpeg", "yuvj420p", {}),
    ("webm", "libvpx", "yuv420p", {"b": "5M"}),
    ("webm", "libvpx-vp9", "yuv420p", {"crf": "10", "b": "0"}),
    ("matroska", "ffv1", "yuv420p", {}),
    ("avi", "huffyuv", "yuv422p", {}),
    ("avi", "rawvideo", "yuv420p", {}),
    ("mov", "prores", "yuv422p10le", {}),
]
ORDERS = [range(20), range(19, -1, -1), [0, 0, 5, 5, 19], [7, 3, 4, 4, 2, 19, 18, 1, 0, 6], [13]]


def pixels(film, order):
    """Upright frames in some order."""
    return [media.pixels_of(film, frame) for frame in media.read_frames(film, order)]


def rewritten(film, frames=None, **how):
    """The frames of a film in a file of the same kind."""
    how = {"starts_s": film.starts_s, "duration_s": film.duration_s, "size": film.size, **how}
    return media.encode_video(pixels(film, range(film.count)) if frames is None else frames, film, **how)


@pytest.mark.parametrize(("container", "codec", "pix_fmt", "options"), KINDS)
def test_any_kind_of_file_is_read_in_any_order_and_written_as_it_was(container, codec, pix_fmt, options):
    """Numbers drawn into the frames come out in the order asked for; container, codec, layout and times are kept."""
    data = films.film(20, 10, container, codec, pix_fmt=pix_fmt, options=options)
    film = media.video_info(data)
    assert (film.container, film.size, film.count) == (container, (films.HEIGHT, films.WIDTH), 20)
    assert film.starts_s == pytest.approx(np.arange(20) / 10)
    assert film.duration_s == pytest.approx(2)
    for order in ORDERS:
        assert [films.number_in(frame) for frame in pixels(film, order)] == list(order)
    data = rewritten(film)
    again = media.video_info(data)
    assert (again.container, again.codec, again.pix_fmt) == (film.container, film.codec, film.pix_fmt)
    assert films.numbers_of(data) == list(range(20))
    assert data == rewritten(film)
    assert again.starts_s == pytest.approx(film.starts_s)
    assert again.duration_s == pytest.approx(2)


def test_what_cannot_be_written_becomes_h264():
    """GIF goes into an MP4; HEVC, of which no encoder gives the same bytes twice, stays in its container."""
    gif = media.video_info(films.film(6, 10, "gif", "gif", pix_fmt="rgb8"))
    hevc = media.video_info(films.film(6, 10, "mov", "libx265", size=(96, 160), options={"x265-params": "log-level=0"}))
    for film, container in ((gif, "mp4"), (hevc, "mov")):
        after = media.video_info(rewritten(film))
        assert (after.container, after.codec, after.count) == (container, "h264", 6)


@pytest.mark.parametrize("matrix", [1, 5, 6, 9])
@pytest.mark.parametrize("span", [1, 2])
def test_colours_follow_the_matrix_and_range_of_the_file(matrix, span):
    """A lossless file of known RGB, made by the formula of the standard, is read within rounding."""
    red, blue = {1: (0.2126, 0.0722), 9: (0.2627, 0.0593)}.get(matrix, (0.299, 0.114))
    rgb = np.random.default_rng(3).integers(0, 256, (24, 32, 3)).astype(np.float64)
    luma = rgb @ [red, 1 - red - blue, blue]
    planes = [luma, (rgb[..., 2] - luma) / (2 - 2 * blue), (rgb[..., 0] - luma) / (2 - 2 * red)]
    full = span == 2
    scaled = [planes[0] * (1 if full else 219 / 255) + (0 if full else 16)]
    scaled += [plane * (1 if full else 224 / 255) + 128 for plane in planes[1:]]
    film = media.video_info(_lossless(np.rint(np.stack(scaled)).clip(0, 255).astype(np.uint8), matrix, span))
    found = pixels(film, [0])[0]
    assert np.abs(found - rgb).max() <= (3 if full else 4)
    assert abs((found - rgb).mean()) < 0.25


def _lossless(planes, matrix, span):
    """One frame of three whole planes, exactly."""
    import io

    import av

    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as target:
        track = target.add_stream("ffv1", rate=1)
        track.height, track.width, track.pix_fmt = *planes.shape[1:], "yuv444p"
        track.codec_context.colorspace, track.codec_context.color_range = matrix, span
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(planes), "yuv444p")
        frame.pts, frame.colorspace, frame.color_range = 0, matrix, span
        target.mux(track.encode(frame))
        target.mux(track.encode())
    return out.getvalue()


def test_generations_do_not_fade():
    """Ten times decoded and encoded without loss, a film has the brightness it had."""
    film = media.video_info(films.film(2, 10, "matroska", "ffv1", options={"g": "1"}))
    first = pixels(film, [1])[0].astype(int)
    for _ in range(10):
        film = media.video_info(rewritten(film))
    assert np.abs(pixels(film, [1])[0] - first).max() <= 1


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_phones_films_are_set_upright(turned):
    """The display matrix is applied to the pixels, and not written back."""
    data = films.film(3, 10, "mp4", "libx264", turned=turned)
    film = media.video_info(data)
    upright = pixels(film, range(3))
    stored = [frame for _, frame in films.frames_of(data)]
    assert films.number_in(np.rot90(upright[2], -turned // 90)) == films.number_in(stored[2]) == 2
    after = media.video_info(rewritten(film, upright))
    assert (after.turns, after.size) == (0, film.size)
    assert film.size == upright[0].shape[:2]
    times = {"starts_s": film.starts_s, "duration_s": film.duration_s, "size": film.size}
    native = media.video_info(media.encode_video(media.read_frames(film, range(3)), film, **times))
    assert (native.turns, native.size) == (0, film.size)


def test_variable_frame_rates_are_kept():
    """Frames are shown when they were, to the tick."""
    ticks = [0, 40, 200, 210, 500, 900]
    film = media.video_info(films.film(6, 25, "mp4", "libx264", ticks=ticks))
    assert film.starts_s == pytest.approx(np.array(ticks) / 1000)
    assert media.video_info(rewritten(film)).starts_s == pytest.approx(film.starts_s, abs=1e-9)


@pytest.mark.parametrize("size", [(47, 63), (1, 1), (2, 2), (33, 64)])
@pytest.mark.parametrize("kind", [("mp4", "h264"), ("webm", "vp9"), ("avi", "mjpeg")])
def test_odd_sizes_keep_their_size(size, kind):
    """Labels stay exact: nothing is padded."""
    frames = [np.full((*size, 3), 40 * number, np.uint8) for number in range(3)]
    film = media.video_info(films.like(frames, container=kind[0], codec=kind[1]))
    assert film.size == size
    assert film.count == 3
    assert np.abs(pixels(film, [2])[0].astype(int) - 80).max() < 12


def test_deep_colours_stay_deep():
    """A file of ten bits is read as sixteen and written as ten."""
    film = media.video_info(films.film(3, 10, "matroska", "ffv1", pix_fmt="yuv420p10le"))
    frame = pixels(film, [2])[0]
    assert frame.dtype == np.uint16
    assert films.number_in(frame) == 2
    assert media.video_info(rewritten(film)).pix_fmt == "yuv420p10le"


def test_aspect_of_pixels_is_kept():
    """Pixels that are not square stay so."""
    film = media.video_info(films.film(3, 10, "mp4", "libx264", sample_aspect_ratio=Fraction(4, 3)))
    assert film.aspect == Fraction(4, 3) == media.video_info(rewritten(film)).aspect


def test_settings_decide_the_bytes():
    """Quality and effort are those of the codec settings."""
    frames = [films.drawn(number) for number in range(10)]
    sizes = [len(films.like(frames, settings=media.Codec(video_crf=crf))) for crf in (10, 40)]
    assert sizes[0] > sizes[1]
    assert films.like(frames) != films.like(frames, settings=media.Codec(video_preset="medium"))


def test_counts_are_exact():
    """One pass and one encode, each frame once, however often frames are repeated."""
    film = media.video_info(films.film(8, 10, "mp4", "libx264"))
    media.counts.reset()
    rewritten(film)
    wanted = {"video.decode": 1, "video.frames": 8, "video.encode": 1, "video.frames.encode": 8}
    assert media.counts.snapshot() == wanted
    media.counts.reset()
    assert len(pixels(film, [3, 3, 3])) == 3
    assert media.counts["video.frames"] == 1


def test_waiting_frames_go_to_a_file(monkeypatch):
    """Played backwards, long stretches without a key frame are decoded in parts."""
    monkeypatch.setattr("hfaug.media.video_reading._IN_FILE", films.HEIGHT * films.WIDTH * 6 * 7)
    monkeypatch.setattr("hfaug.media.video_reading._IN_MEMORY", 1000)
    film = media.video_info(films.film(30, 10, "mp4", "libx264", options={"g": "250"}))
    assert [films.number_in(frame) for frame in pixels(film, range(29, -1, -1))] == list(range(29, -1, -1))


DAMAGED = {
    "nothing": (b"", "has 0 bytes"),
    "no video": (b"these are no moving pictures" * 20, "whole video file"),
}


@pytest.mark.parametrize("name", ["nothing", "no video"])
def test_what_is_no_video_is_refused(name):
    """The message says what must hold."""
    data, message = DAMAGED[name]
    with pytest.raises(MediaError, match=message):
        media.video_info(data)


def test_sound_alone_is_refused():
    """A sound is no video, whatever its container."""
    with pytest.raises(MediaError, match="holds audio alone"):
        media.video_info(_sound_only())


def _sound_only():
    import io

    import av

    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as target:
        track = target.add_stream("flac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(films.chirp(0.5)[None], "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        target.mux(track.encode(frame))
        target.mux(track.encode())
    return out.getvalue()


def test_no_frame_at_all_is_refused():
    """A file with a track and nothing in it."""
    with pytest.raises(MediaError, match=r"at least one frame|whole"):
        media.video_info(films.film(0, 10, "matroska", "ffv1"))


def test_transparency_is_refused():
    """Pixels that are seen through would turn into a colour that nobody chose."""
    import io

    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mov") as target:
        track = target.add_stream("png", rate=10)
        track.height, track.width, track.pix_fmt = 16, 16, "rgba"
        frame = av.VideoFrame.from_ndarray(np.full((16, 16, 4), 90, np.uint8), "rgba")
        frame.pts = 0
        target.mux(track.encode(frame))
        target.mux(track.encode())
    film = media.video_info(out.getvalue())
    with pytest.raises(MediaError, match="transparency"):
        pixels(film, [0])


@pytest.mark.parametrize("container,codec,sound", [
    ("mp4", "libx264", "aac"), ("webm", "libvpx-vp9", "libopus"), ("avi", "mjpeg", "pcm_s16le"),
    ("matroska", "ffv1", None),
])  # fmt: skip
def test_cut_off_files_are_refused_wherever_they_end(container, codec, sound):
    """Of files that state their length no beginning is taken for the whole."""
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    data = films.film(8, 10, container, codec, sound, pix_fmt)
    media.video_info(data)
    for length in sorted({*range(1, 60, 7), *np.linspace(60, len(data) - 1, 60).astype(int)}):
        with pytest.raises(MediaError):
            media.video_info(data[:length])


def test_damage_inside_is_refused_or_harmless():
    """Flipped bytes end in a MediaError or in frames, never in another error."""
    data = films.film(8, 10, "mp4", "libx264", "aac")
    rng = np.random.default_rng(5)
    for _ in range(60):
        broken = bytearray(data)
        for place in rng.integers(0, len(data), 8):
            broken[place] = rng.integers(0, 256)
        try:
            film = media.video_info(bytes(broken))
            if film.count * film.size[0] * film.size[1] < 10_000_000:
                assert len(pixels(film, range(film.count))) == film.count
        except MediaError:
            pass
