"""Published policies: many ops, drawn as their papers say."""

from hfaug.ops.image.policies.aug_mix import AugMix
from hfaug.ops.image.policies.auto_augment import AutoAugment
from hfaug.ops.image.policies.rand_augment import RandAugment, TrivialAugment

__all__ = ["AugMix", "AutoAugment", "RandAugment", "TrivialAugment"]
