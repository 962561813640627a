"""One data set with labels, concepts and, where known, masks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jaxtyping import Bool, Int8, Int64, UInt8
from torch import Tensor

PRESENT, ABSENT, UNKNOWN = 1, 0, -1
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class ConceptDataset:
    """Images with a class, human concepts and optional masks, all on the CPU.

    Attributes:
        name: what the data set is called.
        images: RGB, 0 to 255. Greyscale sources repeat their channel.
        labels: class of each image, 0 to K - 1.
        concepts: 1 present, 0 absent, -1 unknown, for each image and concept.
        splits: image indices of ``train``, ``validation`` and ``test``; no image stands in two.
        class_names: K names.
        concept_names: one name a concept, as ``wing_color_blue``.
        concept_groups: the group of each concept, as ``wing_color``: the property of which it is a value. Values of one
            group mostly exclude each other; in CUB an image may have two, as a wing of two colours.
        object_masks: true on the object, or None.
        part_masks: 0 where there is no part, i + 1 where ``part_names[i]`` is the visible part, or None.
        part_names: names of the parts.
        mean, std: per-channel normalisation of pixel values scaled to [0, 1].
        flip: whether a mirrored image keeps its label and concepts (horizontal flips may augment training).
        notes: what a user should know about how it was read, a line each.
        whole_images: where a data set keeps them, the whole pictures, of which ``images`` shows the centre square: each
            squeezed or stretched into a square. Random resized crops are cut from them; or None.
        whole_sizes: their width and height before that, in pixels; or None.
        example_images: where concepts come as example images instead of labels of the images: the examples, as wide
            and high as ``images``; or None.
        example_concepts: 1 a positive, 0 a negative example of a concept, -1 neither; or None.
        example_held_out: the examples on which concepts are tested; they are learned from the others; or None.

    Raises:
        ValueError: if lengths disagree, a label or concept is out of range, or two splits share an image.
    """

    name: str
    images: UInt8[Tensor, "n 3 h w"]
    labels: Int64[Tensor, " n"]
    concepts: Int8[Tensor, "n c"]
    splits: Mapping[str, Int64[Tensor, " _"]]
    class_names: tuple[str, ...]
    concept_names: tuple[str, ...]
    concept_groups: tuple[str, ...]
    object_masks: Bool[Tensor, "n h w"] | None = None
    part_masks: UInt8[Tensor, "n h w"] | None = None
    part_names: tuple[str, ...] = ()
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.25, 0.25, 0.25)
    flip: bool = True
    notes: tuple[str, ...] = field(default=())
    whole_images: UInt8[Tensor, "n 3 s s"] | None = None
    whole_sizes: Int64[Tensor, "n 2"] | None = None
    example_images: UInt8[Tensor, "m 3 h w"] | None = None
    example_concepts: Int8[Tensor, "m c"] | None = None
    example_held_out: Bool[Tensor, " m"] | None = None

    def __post_init__(self) -> None:
        n = len(self.images)
        if len(self.labels) != n or len(self.concepts) != n:
            raise ValueError(f"{self.name}: {n} images, {len(self.labels)} labels, {len(self.concepts)} concept rows")
        if self.concepts.shape[1] != len(self.concept_names) or len(self.concept_groups) != len(self.concept_names):
            raise ValueError(
                f"{self.name}: {self.concepts.shape[1]} concept columns for {len(self.concept_names)} names"
            )
        if n and not 0 <= int(self.labels.min()) <= int(self.labels.max()) < len(self.class_names):
            raise ValueError(f"{self.name}: a label lies outside 0..{len(self.class_names) - 1}")
        if self.concepts.numel() and not UNKNOWN <= int(self.concepts.min()) <= int(self.concepts.max()) <= PRESENT:
            raise ValueError(f"{self.name}: a concept is not -1, 0 or 1")
        if (self.whole_images is None) != (self.whole_sizes is None):
            raise ValueError(f"{self.name}: whole images come with their sizes")
        examples = (self.example_images, self.example_concepts, self.example_held_out)
        given = [part for part in examples if part is not None]
        if given and (len(given) < len(examples) or len({len(part) for part in given}) > 1):
            raise ValueError(f"{self.name}: examples need images, concepts and a mark of those held out, one each")
        if self.example_concepts is not None and self.example_concepts.shape[1] != len(self.concept_names):
            raise ValueError(f"{self.name}: {self.example_concepts.shape[1]} columns of examples for other concepts")
        seen: set[int] = set()
        for split, indices in self.splits.items():
            if split not in SPLITS:
                raise ValueError(f"{self.name}: unknown split {split!r}")
            members = set(indices.tolist())
            if len(members) != len(indices) or members & seen:
                raise ValueError(f"{self.name}: split {split!r} repeats an image")
            if members and not 0 <= min(members) <= max(members) < n:
                raise ValueError(f"{self.name}: split {split!r} names an image that does not exist")
            seen |= members

    def __len__(self) -> int:
        return len(self.images)
