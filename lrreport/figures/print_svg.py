"""Thai labels that WeasyPrint prints right.

WeasyPrint lays out every code point of an SVG's text by itself, so that a tone mark is not lifted above the vowel
that it stands on. For print, each text with such marks is drawn as the glyph paths that
matplotlib has shaped; the text itself stays in the same place, painted neither with fill nor with stroke, so that it
is still selected, searched and copied. Everything else stays text.
"""

from __future__ import annotations

import copy
import re
from typing import Final
from xml.etree import ElementTree as ET

_SVG: Final = "{http://www.w3.org/2000/svg}"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
#: Thai vowels and marks above and below the line, and SARA AM, which shaping takes apart.
_NEEDS_SHAPING: Final = re.compile(
    "[\N{THAI CHARACTER MAI HAN-AKAT}\N{THAI CHARACTER SARA AM}-\N{THAI CHARACTER PHINTHU}"
    "\N{THAI CHARACTER MAITAIKHU}-\N{THAI CHARACTER YAMAKKAN}]"
)
_PAINT: Final = re.compile(r"(?:fill|stroke)\s*:[^;]*;?")


def merge_glyphs(text_svg: str, path_svg: str) -> str:
    """Take the shapes of Thai texts from one SVG of a figure into another.

    Args:
        text_svg: The figure with its texts as text.
        path_svg: The same figure with its texts as glyph paths; both as matplotlib wrote them.

    Returns:
        `text_svg`, its Thai texts made invisible, with their shapes beside them; as it is when it has none.
    """
    if not _NEEDS_SHAPING.search(text_svg):
        return text_svg
    # Both were written by matplotlib a moment ago, not by a stranger.
    root, shaped = ET.fromstring(text_svg), ET.fromstring(path_svg)  # noqa: S314
    groups = {group.get("id"): group for group in shaped.iter(f"{_SVG}g") if group.get("id", "").startswith("text_")}
    used: set[str] = set()
    for group in list(root.iter(f"{_SVG}g")):
        texts = [text for text in group.findall(f"{_SVG}text") if _NEEDS_SHAPING.search(text.text or "")]
        if not texts or group.get("id") not in groups:
            continue
        for text in texts:
            text.set("style", _PAINT.sub("", text.get("style", "")) + "; fill: none; stroke: none")
        for shape in groups[group.get("id")].findall(f"{_SVG}g"):
            glyphs = [item for item in shape.iter(f"{_SVG}use") if "clip-path" not in item.attrib]
            if not glyphs:
                continue
            drawing = ET.SubElement(group, shape.tag, shape.attrib)
            drawing.extend(copy.deepcopy(glyphs))
            used.update(glyph.get(_HREF, "").removeprefix("#") for glyph in glyphs)
    if used:
        definitions = ET.SubElement(root, f"{_SVG}defs")
        definitions.extend(path for path in shaped.iter(f"{_SVG}path") if path.get("id") in used)
    return ET.tostring(root, encoding="unicode")
