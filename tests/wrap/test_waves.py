"""audiomentations pipelines: their draws belong to rows, and what they move in time is known."""

# ruff: noqa: NPY002 - users draw from the global generators

import json
import random

import audiomentations
import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset
from datasets.fingerprint import Hasher

import hfaug
from hfaug import media
from hfaug.errors import FingerprintError, ParameterError, RowError, UnboundColumnError
from hfaug.randomness import Streams, isolated_globals, row_key, seed_globals


class Delayed(audiomentations.core.transforms_interface.BaseWaveformTransform):
    """A transform of a user's."""

    def __init__(self, delay=3, p=1.0):
        super().__init__(p)
        self.delay = delay

    def apply(self, samples, sample_rate):
        return np.roll(samples, self.delay)


def once(dataset, op, **more):
    return hfaug.augment(dataset, op, keep=False, provenance=False, **more).with_format("arrow")[:].to_pylist()


def samples(row):
    return media.decode_audio(row["audio"]["bytes"]).samples


def pipeline():
    return audiomentations.Compose([audiomentations.Gain(p=0.5), audiomentations.AddGaussianNoise(p=1)])


def test_rows_come_out_as_from_audiomentations_by_hand(speech):
    op = hfaug.wrap(pipeline()).on(id="name")
    rows = speech.select(range(4)).add_column("name", list("abcd"))
    for row, done in zip(rows.with_format("arrow")[:].to_pylist(), once(rows, op), strict=True):
        with isolated_globals():
            # `augment` draws for copy 0 of a row.
            seed_globals(Streams([copy_of(row["name"])], digest=op.stream_digest)[0].seed(64))
            clip = media.decode_audio(row["audio"]["bytes"])
            expected = pipeline()(samples=clip.samples[0], sample_rate=clip.rate)
        np.testing.assert_allclose(samples(done)[0], expected.clip(-1, 1), atol=2**-15)


def copy_of(name):
    from hfaug.randomness import copy_key

    return copy_key(row_key(name), 0)


def test_rows_come_out_alike_in_any_order_and_the_generators_are_given_back(speech):
    op = hfaug.wrap(pipeline())
    random.seed(3)
    np.random.seed(3)
    before = random.getstate(), np.random.get_state()[1].tolist()
    whole = once(speech.select(range(6)), op)
    assert before == (random.getstate(), np.random.get_state()[1].tolist())
    assert once(speech.select([4, 2]), op, num_proc=2) == [whole[4], whole[2]]
    assert once(speech.select(range(6)), op, seed=1) != whole


def test_labels_in_time_are_refused_where_it_moves(speech):
    rows = speech.select([0]).add_column("segments", [[[0.0, 0.1]]])
    still, moving = hfaug.wrap(audiomentations.Gain()), hfaug.wrap(audiomentations.OneOf([audiomentations.Reverse()]))
    assert still.features(rows.features)["segments"] == rows.features["segments"]
    with pytest.raises(UnboundColumnError, match="segments"):
        moving.features(rows.features)
    assert hfaug.wrap(Delayed()).shifts == ("audio",)  # nobody knows what a user's own does
    assert hfaug.wrap(Delayed(), shifts=()).shifts == ()


def test_a_wrong_word_about_time_is_found_out(speech):
    stretch = audiomentations.TimeStretch(2, 2, leave_length_unchanged=False, p=1)
    assert samples(once(speech.select([0]), hfaug.wrap(stretch))[0]).shape[1] < samples_of(speech).shape[1]
    with pytest.raises(RowError, match="samples must keep their number"):
        once(speech.select([0]), hfaug.wrap(stretch, shifts=()))


def samples_of(speech):
    return samples(speech.with_format("arrow")[:1].to_pylist()[0])


def test_equal_pipelines_make_equal_ops_before_and_after_use(speech):
    used = pipeline()
    op = hfaug.wrap(used)
    used(samples=np.zeros(100, np.float32), sample_rate=8000)
    once(speech.select([0]), op)
    assert op == hfaug.wrap(used) == hfaug.wrap(pipeline())
    assert Hasher.hash(op) == Hasher.hash(hfaug.wrap(pipeline()))
    assert hfaug.wrap(audiomentations.Gain(p=0.1)) != hfaug.wrap(audiomentations.Gain(p=0.2))
    step = json.loads(hfaug.augment(speech.select([0]), op, keep=False)["provenance"][0]["steps"])[0]
    assert step["library"] == f"audiomentations {audiomentations.__version__}"


def test_every_transform_of_the_library_is_the_same_again_or_refused(data_folder):
    """With its defaults; those that read files are refused, since nobody knows what stands in them."""
    folder = str(data_folder / "speech")
    refused = set()
    for name in sorted(vars(audiomentations)):
        made = vars(audiomentations)[name]
        if not isinstance(made, type) or name in {"AdjustDuration", "Compose", "OneOf", "SomeOf"}:
            continue
        files = {
            "AddBackgroundNoise": "sounds_path",
            "AddShortNoises": "sounds_path",
            "ApplyImpulseResponse": "ir_path",
        }
        arguments = {files[name]: folder} if name in files else {}
        if name == "Lambda":
            arguments = {"transform": max}
        try:
            op = hfaug.wrap(made(**arguments))
        except FingerprintError as error:
            refused.add((name, name in str(error)))
        else:
            assert op == hfaug.wrap(made(**arguments))
    assert refused == {
        (name, True) for name in ("AddBackgroundNoise", "AddShortNoises", "ApplyImpulseResponse", "Lambda")
    }


@pytest.mark.parametrize(
    "make, match",
    [
        (lambda: audiomentations.OneOf([audiomentations.Gain()] * 2, weights=[1, 2]), "OneOf .* sampler would be lost"),
        (lambda: frozen(audiomentations.Gain()), "Gain .* are_parameters_frozen would be lost"),
        (type("Local", (Delayed,), {}), "top of a module, Local is not"),
    ],
)
def test_what_cannot_be_made_again_is_refused(make, match):
    with pytest.raises(FingerprintError, match=match):
        hfaug.wrap(make())


def frozen(transform):
    transform.freeze_parameters()
    return transform


def test_arguments_for_callables_are_refused():
    with pytest.raises(ParameterError, match="for callables"):
        hfaug.wrap(audiomentations.Gain(), reads="samples")


def test_a_null_stays_null(speech):
    """A row without a sound passes through."""
    held = {"audio": [None], "digit": [1], "speaker": ["x"]}
    rows = Dataset(pa.Table.from_pydict(held, schema=speech.features.arrow_schema))
    assert once(rows, hfaug.wrap(audiomentations.Gain(p=1))) == [{"audio": None, "digit": 1, "speaker": "x"}]
