"""The same colour for the same setting, in every figure of a report."""

from __future__ import annotations

from dataclasses import replace

from lrreport.figures.theme import PALETTE
from lrreport.keys import canonical
from lrreport.results import Results
from lrreport.spec import RunSpec, Setting, Study


def identify(spec: RunSpec) -> str:
    """What a setting trains: equal texts are the same runs, whatever study they stand in."""
    return repr(canonical(spec))


def colour_settings(results: Results) -> dict[str, str]:
    """A colour for every setting of the report, by `identify`.

    A setting that stands in several studies keeps the colour of the first. Within a study, colours are given in the
    palette's order, without those that its other settings brought along, and without those of the same trainings at a
    fixed rate, which stand beside them in a figure; after its last colour the palette begins anew.

    Args:
        results: Whose studies, in the article's order, are coloured.
    """
    colours: dict[str, str] = {}
    for study in results.studies:
        names = [identify(setting.spec) for setting in study.settings]
        plain = [identify(_plain(setting.spec)) for setting in study.settings]
        taken = {colours[name] for name in (*names, *plain) if name in colours}
        free = [colour for colour in PALETTE if colour not in taken] or list(PALETTE)
        new = [name for name in dict.fromkeys(names) if name not in colours]
        colours.update({name: free[number % len(free)] for number, name in enumerate(new)})
    return colours


def colours_of(results: Results, study: Study) -> tuple[str, ...]:
    """The colour of each setting of a study, in file order."""
    colours = colour_settings(results)
    return tuple(colours[identify(setting.spec)] for setting in study.settings)


def find_plain(results: Results, study: Study) -> Setting | None:
    """The training at a fixed rate that all settings of a study go back to, when some study of the report has it.

    None where the study itself holds it, or its settings have none in common.
    """
    plain = {identify(_plain(setting.spec)) for setting in study.settings}
    own = {identify(setting.spec) for setting in study.settings}
    if len(plain) != 1 or plain & own:
        return None
    epochs = {setting.epochs for setting in study.settings}
    for other in (setting for item in results.studies for setting in item.settings):
        if identify(other.spec) in plain and epochs == {other.epochs}:
            return other
    return None


def _plain(spec: RunSpec) -> RunSpec:
    """The same training with neither decay nor plateau callback."""
    return replace(spec, plateau=None, decay=0.0)
