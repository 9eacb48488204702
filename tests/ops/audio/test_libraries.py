"""Sounds added to others: from folders and columns, chosen by the row, as loud as drawn."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from datasets import Audio, Dataset, Features, List, Value

import hfaug
from hfaug import media
from hfaug.errors import CallError, LabelError, MediaError, ParameterError, RoleError, RowError, UnboundColumnError
from hfaug.ops.audio import AddBackground, AddShortNoises, Reverberate, SpecAugment, gather_sounds
from hfaug.testing import storage
from tests.ops.drawing import stream
from tests.told import told

FEATURES = Features({"audio": Audio()})


def sound(number, count=4000, rate=8_000, channels=1):
    rng = np.random.default_rng(number)
    samples = (0.1 * rng.standard_normal((channels, count))).astype(np.float32)
    return {
        "bytes": media.encode_audio(samples, like=media.Clip(samples, rate, "WAV", "FLOAT", channels)),
        "path": None,
    }


def dataset(*sounds):
    return Dataset(pa.Table.from_pydict({"audio": list(sounds)}, schema=FEATURES.arrow_schema))


def samples_of(table):
    return [media.decode_audio(value["bytes"]).samples for value in table["audio"].to_pylist()]


def test_a_folder_and_a_column_are_one_asset(tmp_path):
    """Whatever the order and the names; equal sounds count once."""
    files = [sound(number) for number in range(3)]
    for number, file in enumerate(files):
        (tmp_path / "deep").mkdir(exist_ok=True)
        (tmp_path / ("deep" if number else ".") / f"{9 - number}.wav").write_bytes(file["bytes"])
    (tmp_path / "notes.txt").write_text("no sound")
    assert gather_sounds(tmp_path) == gather_sounds(dataset(*files)) == gather_sounds(dataset(*files[::-1], files[0]))


def test_what_holds_no_sounds_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="must hold sounds, holds none"):
        gather_sounds(tmp_path)
    with pytest.raises(ParameterError, match="must be a folder or a dataset"):
        gather_sounds(tmp_path / "nowhere")
    with pytest.raises(RoleError, match="'text' is none of"):
        gather_sounds(dataset(sound(0)), "text")


def test_a_sound_that_no_op_could_add_is_refused_by_its_file(tmp_path):
    """At once, and not hours later by the row that draws it."""
    (tmp_path / "good.wav").write_bytes(sound(0)["bytes"])
    bad = tmp_path / "bad.wav"
    for data, error, message in [
        (sound(1)["bytes"][:900], MediaError, "whole WAV file"),
        (b"", MediaError, "has 0 bytes"),
        (b"no sound at all", MediaError, "must be a WAV"),
        (sound(1, count=0)["bytes"], ParameterError, "empty or silent"),
    ]:
        bad.write_bytes(data)
        with pytest.raises(error, match=message) as found:
            gather_sounds(tmp_path)
        assert "bad.wav" in told(found.value)
    silence = np.zeros((1, 100), np.float32)
    quiet = {"bytes": media.encode_audio(silence, like=media.Clip(silence, 8_000)), "path": None}
    assert gather_sounds(dataset(sound(0), quiet)) == gather_sounds(dataset(sound(0)))
    with pytest.raises(MediaError) as found:
        gather_sounds(dataset(sound(0), {"bytes": b"no sound", "path": None}))
    assert "column 'audio', row 1" in told(found.value)


@pytest.mark.parametrize("count, rate, channels", [(9000, 8_000, 1), (1000, 8_000, 1), (9000, 16_000, 2)])
def test_backgrounds_are_as_loud_as_drawn(count, rate, channels):
    """Longer ones are cut, shorter ones repeated; other rates and channels fit themselves."""
    before = sound(0, channels=3 - channels)
    op = AddBackground(snr_db=(10, 10), sounds=gather_sounds(dataset(sound(7, count, rate, channels))))
    (clean,), (noisy,) = samples_of(storage(dataset(before))), samples_of(op(storage(dataset(before))))
    ratio = 10 * np.log10(np.mean(clean**2) / np.mean((noisy - clean) ** 2))
    assert ratio == pytest.approx(10, abs=0.1)


def test_no_row_is_its_own_background():
    """Without sounds of its own an op takes those of the split; a row alone is rejected."""
    rows = dataset(*(sound(number) for number in range(4)))
    op = AddBackground(snr_db=(0, 0)).fit(rows)
    for clean, noisy in zip(samples_of(storage(rows)), samples_of(op(storage(rows))), strict=True):
        assert not np.allclose(noisy, clean)
        assert not np.allclose(noisy, 2 * clean, atol=1e-3)
    alone = dataset(sound(0))
    done = hfaug.augment(alone, AddBackground())
    assert len(done) == 1


def test_the_choice_belongs_to_the_row():
    """Not to the order of the sounds, nor to the batch."""
    library = [sound(number + 10) for number in range(5)]
    rows = dataset(*(sound(number) for number in range(6)))
    first = AddBackground(sounds=gather_sounds(dataset(*library)))
    other = AddBackground(sounds=gather_sounds(dataset(*library[::-1])))
    whole = samples_of(first(storage(rows)))
    single = [samples_of(other(storage(rows.select([number]))))[0] for number in range(6)]
    assert all(np.array_equal(a, b) for a, b in zip(whole, single, strict=True))


def test_what_needs_sounds_says_so():
    rows = dataset(sound(0), sound(1))
    for op in (AddBackground(), AddShortNoises(), Reverberate()):
        with pytest.raises(CallError, match="gather_sounds"):
            op(storage(rows))
    with pytest.raises(ParameterError, match="SimulateRoom"):
        hfaug.augment(rows, Reverberate())


def test_short_noises_are_short():
    quiet = {"bytes": sound(0, 16_000)["bytes"], "path": None}
    op = AddShortNoises(count=(2, 2), longest_s=0.1, sounds=gather_sounds(dataset(sound(5, 3000))))
    (clean,), (noisy,) = samples_of(storage(dataset(quiet))), samples_of(op(storage(dataset(quiet))))
    touched = np.count_nonzero(noisy != clean)
    assert 800 < touched <= 1600


def test_a_recorded_room_is_heard():
    """The answer is taken from its peak, so that the sound stays where it is."""
    answer = np.zeros((1, 900), np.float32)
    answer[0, 100], answer[0, 500] = 1.0, 0.5
    file = {"bytes": media.encode_audio(answer, like=media.Clip(answer, 8_000, "WAV", "FLOAT")), "path": None}
    click = np.zeros((1, 4000), np.float32)
    click[0, 1000] = 0.8
    row = {"bytes": media.encode_audio(click, like=media.Clip(click, 8_000, "WAV", "FLOAT")), "path": None}
    op = Reverberate(responses=gather_sounds(dataset(file)), wet=(1, 1))
    (heard,) = samples_of(op(storage(dataset(row))))
    assert np.flatnonzero(np.abs(heard[0]) > 0.1).tolist() == [1000, 1400]
    assert heard[0, 1400] / heard[0, 1000] == pytest.approx(0.5, abs=0.01)


def as_file(samples, rate=8_000):
    samples = np.atleast_2d(np.asarray(samples, np.float32))
    like = media.Clip(samples, rate, "WAV", "FLOAT", samples.shape[0])
    return {"bytes": media.encode_audio(samples, like=like), "path": None}


def test_what_would_add_nothing_is_rejected_by_name():
    """A background that is silent where it is drawn, and channels that cancel out when they are mixed down."""
    mono, long = sound(0), np.zeros(80_000)
    long[-1] = 0.5
    tone = np.sin(np.arange(4000))
    for op, source, reason in [
        (AddBackground, long, "a silent background"),
        (AddBackground, [tone, -tone], "a silent background"),
        (AddShortNoises, [tone, -tone], "a silent noise"),
        (Reverberate, [tone, -tone], "a silent room"),
    ]:
        field = "responses" if op is Reverberate else "sounds"
        ready = op(**{field: gather_sounds(dataset(as_file(source)))})
        table, rejects = ready.run_table(storage(dataset(mono)), FEATURES)
        assert rejects == {reason: 1}
        assert table["audio"].to_pylist() == [mono]


def test_a_noise_is_taken_from_where_it_is_heard():
    quiet, noise = sound(0, 16_000), np.r_[np.zeros(9000), np.full(800, 0.5)]
    op = AddShortNoises(count=(1, 1), longest_s=0.1, sounds=gather_sounds(dataset(as_file(noise))))
    (clean,), (noisy,) = samples_of(storage(dataset(quiet))), samples_of(op(storage(dataset(quiet))))
    assert 700 < np.count_nonzero(noisy != clean) <= 800


@pytest.mark.parametrize("layout", ["time", "frequency"])
def test_spectrograms_are_masked(layout):
    """Whole rows and columns, of the share drawn, by the mean."""
    values = np.random.default_rng(0).standard_normal((50, 20)) + 3
    shares = {"time_share": (0.1, 0.1), "frequency_share": (0.2, 0.2)}
    op = SpecAugment(time_masks=(1, 1), frequency_masks=(1, 1), layout=layout, **shares)
    done = op._masked(values, stream())
    changed = done != values
    down, across = (5, 4) if layout == "time" else (10, 2)
    assert changed.all(axis=1).sum() == down
    assert changed.all(axis=0).sum() == across
    assert np.allclose(done[changed], values.mean())
    assert SpecAugment(time_masks=(0, 0), frequency_masks=(0, 0))._masked(values, stream()) is values


def test_what_is_not_finite_in_a_spectrogram_is_no_measure():
    """A mean of silence in logarithms would be minus infinity, and one of a gap no number at all."""
    values = np.random.default_rng(0).standard_normal((50, 20))
    values[3, 4], values[7, 8], values[9, 10] = -np.inf, np.nan, np.inf
    known = values[np.isfinite(values)]
    for fill, level in [("mean", known.mean()), ("minimum", known.min()), ("zero", 0)]:
        op = SpecAugment(time_masks=(1, 1), time_share=(1, 1), frequency_masks=(0, 0), fill=fill)
        assert np.allclose(op._masked(values, stream()), level)
        assert np.isfinite(op._masked(np.full((5, 4), -np.inf), stream())).all()


def test_a_null_in_a_spectrogram_is_refused_by_row():
    features = Features({"id": Value("string"), "mel": List(List(Value("float32")))})
    given = {"id": ["a"], "mel": [[[1.0, None], [2.0, 3.0]]]}
    op = SpecAugment().on(spectrogram="mel", id="id")
    with pytest.raises(RowError, match="'a': a spectrogram must have no nulls"):
        op(pa.Table.from_pydict(given, schema=features.arrow_schema))


def test_columns_of_features_are_found_by_name():
    features = Features({"input_features": List(List(Value("float32"))), "points": List(List(Value("float32")))})
    assert SpecAugment().features(features)
    with pytest.raises(RoleError, match="needs one spectrogram column"):
        SpecAugment().features(Features({"points": List(List(Value("float32")))}))
    assert SpecAugment().on(spectrogram="points").features(features)


@pytest.mark.parametrize("layout", ["time", "frequency"])
def test_time_is_warped_about_a_moment(layout):
    """A ramp of moments stays a ramp with a bend, from its first to its last, and every frequency moves alike."""
    moments = np.repeat(np.arange(101.0)[:, None], 5, axis=1)
    values = moments if layout == "time" else moments.T
    op = SpecAugment(time_warp=(0.2, 0.2), time_masks=(0, 0), frequency_masks=(0, 0), layout=layout)
    for number in range(5):
        done = op._masked(values, stream(str(number)))
        ramp = done[:, 0] if layout == "time" else done[0]
        assert np.array_equal(np.atleast_2d(ramp.T), np.atleast_2d((done if layout == "time" else done.T)[:, 3]))
        assert (ramp[0], ramp[-1]) == (0, 100)
        assert (np.diff(ramp) > 0).all()
        assert np.abs(ramp - np.arange(101)).max() == pytest.approx(20, abs=1.5)
    moments[10] = -np.inf
    assert not np.isnan(op._masked(values, stream())).any()


def test_a_warp_of_time_refuses_labels_in_time():
    words = List({"start": Value("float32"), "end": Value("float32")})
    features = Features({"input_features": List(List(Value("float32"))), "words": words})
    assert SpecAugment().on(segments="words").features(features)
    with pytest.raises(LabelError, match="segments in 'words' must move with the spectrogram"):
        SpecAugment(time_warp=(0, 0.1)).on(segments="words").features(features)
    with pytest.raises(UnboundColumnError, match=r"'words.*' may hold positions in the spectrogram"):
        SpecAugment(time_warp=(0, 0.1)).features(features)
    assert SpecAugment(time_warp=(0, 0.1)).on(keep="words").features(features)


def test_sounds_are_gathered_one_at_a_time(tmp_path):
    """A folder may be larger than the memory: of twenty files of 0.8 MB a few are held at once."""
    for number in range(20):
        (tmp_path / f"{number}.wav").write_bytes(sound(number, 200_000)["bytes"])
    tracemalloc.start()
    try:
        gather_sounds(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()
