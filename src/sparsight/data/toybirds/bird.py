"""The bird: which shapes its concepts and its pose make.

The bird's own frame faces right and has its feet at the origin; a usual bird of middle size is some two units long and
1.4 high. The body turns about the hip, the head about the neck; head, eye and bill share a frame centred on the head.
"""

from sparsight.data.toybirds import plumage
from sparsight.data.toybirds.palette import BARE, CREAM, INK, PLUMAGE, Color, blend, darker, lighter
from sparsight.data.toybirds.picture import Picture
from sparsight.data.toybirds.scene import Scene
from sparsight.data.toybirds.shapes import BAR, DISC, Affine, after, moved, spanned, stretched, turned
from sparsight.data.toybirds.species import PARTS

LENGTH = {"small": 0.285, "medium": 0.345, "large": 0.41}
"""Length of the frame's unit on the picture, before ``scale``; steps of a fifth against a spread of 4 %."""

_LABEL = {part: i + 1 for i, part in enumerate(PARTS)}
_HIP = (-0.02, -0.30)
_NECK = (0.26, -0.92)
_HEAD = (0.36, -1.12)

Span = tuple[float, float]


def draw_bird(picture: Picture, scene: Scene) -> None:
    """Put the scene's bird in front of what the picture holds."""
    concepts = scene.concepts
    unit = LENGTH[concepts["size"]] * scene.scale
    span = (scene.place[1] - 1.4 * unit, scene.place[1] - 0.2 * unit)
    stand = moved(*scene.place, unit, scene.facing)
    body = after(stand, turned(scene.tilt, *_HIP))
    head = after(after(body, turned(scene.nod, *_NECK)), moved(*_HEAD))
    back, belly = PLUMAGE[concepts["back_color"]], PLUMAGE[concepts["belly_color"]]

    _legs(picture, stand, BARE[concepts["leg_color"]])
    _tail(picture, body, concepts["tail_shape"], back, span)
    torso = picture.add(plumage.TORSO, body, *_shaded(back), span, part=_LABEL["back"])
    _belly(picture, body, torso, belly, concepts["belly_pattern"], span)
    picture.add(plumage.WING, after(body, moved(-0.012, 0.035)), INK, opacity=0.16, inside=torso)
    _wing(picture, body, PLUMAGE[concepts["wing_color"]], concepts["wing_pattern"], span)
    crown = PLUMAGE[concepts["crown_color"]]
    _head(picture, head, (back, crown, belly), concepts["head_pattern"], span)
    _bill(picture, head, BARE[concepts["bill_color"]], concepts["bill_shape"])
    _eye(picture, head)


def _shaded(color: Color) -> tuple[Color, Color]:
    """A plumage's colour at the top of the bird and at its bottom."""
    return lighter(color, 0.12), darker(color, 0.16)


def _legs(picture: Picture, stand: Affine, color: Color) -> None:
    label = _LABEL["legs"]
    for hip, foot, shade in ((-0.16, -0.15, 0.25), (0.05, 0.07, 0.0)):
        fill = darker(color, shade)
        picture.add(BAR, after(stand, spanned(hip, -0.40, foot, -0.03, 0.062)), fill, part=label)
        picture.add(plumage.FOOT, after(stand, moved(foot, 0.0)), fill, part=label)


def _tail(picture: Picture, body: Affine, form: str, back: Color, span: Span) -> None:
    axis = after(body, spanned(-0.52, -0.44, -1.08, -0.17, 0.62))
    label = _LABEL["tail"]
    tail = picture.add(plumage.TAILS[form], axis, darker(back, 0.08), darker(back, 0.3), span, part=label)
    picture.add(plumage.TAIL_LINES[form], axis, darker(back, 0.55), opacity=0.5, inside=tail)


def _belly(picture: Picture, body: Affine, torso: int, color: Color, pattern: str, span: Span) -> None:
    label = _LABEL["belly"]
    belly = picture.add(plumage.BELLY, body, lighter(color, 0.12), darker(color, 0.08), span, part=label, inside=torso)
    if pattern == "striped":
        picture.add(plumage.STRIPES, body, darker(color, 0.72), opacity=0.85, inside=belly)
    elif pattern == "spotted":
        picture.add(plumage.SPOTS, body, darker(color, 0.72), opacity=0.85, inside=belly)
    picture.add(plumage.SHADE, body, INK, opacity=0.10, inside=torso)


def _wing(picture: Picture, body: Affine, color: Color, pattern: str, span: Span) -> None:
    wing = picture.add(plumage.WING, body, lighter(color, 0.08), darker(color, 0.22), span, part=_LABEL["wing"])
    picture.add(plumage.COVERTS, body, lighter(color, 0.2), color, span, opacity=0.8, inside=wing)
    picture.add(plumage.FEATHERS, body, darker(color, 0.6), opacity=0.55, inside=wing)
    if pattern == "striped":
        picture.add(plumage.WING_STRIPES, body, CREAM, opacity=0.92, inside=wing)
    elif pattern == "spotted":
        picture.add(plumage.WING_SPOTS, body, CREAM, opacity=0.92, inside=wing)


def _head(picture: Picture, head: Affine, colors: tuple[Color, Color, Color], pattern: str, span: Span) -> None:
    back, crown, belly = colors
    label = _LABEL["head"]
    if pattern == "crested":
        picture.add(plumage.CREST, head, *_shaded(crown), span, part=label)
    skull = picture.add(plumage.SKULL, head, *_shaded(back), span, part=label)
    picture.add(plumage.CHEEK, head, lighter(belly, 0.1), inside=skull)
    picture.add(plumage.CROWN, head, *_shaded(crown), span, inside=skull)
    if pattern == "masked":
        picture.add(plumage.MASK_EDGE, head, CREAM, opacity=0.9, inside=skull)
        picture.add(plumage.MASK, head, INK, inside=skull)
    elif pattern == "eyebrow":
        picture.add(plumage.EYEBROW, head, CREAM, inside=skull)


def _bill(picture: Picture, head: Affine, color: Color, form: str) -> None:
    bill = picture.add(plumage.BILLS[form], head, lighter(color, 0.14), color, part=_LABEL["bill"])
    picture.add(plumage.LOWER_BILLS[form], head, darker(color, 0.35), opacity=0.6, inside=bill)


def _eye(picture: Picture, head: Affine) -> None:
    label = _LABEL["eye"]
    picture.add(DISC, after(head, stretched(0.085, -0.015, 0.078, 0.078)), blend(CREAM, INK, 0.1), part=label)
    picture.add(DISC, after(head, stretched(0.088, -0.015, 0.06, 0.06)), INK, part=label)
    picture.add(DISC, after(head, stretched(0.108, -0.038, 0.022, 0.022)), CREAM, part=label)
