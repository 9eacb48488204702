"""Plain callables as ops: what they get, what they may give back, and which labels they would break."""

# ruff: noqa: NPY002 - users draw from the global generators

import random

import numpy as np
import pyarrow as pa
import pytest
from datasets import Audio, ClassLabel, Dataset, Features, Image, List, Value
from datasets.fingerprint import Hasher

import hfaug
from hfaug import media
from hfaug.errors import LabelError, ParameterError, RowError, UnboundColumnError
from hfaug.randomness import Stream
from hfaug.wrap import calls
from tests.wrap import user_code

TEXTS = Dataset.from_dict({"text": ["a red car", "two", None, "", "the third row"], "n": [1, 2, 3, 4, 5]})


def once(dataset, op, **more):
    return hfaug.augment(dataset, op, keep=False, provenance=False, **more).with_format("arrow")[:].to_pylist()


def texts(op, **more):
    return [row["text"] for row in once(TEXTS, op, **more)]


class TestText:
    def test_text_in_text_out(self):
        assert texts(hfaug.wrap(str.upper, reads="text")) == ["A RED CAR", "TWO", None, "", "THE THIRD ROW"]

    def test_a_rejected_copy_is_left_out(self):
        assert texts(hfaug.wrap(user_code.long_enough, reads="text")) == ["a red car", None, "the third row"]

    def test_a_text_with_labels_is_refused_unless_characters_stay(self, ner):
        op = hfaug.wrap(lambda text: text + " indeed", reads="text")
        spans = {"spans": [[[0, 1]]], "text": ["a b"]}
        with pytest.raises(LabelError, match="spans"):
            op.on(spans="spans").features(Dataset.from_dict(spans).features)
        with pytest.raises(LabelError, match="tags"):
            op.features(ner.features)
        with pytest.raises(UnboundColumnError):
            op.features(Dataset.from_dict(spans).features)

    def test_labels_follow_a_function_that_keeps_characters_in_place(self, qa, ner):
        """The answer is still found where it was, in its new form; words keep their tags."""
        op = hfaug.wrap(str.swapcase, reads="text", shifts=())
        done = once(qa, op)
        assert all(
            row["context"][start : start + len(answer)] == answer
            for row in done
            for start, answer in zip(row["answers"]["answer_start"], row["answers"]["text"], strict=True)
        )
        assert [row["context"] for row in done] == [row["context"].swapcase() for row in qa]
        words = once(ner, hfaug.wrap(str.lower, reads="text", shifts=()))
        assert [row["tokens"] for row in words] == [[word.lower() for word in row["tokens"]] for row in ner]
        assert [row["tags"] for row in words] == ner["tags"][:]

    def test_a_function_that_moves_characters_all_the_same_is_found_out(self):
        with pytest.raises(RowError, match=r"made 2 of 1; leave shifts=\(\) out"):
            hfaug.wrap(str.upper, reads="text", shifts=())(pa.table({"text": ["ß"]}))

    @pytest.mark.parametrize("result", [None, 3, b"x"])
    def test_other_results_are_refused(self, result):
        with pytest.raises(RowError, match="must return a text or Reject"):
            texts(hfaug.wrap(lambda text: result, reads="text"))


class TestDraws:
    def test_each_kind_of_generator_is_what_the_annotation_says(self):
        torch = pytest.importorskip("torch")
        kinds = []

        def plain(text, rng):
            return f"{type(rng).__name__} {rng.random()}"

        def stream(text, generator: Stream):
            return f"{type(generator).__name__} {generator.random()}"

        def python(text, *, rng: random.Random):
            return f"{type(rng).__name__} {rng.random()}"

        def legacy(text, rng: "np.random.RandomState"):
            return f"{type(rng).__name__} {rng.random()}"

        def torchs(text, generator: "torch.Generator"):
            return f"{type(generator).__name__} {generator.initial_seed()}"

        for function in (plain, stream, python, legacy, torchs):
            op = hfaug.wrap(function, reads="text").on(id="n")
            first, again = texts(op), texts(op)
            assert first == again
            assert len(set(first)) == 5  # every text but the missing one; that one stays None
            kinds.append(first[0].split()[0])
        assert kinds == ["Generator", "Stream", "Random", "RandomState", "Generator"]
        assert torch.initial_seed()

    def test_global_generators_are_seeded_by_the_row_and_given_back(self):
        def draw(text):
            return f"{random.random()} {np.random.random()}"

        op = hfaug.wrap(draw, reads="text").on(id="n")
        random.seed(1)
        np.random.seed(1)
        before = random.getstate(), np.random.get_state()[1].tolist()
        first = texts(op)
        assert before == (random.getstate(), np.random.get_state()[1].tolist())
        random.seed(2)
        assert texts(op) == first
        assert once(TEXTS.select([4, 1]), op) == [{"text": first[4], "n": 5}, {"text": first[1], "n": 2}]

    def test_a_generator_of_its_own_leaves_the_global_ones_out_of_it(self, monkeypatch):
        """Saving and seeding them costs time that a function with a generator need not pay."""
        monkeypatch.setattr(calls, "isolated_globals", None)
        assert len(texts(hfaug.wrap(user_code.shout, reads="text"))) == 5
        with pytest.raises(TypeError):
            texts(hfaug.wrap(str.upper, reads="text"))

    def test_a_function_that_said_it_draws_nothing_is_watched(self):
        quiet = hfaug.wrap(str.upper, reads="text", draws=False)
        assert texts(quiet)[0] == "A RED CAR"
        with pytest.raises(RowError, match="draws=False said, and drew"):
            texts(hfaug.wrap(lambda text: text * random.randint(1, 2), reads="text", draws=False))


