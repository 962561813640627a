"""Colours, red, green and blue from 0 to 255."""

Number = int | float
Color = tuple[Number, Number, Number]

PLUMAGE: dict[str, Color] = {
    "black": (52, 54, 66),
    "blue": (64, 124, 196),
    "brown": (146, 96, 62),
    "buff": (233, 190, 128),
    "green": (110, 152, 72),
    "grey": (148, 158, 172),
    "red": (205, 72, 58),
    "white": (248, 244, 234),
    "yellow": (246, 204, 62),
}
BARE: dict[str, Color] = {"black": (48, 48, 56), "grey": (132, 144, 160), "orange": (238, 140, 48)}
"""Colours of bill and legs."""

INK: Color = (40, 36, 46)
CREAM: Color = (252, 244, 224)


def blend(one: Color, other: Color, share: float) -> Color:
    """``one`` with ``share`` of ``other`` in it."""
    return (
        one[0] + (other[0] - one[0]) * share,
        one[1] + (other[1] - one[1]) * share,
        one[2] + (other[2] - one[2]) * share,
    )


def darker(color: Color, share: float) -> Color:
    """The colour with ``share`` of a dark violet in it, which looks warmer than black."""
    return blend(color, (38, 24, 58), share)


def lighter(color: Color, share: float) -> Color:
    """The colour with ``share`` of a warm white in it."""
    return blend(color, (255, 250, 236), share)
