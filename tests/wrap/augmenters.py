"""Stand-ins for imgaug, which no longer imports: objects with the protocol of its augmenters."""

# ruff: noqa: NPY002 - as imgaug's own code does

import copy

import numpy as np


class Noise:
    """The old way: one method for images, which draws from NumPy's global generator."""

    def __init__(self, scale=30):
        self.scale = scale

    def augment_image(self, image):
        noise = np.random.normal(0, self.scale, image.shape)
        return (image + noise).clip(0, np.iinfo(image.dtype).max).astype(image.dtype)


class Flip:
    """The new way: a call with all that belongs together, and a generator of its own that can be seeded."""

    def __init__(self, chance=0.5, grow=0):
        self.chance = chance
        self.grow = grow
        self.calls = 0
        self.random_state = np.random.default_rng()

    def seed_(self, entropy):
        self.random_state = np.random.default_rng(entropy)
        return self

    def to_deterministic(self):
        return copy.deepcopy(self)

    def augment_image(self, image):
        return self(image=image)

    def __call__(self, image=None, bounding_boxes=None, keypoints=None, segmentation_maps=None):
        self.calls += 1
        flips = self.random_state.random() < self.chance
        if self.grow:
            border = [(0, 0), (0, self.grow * self.calls), (0, 0)]
            image = np.pad(image, border)
            segmentation_maps = None if segmentation_maps is None else np.pad(segmentation_maps, border)
        width = image.shape[1]
        results = [image[:, ::-1] if flips else image]
        if bounding_boxes is not None:
            results.append(
                [(width - x2, y1, width - x1, y2) if flips else (x1, y1, x2, y2) for x1, y1, x2, y2 in bounding_boxes]
            )
        if keypoints is not None:
            results.append([(width - x, y) if flips else (x, y) for x, y in keypoints])
        if segmentation_maps is not None:
            results.append(segmentation_maps[:, ::-1] if flips else segmentation_maps)
        return results[0] if len(results) == 1 else tuple(results)


class Shift:
    """A call that knows of boxes alone, and moves them out of the image."""

    def __init__(self, pixels=0, loses=False):
        self.pixels = pixels
        self.loses = loses

    def to_deterministic(self):
        return self

    def __call__(self, image, bounding_boxes=None):
        moved = np.roll(image, self.pixels, axis=1)
        if bounding_boxes is None:
            return moved
        boxes = [(x1 + self.pixels, y1, x2 + self.pixels, y2) for x1, y1, x2, y2 in bounding_boxes]
        return moved, boxes[: len(boxes) - self.loses]


class Stubborn:
    """An augmenter whose generator nobody can seed."""

    def __init__(self):
        self.random_state = np.random.RandomState(1)

    def augment_image(self, image):
        return image


class Floats:
    """An augmenter that gives what no image file holds."""

    def augment_image(self, image):
        return image / 255
