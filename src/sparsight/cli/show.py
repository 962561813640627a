"""How anything is printed: names are data, never markup, and what they hold is seen."""

from typing import Any

from rich.console import Console
from rich.text import Text

from sparsight.unseen import visible


class Screen(Console):
    """The terminal, for text that holds names: without markup, codes of emoji and colours by what a word spells; and
    control characters are written out.
    """

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **how: Any) -> Text:
        """Every string that is printed, the cells and titles of tables among them, comes by here."""
        return super().render_str(visible(text), **{**how, "markup": False, "emoji": False})

    def unfolded(self, text: str) -> None:
        """Print a line that is not folded, so that paths in it can be copied."""
        self.print(text, soft_wrap=True)
