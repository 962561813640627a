"""From where, and on which terms, each data set and source of concepts is had."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """What a user should know before downloading.

    Attributes:
        source: where it is had.
        licence: on which terms.
        layout: how its files lie for sparsight.
        reference: who made it.
    """

    source: str
    licence: str
    layout: str
    reference: str


TERMS = {
    "toybirds": Terms(
        source="comes with sparsight: a program draws the birds",
        licence="sparsight's own",
        layout="no files are needed",
        reference="sparsight",
    ),
    "mnist": Terms(
        source="5,000 images come with the extra mnist (pip install 'sparsight[mnist]'); all 70,000, as IDX files, are "
        "had from mirrors of http://yann.lecun.com/exdb/mnist",
        licence="its makers state none; mirrors commonly say CC BY-SA 3.0",
        layout="--data FOLDER with the four IDX files, packed (.gz) or not",
        reference="LeCun, Cortes, Burges. The MNIST database of handwritten digits",
    ),
    "folder": Terms(
        source="images of your own",
        licence="your own",
        layout="folder:PATH with <class>/<image>, or <split>/<class>/<image>",
        reference="you",
    ),
    "cub200": Terms(
        source="https://www.vision.caltech.edu/datasets/cub_200_2011/ (CUB_200_2011.tgz, segmentations.tgz)",
        licence="non-commercial research and education; the photographers keep their copyright",
        layout="--data .../CUB_200_2011 as unpacked; segmentations, if wanted, unpacked in it or beside it",
        reference="Wah, Branson, Welinder, Perona, Belongie. The Caltech-UCSD Birds-200-2011 dataset. 2011",
    ),
    "ham10000": Terms(
        source="Harvard Dataverse, https://doi.org/10.7910/DVN/DBW86T (HAM10000_images_part_1.zip, "
        "HAM10000_images_part_2.zip, HAM10000_metadata, HAM10000_segmentations_lesion_tschandl.zip)",
        licence="CC BY-NC 4.0: with attribution, not commercially",
        layout="--data FOLDER that holds the metadata and the archives, unpacked",
        reference="Tschandl, Rosendahl, Kittler. The HAM10000 dataset. Scientific Data 5, 180161, 2018",
    ),
    "derm7pt": Terms(
        source="Simon Fraser University, https://derm.cs.sfu.ca, on request",
        licence="on registration, for research; not to be passed on",
        layout="the folder with meta and images, as --concepts FOLDER of ham10000",
        reference="Kawahara, Daneshvar, Argenziano, Hamarneh. Seven-point checklist and skin lesion classification "
        "using multitask multimodal neural nets. IEEE JBHI 23(2), 2019",
    ),
    "examples": Terms(
        source="images of your own",
        licence="your own",
        layout="<concept>/positive/<image> and <concept>/negative/<image>, 100 images in each by default",
        reference="you",
    ),
}
"""By name, for ``sparsight data where``."""
