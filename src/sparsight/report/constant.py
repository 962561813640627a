"""The line that an accuracy is read against: one answer for every test image."""

from dataclasses import dataclass

from sparsight.report.text import plain


@dataclass(frozen=True)
class ConstantAnswer:
    """The constant answer: the class with the most test images; its accuracy, and its mean over the classes."""

    label: str
    share: float
    balanced: float

    def words(self, limit: int) -> str:
        """What a row or line of it is called.

        Args:
            limit: letters of the class's name.
        """
        return f"always {plain(self.label, limit)}"