class TestPixels:
    def test_pixels_in_pixels_out(self, digits):
        done = once(digits.select(range(3)), hfaug.wrap(lambda pixels: 255 - pixels, reads="pixels"))
        for row, before in zip(done, digits.with_format("arrow")[:3].to_pylist(), strict=True):
            after = media.decode_image(row["image"]["bytes"]).array
            assert (after == 255 - media.decode_image(before["image"]["bytes"]).array).all()

    def test_a_function_may_write_into_what_it_gets(self, digits):
        """Copies share the decoded source, so each gets pixels of its own."""

        def paint(pixels, rng):
            pixels[rng.integers(0, 28)] = 200
            return pixels

        done = once(digits.select(range(2)), hfaug.wrap(paint, reads="pixels"), copies=3)
        painted = [(media.decode_image(row["image"]["bytes"]).array[..., 0] == 200).all(axis=1).sum() for row in done]
        assert painted == [1] * 6

    def test_no_change_means_the_bytes_that_were(self, photos):
        done = once(photos, hfaug.wrap(lambda pixels: pixels.copy(), reads="pixels"))
        assert done == photos.with_format("arrow")[:].to_pylist()

    def test_labels_stay_with_a_function_that_keeps_places(self, photos):
        done = once(photos, hfaug.wrap(user_code.noisy, reads="pixels"))
        assert [row["objects"] for row in done] == photos["objects"][:]

    def test_a_function_that_moves_pixels_is_refused_where_there_are_labels(self, photos, digits):
        op = hfaug.wrap(lambda pixels: pixels[:14].copy(), reads="pixels", shifts="image")
        with pytest.raises(LabelError):
            hfaug.augment(photos, op)
        assert media.image_size(once(digits.select([0]), op)[0]["image"]["bytes"]) == (14, 28)

    @pytest.mark.parametrize(
        "function, match",
        [
            (lambda pixels: pixels[:5], r"keep their size \(28, 28\)"),
            (lambda pixels: pixels / 2, "returned float64 of shape"),
            (lambda pixels: None, "returned NoneType"),
            (lambda pixels: pixels[:0], "must return uint8"),
        ],
    )
    def test_other_results_are_refused(self, digits, function, match):
        with pytest.raises(RowError, match=match):
            once(digits.select([0]), hfaug.wrap(function, reads="pixels"))


