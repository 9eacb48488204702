"""Wrapped code keeps the promises of every op."""

import albumentations
import audiomentations
import pytest

import hfaug
from hfaug.testing import CHECKS, cases, run_check
from tests.wrap import user_code

OPS = {
    "albumentations": lambda: hfaug.wrap(
        albumentations.Compose(
            [
                albumentations.HorizontalFlip(),
                albumentations.Rotate((-20, 20)),
                albumentations.RandomBrightnessContrast(),
            ],
            bbox_params=albumentations.BboxParams("coco", min_visibility=0.1),
        )
    ),
    "audiomentations": lambda: hfaug.wrap(
        audiomentations.Compose([audiomentations.Gain(), user_code.Crackle()]), shifts=()
    ),
    "a function on text": lambda: hfaug.wrap(user_code.shout, reads="text"),
    "a lambda on text": lambda: hfaug.wrap(lambda text: text[::-1], reads="text", shifts=()),
    "a function on pixels": lambda: hfaug.wrap(user_code.noisy, reads="pixels"),
    "a function on samples": lambda: hfaug.wrap(user_code.softer, reads="samples"),
}

QUICK = (
    "name",
    "pickle",
    "equality",
    "fingerprint",
    "limits",
    "docstring",
    "features",
    "empty",
    "global state",
    "input",
)


@pytest.mark.parametrize("name", OPS)
def test_what_an_op_is(name):
    op = OPS[name]()
    for case in cases(op):
        for check in QUICK:
            run_check(check, case)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPS)
def test_what_an_op_does(name):
    op = OPS[name]()
    for case in cases(op):
        for check in CHECKS.keys() - set(QUICK):
            run_check(check, case)
