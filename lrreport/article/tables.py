"""Tables as HTML: from a pandas frame of texts, with heads that say what they are the head of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """A table ready to be captioned.

    Attributes:
        frame: Every cell as it is printed, text or Markup; the first column heads its rows.
        heads: What stands above each column, by column name.
        numeric: Columns that are aligned at their right, so that digits stand below digits.
        kind: A class for style sheets, `wide` say.
    """

    frame: pd.DataFrame
    heads: Mapping[str, str | Markup]
    numeric: frozenset[str] = field(default_factory=frozenset)
    kind: str = "plain"

    def to_html(self, caption: Markup) -> Markup:
        """The `<table>` element.

        Args:
            caption: A whole `<caption>` element.
        """
        names = list(self.frame.columns)
        head = Markup("").join(
            Markup('<th scope="col"{}>{}</th>').format(self._class(name), self.heads[name]) for name in names
        )
        # One row alone needs no head of its own: a table of almost nothing but heads is hard to follow when read aloud.
        first_cell = Markup('<th scope="row"{}>{}</th>') if len(self.frame) > 1 else Markup("<td{}>{}</td>")
        rows = []
        for cells in self.frame.itertuples(index=False, name=None):
            first, *others = zip(names, cells, strict=True)
            row = first_cell.format(self._class(first[0]), _cell(first[1]))
            row += Markup("").join(
                Markup("<td{}>{}</td>").format(self._class(name), _cell(value)) for name, value in others
            )
            rows.append(Markup("<tr>{}</tr>").format(row))
        return Markup("<table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
            caption, head, Markup("\n").join(rows)
        )

    def _class(self, name: str) -> Markup:
        return Markup(' class="number"') if name in self.numeric else Markup("")


def _cell(value: object) -> Markup:
    return value if isinstance(value, Markup) else escape(str(value))