class TestSamples:
    def test_samples_in_samples_out(self, speech):
        done = once(speech.select([0]), hfaug.wrap(lambda samples: samples * 0.5, reads="samples"))
        before = media.decode_audio(speech.with_format("arrow")[:1].to_pylist()[0]["audio"]["bytes"])
        after = media.decode_audio(done[0]["audio"]["bytes"])
        np.testing.assert_allclose(after.samples, before.samples / 2, atol=2**-15)

    def test_the_rate_is_given_to_who_asks(self, speech):
        first, again = (once(speech.select([0]), hfaug.wrap(user_code.softer, reads="samples")) for _ in range(2))
        assert first == again

    def test_labels_in_time_are_refused_when_samples_move(self, speech):
        rows = speech.select([0, 1]).add_column("segments", [[[0.0, 0.1]], [[0.1, 0.2]]])
        op = hfaug.wrap(lambda samples: samples[:, ::2].copy(), reads="samples", shifts="audio")
        with pytest.raises(UnboundColumnError, match="segments"):
            op.features(rows.features)
        short = once(speech.select([0]), op)[0]["audio"]["bytes"]
        whole = media.decode_audio(speech.with_format("arrow")[:1].to_pylist()[0]["audio"]["bytes"]).samples
        assert media.decode_audio(short).samples.shape[1] == -(-whole.shape[1] // 2)

    @pytest.mark.parametrize(
        "function, match",
        [
            (lambda samples: samples[:, 1:], "keep their number"),
            (lambda samples: (samples * 32767).astype(np.int16), "must return floats"),
            (lambda samples: [*samples], "must return floats"),
        ],
    )
    def test_other_results_are_refused(self, speech, function, match):
        with pytest.raises(RowError, match=match):
            once(speech.select([0]), hfaug.wrap(function, reads="samples"))

    def test_one_channel_may_come_back_flat(self, speech):
        done = once(speech.select([0]), hfaug.wrap(lambda samples: -samples[0], reads="samples"))
        assert media.decode_audio(done[0]["audio"]["bytes"]).samples.shape[0] == 1


class TestRows:
    def test_columns_in_columns_out(self):
        op = hfaug.wrap(lambda row: {"n": row["n"] * 10}, reads="row")
        assert [row["n"] for row in once(TEXTS, op)] == [10, 20, 30, 40, 50]

    def test_new_columns_come_with_their_features(self):
        op = hfaug.wrap(
            lambda row: {"words": (row["text"] or "").split()}, reads="row", adds={"words": List(Value("string"))}
        )
        assert op.features(TEXTS.features)["words"] == List(Value("string"))
        assert [row["words"] for row in once(TEXTS, op)][:3] == [["a", "red", "car"], ["two"], []]
        empty = hfaug.augment(TEXTS.select([]), op)
        assert empty.features["words"] == List(Value("string"))

    def test_what_is_handed_back_as_it_was_is_not_touched(self, photos):
        done = once(photos, hfaug.wrap(lambda row: dict(row), reads="row"))  # noqa: PLW0108 - a class is refused
        assert done == photos.with_format("arrow")[:].to_pylist()

    def test_a_function_may_write_into_what_it_gets(self):
        rows = Dataset.from_dict({"items": [[1, 2], [3]]})

        def grow(row):
            items = row["items"]
            items.append(0)
            return {"items": items}

        assert [row["items"] for row in once(rows, hfaug.wrap(grow, reads="row"), copies=2)] == [
            [1, 2, 0], [1, 2, 0], [3, 0], [3, 0]
        ]  # fmt: skip

    def test_rows_see_what_ops_before_them_made(self):
        first = hfaug.wrap(lambda row: {"size": len(row["text"] or "")}, reads="row", adds={"size": Value("int64")})
        second = hfaug.wrap(lambda row: {"n": row["size"]}, reads="row")
        assert [row["n"] for row in once(TEXTS, hfaug.Chain(first, second))] == [9, 3, 0, 0, 13]

    @pytest.mark.parametrize(
        "function, match",
        [
            (lambda row: {"m": 1}, "return the columns n, text, returned m; name new ones"),
            (lambda row: None, "must return a mapping"),
            (lambda row: {"provenance": {}}, "returned provenance"),
        ],
    )
    def test_other_results_are_refused(self, function, match):
        with pytest.raises(RowError, match=match):
            once(TEXTS, hfaug.wrap(function, reads="row"))

    def test_declared_shifts_are_guarded_like_any_others(self):
        rows = Dataset.from_dict({"text": ["a b"], "spans": [[[0, 1]]]})
        with pytest.raises(UnboundColumnError):
            hfaug.wrap(lambda row: {}, reads="row", shifts="text").features(rows.features)


class TestArguments:
    @pytest.mark.parametrize(
        "arguments, match",
        [
            ({}, "reads must say what the callable gets: text, pixels, samples, row"),
            ({"reads": "words"}, "reads must say"),
            ({"reads": "text", "shifts": "image"}, 'shifts of reads="text" must be among text'),
            ({"reads": "text", "adds": {"n": Value("int64")}}, "adds is for"),
        ],
    )
    def test_wrong_ones_are_named(self, arguments, match):
        with pytest.raises(ParameterError, match=match):
            hfaug.wrap(str.upper, **arguments)

    def test_an_op_is_itself(self):
        op = hfaug.ops.text.SwapChars()
        assert hfaug.wrap(op) is op

    def test_fields_that_nobody_made_are_named(self):
        from hfaug.wrap import Albumentations, Audiomentations, TextFunction

        for make in (Albumentations, Audiomentations):
            with pytest.raises(ParameterError, match="pipeline must be a text"):
                make(pipeline="flip")
        with pytest.raises(ParameterError, match="function must be a text"):
            TextFunction(function="upper")(pa.table({"text": ["a"]}))


def test_all_of_it_takes_part_in_the_fingerprint():
    ops = [
        hfaug.wrap(str.upper, reads="text"),
        hfaug.wrap(str.upper, reads="text", shifts=()),
        hfaug.wrap(str.upper, reads="text", draws=False),
        hfaug.wrap(str.lower, reads="text"),
        hfaug.wrap(str.upper, reads="row"),
        hfaug.wrap(str.upper, reads="row", adds={"n": Value("int64")}),
        hfaug.wrap(str.upper, reads="row", adds={"n": ClassLabel(names=["a"])}),
        hfaug.wrap(str.upper, reads="pixels"),
        hfaug.wrap(str.upper, reads="pixels", shifts="image"),
    ]
    assert len({Hasher.hash(op) for op in ops}) == len({op.stream_digest for op in ops}) == len(ops)


def test_media_features_can_be_added():
    features = {"image": Image(), "audio": Audio()}
    op = hfaug.wrap(lambda row: {}, reads="row", adds=features)
    assert op.features(Features({"n": Value("int64")}))["audio"] == Audio()
