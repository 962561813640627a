"""Everything that decides one picture, and how it is drawn by lot."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sparsight.data.toybirds.dice import image_key, integer, uniform
from sparsight.data.toybirds.settings import ToyBirdsSettings
from sparsight.data.toybirds.species import GROUPS, HABITATS, SPECIES, label_of


@dataclass(frozen=True)
class Scene:
    """One bird in one place. Nothing but a ``Scene`` and the image size decides the pixels.

    Lengths are fractions of the image side; angles are in degrees and turn the bird upwards where positive.

    Attributes:
        concepts: the value of every group of ``GROUPS``.
        habitat: one of ``HABITATS``.
        background: key of the details of the habitat and of the perch.
        facing: 1 to the right, -1 to the left.
        tilt: turn of the body about the hip.
        nod: turn of the head about the neck, on top of the body's.
        scale: size of the bird relative to the usual bird of its ``size``.
        place: where the feet stand, (x, y) from the top left corner.
        brightness: factor on all channels.
        warmth: -1 (bluish light) to 1 (reddish light).

    Raises:
        ValueError: if a group is missing, or a group, value, habitat or facing is unknown.
    """

    concepts: Mapping[str, str]
    habitat: str
    background: int
    facing: int
    tilt: float
    nod: float
    scale: float
    place: tuple[float, float]
    brightness: float
    warmth: float

    def __post_init__(self) -> None:
        if self.concepts.keys() != GROUPS.keys():
            raise ValueError(f"a scene needs a value of each group of {tuple(GROUPS)}")
        for group, value in self.concepts.items():
            if value not in GROUPS[group]:
                raise ValueError(f"{group} is one of {GROUPS[group]}, not {value!r}")
        if self.habitat not in HABITATS or self.facing not in (-1, 1):
            raise ValueError(f"no habitat {self.habitat!r} of {HABITATS}, or facing {self.facing} is not 1 or -1")

    def with_concept(self, group: str, value: str) -> "Scene":
        """The same scene, its bird changed in one group only."""
        return replace(self, concepts={**self.concepts, group: value})


def sample_scene(seed: int, index: int, settings: ToyBirdsSettings) -> Scene:
    """The scene of image ``index`` under ``seed``; a function of its arguments, whatever was drawn before.

    A bird keeps its species' value of a group with probability ``1 - variation`` and takes another of the group's
    values, uniformly, otherwise. What is not a concept is drawn independently of species and concepts, the habitat
    excepted where ``settings.shortcut`` is positive.
    """
    key = image_key(seed, index)
    species = SPECIES[label_of(index)]
    concepts = {group: _value(key, group, usual, settings.variation) for group, usual in species.prototype.items()}
    own = uniform(key, "shortcut") < settings.shortcut
    return Scene(
        concepts=concepts,
        habitat=species.habitat if own else HABITATS[integer(key, "habitat") % len(HABITATS)],
        background=integer(key, "background"),
        facing=1 if integer(key, "facing") % 2 else -1,
        tilt=uniform(key, "tilt", -9.0, 15.0),
        nod=uniform(key, "nod", -14.0, 16.0),
        scale=uniform(key, "scale", 0.96, 1.04),
        place=(uniform(key, "place x", 0.46, 0.54), uniform(key, "place y", 0.77, 0.84)),
        brightness=uniform(key, "brightness", 0.95, 1.06),
        warmth=uniform(key, "warmth", -1.0, 1.0),
    )


def _value(key: int, group: str, usual: str, variation: float) -> str:
    """The value of one group for one bird."""
    if uniform(key, f"varies {group}") >= variation:
        return usual
    others = [value for value in GROUPS[group] if value != usual]
    return others[integer(key, f"value {group}") % len(others)]
