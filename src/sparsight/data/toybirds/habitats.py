"""The habitats: soft backgrounds with some detail, from the scene's background key."""

from collections.abc import Callable, Iterator

from sparsight.data.toybirds.dice import uniforms
from sparsight.data.toybirds.palette import CREAM, Color, darker, lighter
from sparsight.data.toybirds.perch import draw_branch, draw_rock
from sparsight.data.toybirds.picture import Picture
from sparsight.data.toybirds.scene import Scene
from sparsight.data.toybirds.scenery import BLADES, CACTUS, CLOUD, MESA, PINE, SAIL, WAVE
from sparsight.data.toybirds.shapes import BOX, DISC, discs, moved, ridge, stretched

Lot = Iterator[float]


def draw_habitat(picture: Picture, scene: Scene) -> None:
    """Fill the picture with the scene's habitat and put the perch under the bird's place."""
    lot = iter(uniforms(scene.background, scene.habitat, 160))
    _DRAW[scene.habitat](picture, scene, lot)


def _sky(picture: Picture, top: Color, bottom: Color, start: float = 0.0, end: float = 1.0) -> None:
    """A fill from ``start`` down to the picture's lower edge, changing colour until ``end``."""
    picture.add(BOX, (1.0, 0.0, 0.0, 0.0, 1.0, start), top, bottom, (start, end))


def _sun(picture: Picture, x: float, y: float, radius: float, color: Color) -> None:
    """A disc in rings of light."""
    for ring, opacity in ((3.6, 0.10), (2.5, 0.14), (1.65, 0.2), (1.0, 0.9)):
        picture.add(DISC, stretched(x, y, radius * ring, radius * ring), color, opacity=opacity)


def _clouds(picture: Picture, lot: Lot, count: int, color: Color, opacity: float) -> None:
    for _ in range(count):
        size = 0.16 + 0.16 * next(lot)
        placed = moved(next(lot), 0.06 + 0.3 * next(lot), size, 1 if next(lot) < 0.5 else -1)
        picture.add(CLOUD, placed, color, opacity=opacity)


def _hills(
    picture: Picture, lot: Lot, height: float, swing: float, color: Color, bottom: Color, points: int = 5
) -> None:
    """A range of hills around ``height``, up to ``swing`` above or below it."""
    path = ridge([height + swing * (2 * next(lot) - 1) for _ in range(points)])
    picture.add(path, color=color, bottom=bottom, span=(height - swing, 1.0))


def _scatter(
    picture: Picture, lot: Lot, count: int, box: tuple[float, float, float, float], radius: tuple[float, float],
    color: Color, opacity: float = 1.0,
) -> None:  # fmt: skip
    """Discs strewn over a box given by its left, top, right and bottom."""
    left, top, right, bottom = box
    places = [
        (
            left + (right - left) * next(lot),
            top + (bottom - top) * next(lot),
            radius[0] + (radius[1] - radius[0]) * next(lot),
        )
        for _ in range(count)
    ]
    picture.add(discs(places), color=color, opacity=opacity)


def _grass(picture: Picture, lot: Lot, ground: float, height: float, color: Color) -> None:
    mirror = 1.0 if next(lot) < 0.5 else -1.0
    picture.add(BLADES, (mirror, 0.0, 0.42 + 0.16 * next(lot), 0.0, height, ground), color)


def _meadow(picture: Picture, scene: Scene, lot: Lot) -> None:
    _sky(picture, (148, 204, 230), (246, 242, 214), 0.0, 1.0)
    _sun(picture, 0.1 + 0.8 * next(lot), 0.12 + 0.14 * next(lot), 0.06, (255, 244, 198))
    _clouds(picture, lot, 2, (255, 252, 244), 0.75)
    _hills(picture, lot, 0.56, 0.05, (186, 214, 178), (168, 204, 150))
    _hills(picture, lot, 0.68, 0.05, (160, 202, 138), (128, 180, 104))
    _hills(picture, lot, 0.84, 0.03, (134, 186, 104), (94, 152, 82))
    _grass(picture, lot, 1.02, 0.11, (112, 166, 88))
    for color in ((250, 232, 120), (244, 164, 180), (252, 248, 240)):
        _scatter(picture, lot, 5, (0.0, 0.84, 1.0, 0.99), (0.009, 0.016), color)
    draw_branch(picture, scene.background, scene.place, (150, 112, 84), (104, 160, 84))


def _forest(picture: Picture, scene: Scene, lot: Lot) -> None:
    _sky(picture, (206, 224, 190), (136, 176, 150))
    for shade, count, width in ((0.0, 5, 0.05), (0.16, 3, 0.075)):
        for _ in range(count):
            x, w = next(lot), width * (0.8 + 0.5 * next(lot))
            lean = 0.06 * (next(lot) - 0.5)
            picture.add(
                BOX, (w, lean, x, 0.0, 1.3, -0.1), darker((172, 198, 166), shade), darker((140, 174, 150), shade)
            )
    x = next(lot)
    picture.add(BOX, (0.20, -0.5, x + 0.2, 0.0, 1.2, -0.1), CREAM, opacity=0.18)
    picture.add(BOX, (0.09, -0.5, x + 0.5, 0.0, 1.2, -0.1), CREAM, opacity=0.14)
    _scatter(picture, lot, 7, (-0.05, -0.1, 1.05, 0.08), (0.08, 0.16), (128, 170, 118), 0.8)
    _scatter(picture, lot, 6, (-0.05, -0.14, 1.05, 0.0), (0.06, 0.13), (100, 148, 100), 0.9)
    _hills(picture, lot, 0.88, 0.03, (112, 156, 118), (84, 128, 98))
    _grass(picture, lot, 1.04, 0.17, (92, 142, 96))
    draw_branch(picture, scene.background, scene.place, (116, 92, 78), (126, 174, 84))


