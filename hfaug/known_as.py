"""What other libraries call the ops, so that somebody who looks for their names finds ours."""

from __future__ import annotations

__all__ = ["KNOWN_AS", "known_as"]

KNOWN_AS: dict[str, str] = {
    "add_background_noise": "audio.add_background",
    "add_gaussian_snr": "audio.add_noise",
    "additive_gaussian_noise": "image.add_noise",
    "adjust_duration": "audio.pad, then audio.crop",
    "air_absorption": "audio.absorb_air",
    "aliasing": "audio.alias",
    "apply_impulse_response": "audio.reverberate",
    "at_least_one_bbox_random_crop": "image.crop_around_boxes",
    "band_pass_filter": "audio.band_pass",
    "band_stop_filter": "audio.band_stop",
    "bbox_safe_crop": "image.crop_around_boxes",
    "bbox_safe_random_crop": "image.crop_around_boxes",
    "bit_crush": "audio.crush_bits",
    "brightness": "image.change_brightness",
    "brightness_contrast": "image.change_brightness, then image.change_contrast",
    "channel_dropout": "image.drop_channels",
    "channel_shuffle": "image.shuffle_channels",
    "chromatic_aberration": "image.add_chromatic_aberration",
    "clipping_distortion": "audio.clip",
    "coarse_dropout": "image.erase: {holes: [1, 8]}",
    "color_jitter": "image.jitter_color",
    "colour_jitter": "image.jitter_color",
    "contrast": "image.change_contrast",
    "crop_and_pad": "image.crop, or image.pad",
    "cutout": "image.erase",
    "d4": "image.symmetry",
    "dihedral": "image.symmetry",
    "elastic_transform": "image.elastic",
    "erasing": "image.erase: {fill: noise}",
    "fancy_pca": "image.jitter_lighting",
    "flip_left_right": "image.flip",
    "flip_up_down": "image.flip: {axis: vertical}",
    "fliplr": "image.flip",
    "flipud": "image.flip: {axis: vertical}",
    "fog": "image.add_fog",
    "frequency_mask": "audio.mask_frequency",
    "frequency_masking": "audio.mask_frequency",
    "gain": "audio.change_gain",
    "gain_transition": "audio.fade_gain",
    "gamma": "image.change_gamma",
    "gauss_noise": "image.add_noise",
    "gaussian_blur": "image.blur",
    "gaussian_noise": "image.add_noise",
    "glass_blur": "image.blur_glass",
    "grayscale": "image.to_gray",
    "grid_distortion": "image.distort_grid",
    "grid_dropout": "image.grid_mask",
    "grid_shuffle": "image.shuffle_grid",
    "high_pass_filter": "audio.high_pass",
    "horizontal_flip": "image.flip",
    "hue": "image.shift_hue",
    "hue_saturation_value": "image.shift_hue, then image.change_saturation",
    "image_compression": "image.compress",
    "invert_img": "image.invert",
    "iou_crop": "image.crop_by_iou",
    "iso_noise": "image.add_iso_noise",
    "jigsaw": "image.shuffle_grid",
    "jpeg": "image.compress",
    "jpeg_compression": "image.compress",
    "limiter": "audio.limit",
    "longest_max_size": "image.resize_longest",
    "loudness_normalization": "audio.normalize_loudness",
    "low_pass_filter": "audio.low_pass",
    "median_blur": "image.blur_median",
    "motion_blur": "image.blur_motion",
    "mp3_compression": "audio.compress",
    "multiplicative_noise": "image.add_speckle",
    "normalize": "audio.normalize_peak",
    "optical_distortion": "image.distort_lens",
    "pad_if_needed": "image.pad: {height: 512, width: 512}",
    "padding": "audio.pad",
    "photometric_distort": "image.jitter_color",
    "pitch_shift": "audio.shift_pitch",
    "pixel_dropout": "image.add_salt_pepper",
    "planckian_jitter": "image.change_temperature",
    "polarity_inversion": "audio.invert_polarity",
    "rain": "image.add_rain",
    "repeat_part": "audio.loop",
    "resized_crop": "image.random_resized_crop",
    "rgb_shift": "image.shift_channels",
    "room_simulator": "audio.simulate_room",
    "rotate90": "image.quarter_turn",
    "rotation": "image.rotate",
    "safe_rotate": "image.rotate: {expand: true}",
    "salt_and_pepper": "image.add_salt_pepper",
    "scale_jitter": "image.scale: {expand: true}",
    "seven_band_parametric_eq": "audio.equalize",
    "shadow": "image.add_shadow",
    "shift_scale_rotate": "image.affine",
    "shot_noise": "image.add_shot_noise",
    "sized_bbox_safe_crop": "image.crop_around_boxes: {height: 512, width: 512}",
    "smallest_max_size": "image.resize_shortest",
    "snow": "image.add_snow",
    "solarization": "image.solarize",
    "speed_perturbation": "audio.change_speed",
    "sun_flare": "image.add_sun_flare",
    "tanh_distortion": "audio.distort",
    "time_mask": "audio.mask_time",
    "time_masking": "audio.mask_time",
    "time_stretch": "audio.stretch_time",
    "to_sepia": "image.sepia",
    "tone_curve": "image.change_tone",
    "translate": "image.shift",
    "trivial_augment_wide": "image.trivial_augment",
    "unsharp_mask": "image.sharpen",
    "vertical_flip": "image.flip: {axis: vertical}",
    "zoom_blur": "image.blur_zoom",
    "zoom_out": "image.pad: {margins_px: [64, 64, 64, 64]}",
}
"""Names that other libraries use, without ``random_``, and what a recipe says for them."""


def known_as(name: str) -> str | None:
    """What a recipe says for an op that somebody names as another library does; None for a name that none is known by.

    >>> known_as("RandomHorizontalFlip"), known_as("image.d4")
    ('image.flip', 'image.symmetry')
    """
    return _JOINED.get(_joined(name.rpartition(".")[2]).removeprefix("random"))


def _joined(name: str) -> str:
    """A name without what tells its words apart: libraries do not agree on it."""
    return name.replace("_", "").replace("-", "").lower()


_JOINED = {_joined(name): said for name, said in KNOWN_AS.items()}
