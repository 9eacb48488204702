"""Small generators, fitted to the user's own images; `image.sample` draws with them.

>>> __all__
['Training', 'diffusion', 'gan', 'vae']
"""

from hfaug.fit.diffusion_model import diffusion
from hfaug.fit.gan_model import gan
from hfaug.fit.training import Training
from hfaug.fit.vae_model import vae

__all__ = ["Training", "diffusion", "gan", "vae"]
