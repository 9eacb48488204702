"""Small generators, fitted to the user's own images; `image.sample` draws with them.

>>> sorted(__all__)
['Training', 'diffusion']
"""

from hfaug.fit.diffusion_model import diffusion
from hfaug.fit.training import Training

__all__ = ["Training", "diffusion"]
