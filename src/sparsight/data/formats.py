"""Which formats of image files are read, and by which endings a file is taken for an image."""

from PIL import features

_ALWAYS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}
_WHERE_BUILT_IN = {
    "JPEG2000": ("jpg_2000", (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc")),
    "AVIF": ("avif", (".avif", ".avifs")),
}
"""Formats that Pillow reads where it was built so, its name of that, and their endings."""


def _built_in(feature: str) -> bool:
    return feature in {**features.modules, **features.codecs} and bool(features.check(feature))


_READ = _ALWAYS | {name: endings for name, (feature, endings) in _WHERE_BUILT_IN.items() if _built_in(feature)}
FORMATS = tuple(_READ)
LOSSLESS = ("PNG", "BMP", "TIFF", "GIF", "PPM")
EXTENSIONS = frozenset(ending for endings in _READ.values() for ending in endings)
"""A file with one of them is taken for an image; what it holds is decided by its bytes."""
