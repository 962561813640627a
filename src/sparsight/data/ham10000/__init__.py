"""HAM10000: dermatoscopic images of pigmented skin lesions, with lesion masks."""

from sparsight.data.ham10000.build import read_ham
from sparsight.data.ham10000.settings import HamSettings

__all__ = ["HamSettings", "read_ham"]
