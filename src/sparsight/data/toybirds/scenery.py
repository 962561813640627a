"""Outlines that the habitats are put together from; y points down, and the base is at the origin unless said."""

from sparsight.data.toybirds.shapes import CORNER, closed

CLOUD = closed((
    (-0.5, 0.0, CORNER), (-0.46, -0.12), (-0.30, -0.16), (-0.20, -0.28), (-0.02, -0.34), (0.14, -0.28), (0.22, -0.18),
    (0.38, -0.17), (0.48, -0.08), (0.5, 0.0, CORNER),
))  # fmt: skip
PINE = closed((
    (0.0, -1.0, CORNER), (0.13, -0.72), (0.20, -0.64, CORNER), (0.11, -0.66, CORNER), (0.19, -0.42),
    (0.29, -0.34, CORNER), (0.15, -0.36, CORNER), (0.25, -0.12), (0.38, 0.0, CORNER), (-0.38, 0.0, CORNER),
    (-0.25, -0.12), (-0.15, -0.36, CORNER), (-0.29, -0.34, CORNER), (-0.19, -0.42), (-0.11, -0.66, CORNER),
    (-0.20, -0.64, CORNER), (-0.13, -0.72),
))  # fmt: skip
SAIL = closed(
    ((-0.05, -0.08, CORNER), (-0.05, -1.0, CORNER), (0.16, -0.6), (0.36, -0.08, CORNER)),
    ((-0.12, -0.1, CORNER), (-0.12, -0.75, CORNER), (-0.24, -0.4), (-0.38, -0.1, CORNER)),
    ((-0.42, 0.0, CORNER), (0.44, 0.0, CORNER), (0.3, 0.14, CORNER), (-0.3, 0.14, CORNER)),
)
WAVE = closed(((-1.0, 0.0, CORNER), (-0.5, -0.05), (0.0, -0.02), (0.5, -0.05), (1.0, 0.0, CORNER), (0.0, 0.05)))
"""A streak of light on water, centred on the origin."""
MESA = closed((
    (-0.62, 0.1, CORNER), (-0.46, -0.12), (-0.42, -0.40, CORNER), (-0.20, -0.42, CORNER), (-0.16, -0.52, CORNER),
    (0.22, -0.52, CORNER), (0.27, -0.34, CORNER), (0.38, -0.33, CORNER), (0.44, -0.12), (0.60, 0.1, CORNER),
))  # fmt: skip
CACTUS = closed((
    (-0.10, 0.0, CORNER), (-0.10, -0.34, CORNER), (-0.26, -0.36), (-0.36, -0.48), (-0.36, -0.68), (-0.28, -0.74),
    (-0.21, -0.68), (-0.20, -0.52), (-0.10, -0.50, CORNER), (-0.10, -0.9), (0.0, -1.0), (0.10, -0.9),
    (0.10, -0.42, CORNER), (0.19, -0.44), (0.20, -0.58), (0.27, -0.64), (0.35, -0.58), (0.34, -0.38), (0.24, -0.27),
    (0.10, -0.26, CORNER), (0.10, 0.0, CORNER),
))  # fmt: skip


def _blade(x: float, tall: float, lean: float) -> list[tuple[float, ...]]:
    middle = x + 0.3 * lean
    return [
        (x - 0.012, 0.0, CORNER),
        (middle - 0.008, -0.55 * tall),
        (x + lean, -tall, CORNER),
        (middle + 0.008, -0.5 * tall),
        (x + 0.012, 0.0, CORNER),
    ]


BLADES = closed(*(
    _blade(x, tall, lean)
    for x, tall, lean in (
        (-0.58, 0.8, 0.04), (-0.50, 0.5, -0.05), (-0.44, 0.9, 0.02), (-0.31, 0.6, 0.06), (-0.27, 1.0, -0.03),
        (-0.16, 0.7, -0.06), (-0.05, 0.55, 0.05), (0.03, 0.95, 0.03), (0.08, 0.65, -0.04), (0.22, 0.85, 0.05),
        (0.29, 0.5, -0.02), (0.36, 1.0, 0.01), (0.47, 0.7, -0.05), (0.56, 0.9, 0.04),
    )
))  # fmt: skip
"""Blades of grass along the x axis from -0.6 to 0.6."""
