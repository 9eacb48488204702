"""Small generators, fitted to the user's own images; `image.sample` draws with them.

| file | subject |
| --- | --- |
| `diffusion_model.py`, `vae_model.py`, `gan_model.py`, `lora_model.py` | the kinds: networks, losses, pipelines |
| `job.py` | what a kind brings |
| `privacy.py`, `latents.py` | differential privacy; Gaussians over latents |
| `training.py`, `loop.py` | how it is trained; the loop: Accelerate, checkpoints, averages, samples, a log |
| `fitting.py` | from a dataset to a folder |
| `images.py`, `order.py`, `augmenting.py` | the images, checked; which of them a step sees; what they go through |
| `folder.py` | the folder: atomic, resumable |
| `card.py`, `sheets.py` | the card; pictures of samples |

>>> __all__
['Training', 'diffusion', 'gan', 'lora', 'vae']
"""

from hfaug.fit.diffusion_model import diffusion
from hfaug.fit.gan_model import gan
from hfaug.fit.lora_model import lora
from hfaug.fit.training import Training
from hfaug.fit.vae_model import vae

__all__ = ["Training", "diffusion", "gan", "lora", "vae"]
