"""What a user has on torchvision: transforms in a module of their own."""

import torch
from torchvision.transforms import v2


class Speckle(v2.Transform):
    """A transform of colours, as torchvision's documentation says to write one."""

    def __init__(self, level=30):
        super().__init__()
        self.level = level

    def make_params(self, flat_inputs):
        return {"where": torch.rand(flat_inputs[0].shape[-2:]) < 0.1}

    def transform(self, inpt, params):
        return torch.where(params["where"], torch.tensor(self.level, dtype=inpt.dtype), inpt)


class Seeded(v2.Transform):
    """A transform with a generator of its own."""

    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(1)


class Learned(v2.Transform):
    """A transform with a weight."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(1))


def brighter(image):
    """A plain function in a pipeline."""
    return (image.to(torch.int32) + 9).clamp(0, 255).to(torch.uint8)


def eager(sample):
    """A way to labels of the user's own."""
    return sample["annotations"]["labels"]
