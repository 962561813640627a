"""The concepts of ToyBirds and the species that combine them."""

from dataclasses import dataclass

GROUPS: dict[str, tuple[str, ...]] = {
    "size": ("small", "medium", "large"),
    "bill_shape": ("cone", "dagger", "hooked"),
    "bill_color": ("black", "grey", "orange"),
    "crown_color": ("black", "blue", "brown", "grey", "red"),
    "head_pattern": ("plain", "masked", "eyebrow", "crested"),
    "back_color": ("black", "blue", "brown", "green", "grey"),
    "wing_color": ("black", "blue", "brown", "green", "grey"),
    "wing_pattern": ("solid", "striped", "spotted"),
    "belly_color": ("buff", "grey", "red", "white", "yellow"),
    "belly_pattern": ("solid", "striped", "spotted"),
    "tail_shape": ("forked", "pointed", "fan"),
    "leg_color": ("black", "grey", "orange"),
}
"""Values of each group; a bird has exactly one of each."""

PARTS = ("bill", "head", "eye", "wing", "belly", "back", "tail", "legs")
"""Names of the parts in the order of their labels, 1 to 8, in a part mask."""

HABITATS = ("meadow", "forest", "shore", "snow", "dusk", "desert")

CONCEPTS: tuple[tuple[str, str], ...] = tuple((group, value) for group, values in GROUPS.items() for value in values)
"""Every (group, value) in the order of the concept columns; the concept's name joins them: ``wing_color_blue``."""


@dataclass(frozen=True)
class Species:
    """A species: its name, its own habitat (which only ``shortcut`` uses) and its usual value of every group."""

    name: str
    habitat: str
    prototype: dict[str, str]


def _species(name: str, habitat: str, values: str) -> Species:
    return Species(name, habitat, dict(zip(GROUPS, values.split(), strict=True)))


# Four families of three. Inside a family neighbours part in three or four groups, some of them small in the picture
# (bill, head, belly pattern), so that a network cannot live on colour alone; and they live in different habitats, so
# that a shortcut parts what is otherwise hard to part.
SPECIES: tuple[Species, ...] = (
    # In the order of GROUPS: size, bill (2), crown, head pattern, back, wing (2), belly (2), tail, legs.
    _species("Azure Finch", "meadow", "small cone grey blue plain blue blue solid white solid forked black"),
    _species("Lagoon Finch", "shore", "small cone grey blue masked blue blue solid grey spotted pointed black"),
    _species("Harebell Jay", "snow", "large cone grey blue crested blue blue striped white solid fan black"),
    _species("Heath Thrush", "dusk", "medium dagger orange brown plain brown brown solid buff spotted fan orange"),
    _species(
        "Larder Thrush", "forest", "medium dagger orange brown eyebrow brown brown solid buff striped forked orange"
    ),
    _species(
        "Thistle Sparrow", "desert", "small cone orange brown eyebrow brown brown striped buff striped pointed orange"
    ),
    _species("Ember Robin", "snow", "medium dagger black grey plain grey grey solid red solid pointed black"),
    _species("Rowan Shrike", "dusk", "medium hooked black grey masked grey black spotted red solid pointed black"),
    _species("Cinder Cardinal", "desert", "large hooked black red crested grey black spotted grey solid pointed black"),
    _species("Mossback Warbler", "forest", "small dagger orange black plain green green solid yellow solid fan grey"),
    _species(
        "Willow Warbler", "shore", "small dagger orange black eyebrow green green striped yellow solid forked grey"
    ),
    _species("Saffron Oriole", "meadow", "large hooked orange black plain black green spotted yellow solid fan grey"),
)


def label_of(index: int) -> int:
    """The species of image ``index``; species take turns."""
    return index % len(SPECIES)
