"""How training images are augmented, in words."""

from sparsight.training.settings import TrainingSettings


def augmentation_words(settings: TrainingSettings, flip: bool) -> str:
    """Describe in one phrase what ``training_batches`` does to the images, with or without mirroring.

    Args:
        settings: of the training.
        flip: whether a mirrored image of the data set keeps its class and concepts.
    """
    parts = []
    if settings.crop_scale is not None:
        least, most = (f"{100 * share:g} %" for share in settings.crop_scale)
        parts.append(f"random crops of {least} to {most} of the picture, resized")
    if settings.crop_padding:
        pixels = "1 pixel" if settings.crop_padding == 1 else f"{settings.crop_padding} pixels"
        parts.append(f"shifted at random by up to {pixels}")
    if settings.flip and flip:
        parts.append("half of the images mirrored, left to right")
    else:
        parts.append("no image mirrored")
    return "; ".join(parts)
