"""Images in lists, in structs, in files and behind URLs: each read rightly, or refused with the way out."""

import functools
import http.server
import threading

import pyarrow as pa
import pytest
from datasets import Dataset, Features, Image, List, Value

from hfaug import provenance
from hfaug.errors import LabelError, MediaError, RoleError, RowIdError
from hfaug.ops.image import Flip, JitterColor, Rotate
from hfaug.testing import content, digest, results, storage
from hfaug.testing.samples import sample
from tests.told import told

TURN = Rotate(degrees=(10, 30))


def pictures(count):
    """Stored images."""
    return storage(sample("pictures").rows)["image"].to_pylist()[:count]


def listed(rows):
    """A dataset of lists of images."""
    return Dataset(pa.table({"images": rows}, schema=Features({"images": List(Image())}).arrow_schema))


def test_lists_of_images():
    """All images of a list share one draw, or each has its own; empty and missing ones stay."""
    first, second, third = pictures(3)
    rows = listed([[first, second], [], None, [third, None, first]])
    shared = Flip().sometimes(0.5).on(images="shared")(storage(rows))["images"].to_pylist()
    assert [None if items is None else len(items) for items in shared] == [2, 0, None, 3]
    assert shared[3][1] is None
    each = JitterColor().on(images="each")(storage(listed([[first, first]])))["images"].to_pylist()[0]
    alike = JitterColor()(storage(listed([[first, first]])))["images"].to_pylist()[0]
    assert each[0] != each[1]
    assert alike[0] == alike[1] != first


def test_labels_of_lists_are_refused():
    """Which box belongs to which image of a list nobody knows."""
    features = Features({"images": List(Image()), "boxes": List(List(Value("float32"), length=4))})
    with pytest.raises(LabelError, match="must belong to one image or video a row"):
        Flip().on(boxes="boxes", box_format="coco").features(features)


def test_images_in_structs_are_refused():
    """A struct is to be flattened first; then the image is found."""
    features = Features({"sample": {"image": Image(), "name": Value("string")}})
    with pytest.raises(RoleError, match=r"ds\.flatten"):
        Flip().on(image="sample.image").features(features)
    with pytest.raises(RoleError, match="no column can be it among sample"):
        Flip().features(features)
    rows = Dataset(pa.table({"sample": [{"image": pictures(1)[0], "name": "a"}]}, schema=features.arrow_schema))
    done = rows.flatten().map(Flip().on(image="sample.image"), batched=True)
    assert content(done[0]["sample.image"]) != content(rows[0]["sample"]["image"])


@pytest.fixture
def served(tmp_path):
    """A folder of image files behind a server on loopback."""
    for number, value in enumerate(pictures(3)):
        (tmp_path / f"{number}.img").write_bytes(value["bytes"])

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def files(paths):
    """A dataset of images that are only named."""
    values = [{"bytes": None, "path": str(path)} for path in paths]
    return Dataset(pa.table({"image": values}, schema=Features({"image": Image()}).arrow_schema))


def test_media_in_files_and_behind_urls(served):
    """A path or a URL is read when it is needed, gives the id and the result of the bytes, and is not handed on."""
    folder, url = served
    expected = results(TURN(storage(sample("pictures").rows.select_columns("image").select(range(3)))))
    for where in (folder, url):
        done = TURN(storage(files([f"{where}/{n}.img" for n in range(3)])))
        assert digest(results(done)) == digest(expected)
        assert {value["path"] for value in done["image"].to_pylist()} == {None}
    untouched = TURN.sometimes(0)(storage(files([folder / "0.img"])))["image"].to_pylist()
    assert untouched == [{"bytes": None, "path": str(folder / "0.img")}]


def test_missing_file_names_the_path(tmp_path):
    """A file that is not there stops the run with its name."""
    with pytest.raises(RowIdError, match=r"gone.png"):
        TURN(storage(files([tmp_path / "gone.png"])))
    rows = Dataset.from_dict({"name": ["a"], "image": [{"bytes": None, "path": str(tmp_path / "gone.png")}]})
    rows = rows.cast(Features({"name": Value("string"), "image": Image()}))
    with pytest.raises(MediaError, match=r"gone.png") as caught:
        TURN.on(id="name")(storage(rows))
    assert "row 'a'" in told(caught.value)


def test_damaged_image_names_the_row():
    """What is no image stops the run with row, op and column."""
    values = [pictures(1)[0], {"bytes": b"\x89PNG broken", "path": None}]
    rows = pa.table({"image": values}, schema=Features({"image": Image()}).arrow_schema)
    with pytest.raises(MediaError) as caught:
        TURN(rows)
    said = told(caught.value)
    assert "Rotate" in said
    assert provenance.content_ids(rows)[1] in said
