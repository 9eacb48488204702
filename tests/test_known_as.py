"""Who looks for an op by the name it has elsewhere is told what it is called here."""

import re
from pathlib import Path

import pytest

from hfaug.catalog import all_classes, lookup
from hfaug.cli import main
from hfaug.errors import ParameterError
from hfaug.known_as import KNOWN_AS, known_as
from hfaug.recipe import parse_recipe

README = Path(__file__).parents[1] / "README.md"


def ops_of(said):
    """The ops that an entry names."""
    return re.findall(r"(?:image|audio)\.\w+", said)


@pytest.mark.parametrize("name", KNOWN_AS)
def test_every_name_leads_to_an_op(name):
    """To one that is there, with fields that it has; and no op of ours goes by the name."""
    said = KNOWN_AS[name]
    assert set(ops_of(said)) <= set(all_classes())
    assert f"{ops_of(said)[0].split('.')[0]}.{name}" not in all_classes()
    if "{" in said:
        parse_recipe(f"name: x\nsource: {{path: text}}\nsteps: [augment: {{ops: [{said}]}}]")


@pytest.mark.parametrize(
    "name, said",
    [
        ("horizontal_flip", "image.flip"),
        ("image.horizontal_flip", "image.flip"),
        ("HorizontalFlip", "image.flip"),
        ("RandomVerticalFlip", "image.flip: {axis: vertical}"),
        ("image.D4", "image.symmetry"),
        ("CoarseDropout", r"image.erase: {holes: \[1, 8\]}"),
        ("SmallestMaxSize", "image.resize_shortest"),
        ("RandomIoUCrop", "image.crop_by_iou"),
        ("flip", "image.flip"),
        ("TimeStretch", "audio.stretch_time"),
        ("audio.PitchShift", "audio.shift_pitch"),
    ],
)
def test_the_hint_names_it(name, said):
    with pytest.raises(ParameterError, match=rf"got '{name}'; did you mean {said}\?"):
        lookup(name)


def test_the_command_says_it(capsys):
    with pytest.raises(SystemExit):
        main(["ops", "horizontal_flip"])
    assert "did you mean image.flip?" in capsys.readouterr().err


def test_the_readme_says_the_same():
    """Its table of names from elsewhere leads where the hint leads."""
    lines = README.read_text(encoding="utf-8").split("### Names from elsewhere")[1].split("\n#")[0].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    assert len(rows) > 20
    for theirs, ours in rows:
        for name in theirs.replace("`", "").split(", "):
            assert known_as(name) == ours.strip("`").replace("`", "")


def test_every_transform_of_audiomentations_has_its_op():
    """By the same name or by another one; what composes others is composed here, too."""
    audiomentations = pytest.importorskip("audiomentations")
    base = audiomentations.core.transforms_interface.BaseWaveformTransform
    found = {name for name, one in vars(audiomentations).items() if isinstance(one, type) and issubclass(one, base)}
    assert len(found) > 30
    ours = {name.rpartition(".")[2].replace("_", "") for name in all_classes() if name.startswith("audio.")}
    missing = {name for name in found if name.lower() not in ours and not (known_as(name) or "").startswith("audio.")}
    assert missing == {"Lambda"}
