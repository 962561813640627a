"""What the bird stands on: always the same size, so that a small bird is seen to be small."""

from sparsight.data.toybirds.dice import uniforms
from sparsight.data.toybirds.palette import Color, darker, lighter
from sparsight.data.toybirds.picture import Picture
from sparsight.data.toybirds.shapes import CORNER, LEAF, after, closed, moved, stretched

_BRANCH = closed((
    (-1.2, -0.05, CORNER), (-0.7, 0.015), (-0.3, 0.004), (0.0, 0.0), (0.3, 0.002), (0.7, -0.02), (1.2, -0.09, CORNER),
    (1.2, -0.06, CORNER), (0.7, 0.02), (0.3, 0.045), (0.0, 0.05), (-0.3, 0.058), (-0.7, 0.075), (-1.2, 0.03, CORNER),
))  # fmt: skip
_UNDERSIDE = closed((
    (-1.2, 0.0, CORNER), (-0.7, 0.052), (-0.3, 0.036), (0.0, 0.03), (0.3, 0.028), (0.7, 0.006), (1.2, -0.068, CORNER),
    (1.2, 0.1, CORNER), (-1.2, 0.1, CORNER),
))  # fmt: skip
_TWIG = closed(((0.18, 0.012, CORNER), (0.30, -0.05), (0.44, -0.13, CORNER), (0.32, -0.03), (0.26, 0.03, CORNER)))
_CAP = closed((
    (-1.2, -0.06, CORNER), (-0.7, -0.002), (-0.3, -0.012), (0.0, -0.014), (0.3, -0.014), (0.7, -0.04),
    (1.2, -0.11, CORNER), (1.2, -0.085), (0.9, -0.03), (0.7, 0.002), (0.5, -0.004), (0.3, 0.022), (0.12, 0.008),
    (-0.1, 0.026), (-0.3, 0.010), (-0.52, 0.034), (-0.75, 0.018), (-1.2, -0.03, CORNER),
))  # fmt: skip
_LEAVES = (
    (0.43, -0.125, 35.0),
    (0.36, -0.085, 80.0),
    (0.33, -0.06, -10.0),
    (-0.36, 0.05, -130.0),
    (-0.42, 0.015, 130.0),
)
_ROCK = closed((
    (-0.62, 0.42, CORNER), (-0.50, 0.16), (-0.40, 0.05), (-0.26, 0.006), (-0.1, 0.0), (0.12, 0.0), (0.24, 0.012),
    (0.34, 0.07), (0.46, 0.12), (0.58, 0.24), (0.66, 0.42, CORNER),
))  # fmt: skip
_ROCK_TOP = closed((
    (-0.42, 0.07, CORNER), (-0.26, 0.006), (-0.1, -0.01), (0.12, -0.01), (0.24, 0.008), (0.36, 0.085, CORNER),
    (0.14, 0.045), (-0.06, 0.06), (-0.22, 0.045),
))  # fmt: skip
_ROCK_FACE = closed(
    ((0.10, 0.05, CORNER), (0.30, 0.09), (0.52, 0.2), (0.7, 0.44, CORNER), (0.24, 0.44, CORNER), (0.20, 0.2))
)


def draw_branch(
    picture: Picture, key: int, place: tuple[float, float], bark: Color, leaf: Color, snow: Color | None = None
) -> None:
    """A branch under ``place`` with a leafy twig, and with snow on it where a colour is given."""
    lot = uniforms(key, "branch", 2 + len(_LEAVES))
    frame = moved(*place, mirror=1 if lot[0] < 0.5 else -1)
    branch = picture.add(_BRANCH, frame, lighter(bark, 0.08), bark)
    picture.add(_UNDERSIDE, frame, darker(bark, 0.28), inside=branch)
    picture.add(_TWIG, frame, bark)
    for (x, y, angle), jitter in zip(_LEAVES, lot[2:], strict=True):
        size = 0.07 + 0.035 * jitter
        placed = after(frame, stretched(x, y, size, size * 0.62, angle + 40 * (jitter - 0.5)))
        picture.add(LEAF, placed, darker(leaf, 0.12 * jitter))
    if snow is not None:
        picture.add(_CAP, frame, snow)


def draw_rock(picture: Picture, key: int, place: tuple[float, float], stone: Color) -> None:
    """A rock with a flat top under ``place``."""
    lot = uniforms(key, "rock", 3)
    frame = moved(*place, mirror=1 if lot[0] < 0.5 else -1)
    rock = picture.add(_ROCK, frame, stone, darker(stone, 0.25), (place[1], place[1] + 0.3))
    picture.add(_ROCK_FACE, frame, darker(stone, 0.4), opacity=0.28, inside=rock)
    picture.add(_ROCK_TOP, frame, lighter(stone, 0.4), opacity=0.75, inside=rock)