def _shore(picture: Picture, scene: Scene, lot: Lot) -> None:
    _sky(picture, (154, 208, 230), (250, 240, 222), 0.0, 0.6)
    _sun(picture, 0.12 + 0.76 * next(lot), 0.14 + 0.14 * next(lot), 0.06, (255, 246, 214))
    _clouds(picture, lot, 3, (255, 252, 246), 0.8)
    horizon = 0.54 + 0.06 * next(lot)
    _sky(picture, (106, 178, 202), (160, 216, 214), horizon, 1.0)
    picture.add(SAIL, moved(0.08 + 0.84 * next(lot), horizon + 0.012, 0.09), CREAM)
    for i in range(5):
        picture.add(WAVE, moved(next(lot), horizon + 0.04 + 0.045 * i, 0.12 + 0.03 * i), (232, 246, 242), opacity=0.6)
    _hills(picture, lot, 0.86, 0.015, (250, 246, 232), (250, 246, 232))
    _hills(picture, lot, 0.885, 0.012, (244, 222, 178), (226, 196, 150))
    _scatter(picture, lot, 8, (0.0, 0.93, 1.0, 1.0), (0.005, 0.012), (206, 170, 130))
    draw_rock(picture, scene.background, scene.place, (150, 146, 158))


def _snow(picture: Picture, scene: Scene, lot: Lot) -> None:
    _sky(picture, (164, 190, 220), (232, 234, 240), 0.0, 0.85)
    _hills(picture, lot, 0.48, 0.10, (196, 212, 232), (222, 230, 240), 6)
    for depth, color in ((0.66, (164, 190, 204)), (0.76, (126, 160, 176))):
        for _ in range(5):
            picture.add(
                PINE,
                moved(next(lot), depth + 0.05 * next(lot), 0.20 + 0.12 * next(lot)),
                lighter(color, 0.2),
                color,
                (depth - 0.2, depth),
            )
    _hills(picture, lot, 0.78, 0.03, (238, 243, 249), (214, 224, 238))
    _hills(picture, lot, 0.90, 0.03, (246, 249, 253), (226, 234, 244))
    _scatter(picture, lot, 16, (0.0, 0.0, 1.0, 0.95), (0.005, 0.013), (255, 255, 255), 0.9)
    draw_branch(picture, scene.background, scene.place, (128, 106, 100), (150, 120, 104), (250, 252, 255))


def _dusk(picture: Picture, scene: Scene, lot: Lot) -> None:
    _sky(picture, (128, 116, 176), (232, 150, 152), 0.0, 0.45)
    _sky(picture, (232, 150, 152), (254, 214, 160), 0.45, 0.8)
    _scatter(picture, lot, 12, (0.0, 0.0, 1.0, 0.35), (0.004, 0.008), (255, 240, 224), 0.85)
    _sun(picture, 0.15 + 0.7 * next(lot), 0.56 + 0.06 * next(lot), 0.11, (255, 232, 176))
    _clouds(picture, lot, 2, (250, 186, 176), 0.5)
    _hills(picture, lot, 0.66, 0.06, (186, 128, 164), (206, 146, 160), 6)
    _hills(picture, lot, 0.76, 0.05, (150, 108, 156), (170, 120, 156), 5)
    _hills(picture, lot, 0.88, 0.03, (116, 88, 138), (96, 74, 122))
    _grass(picture, lot, 1.04, 0.20, (92, 72, 118))
    draw_branch(picture, scene.background, scene.place, (98, 76, 106), (142, 92, 126))


def _desert(picture: Picture, scene: Scene, lot: Lot) -> None:
    _sky(picture, (246, 202, 160), (254, 240, 212), 0.0, 0.75)
    _sun(picture, 0.1 + 0.8 * next(lot), 0.16 + 0.16 * next(lot), 0.075, (255, 250, 226))
    for height, color in ((0.60, (238, 186, 150)), (0.66, (224, 158, 122))):
        for _ in range(2):
            picture.add(
                MESA,
                moved(next(lot), height, 0.26 + 0.14 * next(lot), 1 if next(lot) < 0.5 else -1),
                color,
                lighter(color, 0.3),
                (height - 0.2, height),
            )
    _hills(picture, lot, 0.66, 0.025, (240, 200, 152), (232, 184, 132))
    for _ in range(2):
        y = 0.74 + 0.06 * next(lot)
        picture.add(
            CACTUS,
            moved(next(lot), y, 0.17 + 0.08 * next(lot), 1 if next(lot) < 0.5 else -1),
            (132, 160, 116),
            (104, 136, 100),
            (y - 0.2, y),
        )
    _hills(picture, lot, 0.80, 0.035, (236, 188, 132), (218, 160, 110))
    _scatter(picture, lot, 9, (0.0, 0.86, 1.0, 1.0), (0.006, 0.014), (200, 140, 98))
    draw_rock(picture, scene.background, scene.place, (198, 132, 104))


_DRAW: dict[str, Callable[[Picture, Scene, Lot], None]] = {
    "meadow": _meadow,
    "forest": _forest,
    "shore": _shore,
    "snow": _snow,
    "dusk": _dusk,
    "desert": _desert,
}
