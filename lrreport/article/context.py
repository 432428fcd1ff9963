"""What the templates can ask for: facts, tables, formulas and references, all computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from lrreport.analysis.comparisons import ACCURACY_MARGIN
from lrreport.analysis.intervals import student_quantile
from lrreport.analysis.own_traits import MEMORY_MARGIN, SPENT_SHARE
from lrreport.analysis.summaries import SettingSummary
from lrreport.analysis.verdicts import Claim, Verdict, joint
from lrreport.article import appendix_tables, result_tables
from lrreport.article.blocks import Writer
from lrreport.article.facts import Facts
from lrreport.article.measured import Measured
from lrreport.article.settings_text import SHORT_TITLE, describe, describe_grid
from lrreport.article.small_curves import draw_small_curve
from lrreport.article.tables import HtmlTable
from lrreport.article.tags import WRITER
from lrreport.errors import RenderError
from lrreport.figures import Part, list_parts
from lrreport.figures.overview import name_optimizer
from lrreport.results import Results
from lrreport.spec import Setting, Study

#: The studies whose questions the source asked.
SOURCE_STUDIES: Final = frozenset({"learning-rate", "momentum", "decay", "plateau", "optimizers"})


def make_context(facts: Facts, writer: Writer) -> dict[str, Any]:
    """The variables and functions of one pass.

    Names in a template: `lang`, `medium`, `studies`, `seeds`, `n_seeds`, `epochs`, `edition`, `data`, `has_answers`, `run_count`,
    `setting_count`, `environments`, `ranking`, `claims`, `source_share`, `cover_optimizer`, `accuracy_margin`, `memory_margin`, `spent_share`, `student_quantile(freedom)`; `summary(study, setting)`, `has_study(id)`,
    `has_figure(name)`, `claims_of(group, study)`, `by_verdict(group, study)`,
    `has_claims(ids)`, `joint(claims)`, `describe(setting)`, `describe_grid(study)`, `figure_parts(study)`, `most_rows`, `rows_kept`, `short_title`; `results_table(study)`,
    `environment_table()`; `exercise_parts`; and what `Measured.functions` lists;
    `m(tex)`, `equation(id, tex, th=, en=)`, `ref("fig:id")`, `cite(id, ...)`.
    """
    language = writer.language
    results = facts.results
    summaries = {(item.study, item.setting): item for item in facts.summaries}
    claims = {claim.id: claim for claim in facts.claims}

    def find_study(study_id: str) -> Study:
        study = results.study(study_id)
        if study is None:
            raise RenderError(
                "The article has no such study",
                got=str(study_id),
                expected="one of " + ", ".join(study.id for study in results.studies),
                fix="put the part under {% if has_study(...) %}",
            )
        return study

    def summary(study_id: str, setting: str | Setting) -> SettingSummary:
        text = setting.text if isinstance(setting, Setting) else setting
        study = find_study(study_id)
        if (study.id, text) not in summaries:
            raise RenderError(
                "The study has no such setting",
                got=f"{study_id}, {text}",
                expected="one of " + ", ".join(setting.text for setting in study.settings),
            )
        return summaries[study.id, text]

    def results_table(study_id: str) -> HtmlTable:
        study = find_study(study_id)
        return result_tables.results_table(study, [summary(study.id, setting) for setting in study.settings], language)

    def figure_parts(study_id: str) -> tuple[Part, ...]:
        return tuple(part for part in list_parts(find_study(study_id)) if part.name in writer.figures)

    def claims_of(group: str, study_id: str | None = None) -> tuple[Claim, ...]:
        return tuple(claim for claim in facts.claims if claim.group == group and study_id in (None, claim.study))

    def by_verdict(group: str, study_id: str | None = None) -> tuple[tuple[Verdict, tuple[Claim, ...]], ...]:
        found = claims_of(group, study_id)
        sorted_out = ((verdict, tuple(claim for claim in found if claim.verdict is verdict)) for verdict in Verdict)
        return tuple(item for item in sorted_out if item[1])

    def has_claims(ids: Iterable[str]) -> bool:
        return all(identifier in claims for identifier in ids)

    return {
        **Measured(results, claims).functions(),
        WRITER: writer,
        "lang": language,
        "medium": writer.medium,
        "studies": results.studies,
        "seeds": results.seeds,
        "n_seeds": len(results.seeds),
        "epochs": facts.edition.epochs,
        "edition": facts.edition,
        "data": facts.data,
        "has_answers": facts.has_answers,
        # On a page an answer stands folded under its question, in print at the end.
        "exercise_parts": "qa" if facts.has_answers and writer.medium == "web" else "q",
        "run_count": len(facts.run_keys),
        "setting_count": sum(len(study.settings) for study in results.studies),
        "environments": facts.environments,
        "ranking": tuple(facts.ranking),
        "claims": claims,
        "source_share": _weigh_source(results),
        "cover_optimizer": name_optimizer(results),
        "claims_of": claims_of,
        "by_verdict": by_verdict,
        "has_claims": has_claims,
        "joint": joint,
        "accuracy_margin": ACCURACY_MARGIN,
        "memory_margin": MEMORY_MARGIN,
        "spent_share": SPENT_SHARE,
        "student_quantile": student_quantile,
        "summary": summary,
        "has_study": lambda study_id: results.study(study_id) is not None,
        "has_figure": lambda name: name in writer.figures,
        "figure_parts": figure_parts,
        "describe_grid": lambda study: describe_grid(study, language),
        "most_rows": result_tables.MOST_ROWS,
        "rows_kept": result_tables.ROWS_KEPT,
        "short_title": SHORT_TITLE,
        "describe": lambda setting: describe(setting, language),
        "results_table": results_table,
        "environment_table": lambda: appendix_tables.environment_table(facts, language),
        "m": writer.maths,
        "equation": writer.equation,
        "small_curve": draw_small_curve,
        "ref": writer.refer,
        "cite": writer.cite,
    }


def _weigh_source(results: Results) -> Literal["most", "some", "none"]:
    """How many of a report's studies ask what the source asked."""
    theirs = sum(study.id in SOURCE_STUDIES for study in results.studies)
    if not theirs:
        return "none"
    return "most" if 2 * theirs > len(results.studies) else "some"
