"""The tags of the templates: both languages or none, every verdict, numbers and references that hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from lrreport.analysis.verdicts import Claim, Verdict
from lrreport.article.blocks import Writer
from lrreport.article.environment import find_listing, make_environment, render_template
from lrreport.article.numbering import Numbering, check_same_structure
from lrreport.article.rows import split_blocks
from lrreport.article.tags import WRITER
from lrreport.article.words import Language
from lrreport.errors import RenderError, UsageError


def claim(verdict: Verdict) -> Claim:
    return Claim("a/1", "a", "momentum", "1", "swing", 0.0, 3, 0, verdict)


def render(
    folder: Path,
    source: str,
    language: Language = "en",
    medium: str = "web",
    waiting: set[str] | None = None,
    **values: object,
) -> tuple[str, Numbering]:
    """Both passes over one template; `waiting` takes the ids of paragraphs that were written for other results."""
    (folder / "page.html.j2").write_text(source, "utf-8")
    environment = make_environment(folder)
    known = None
    for _ in range(2):
        numbering = Numbering(language, known)
        find = partial(find_listing, environment, language=language)
        noted = set() if waiting is None else waiting
        writer = Writer(language, medium, numbering, {}, find, noted)  # type: ignore[arg-type]
        context: Mapping[str, object] = {
            WRITER: writer,
            "lang": language,
            "medium": medium,
            "ref": writer.refer,
            "cite": writer.cite,
            "m": writer.maths,
            "equation": writer.equation,
            **values,
        }
        html = render_template(environment, "page.html.j2", context)
        known = numbering.labels
    return "".join(block.html for block in split_blocks(html)), numbering


def test_tag_writes_the_language_that_is_asked_for(tmp_path: Path) -> None:
    """A paragraph holds the words of one language, under an id that names the language."""
    source = '{% p "idea" %}{% th %}แนวคิด{% en %}idea{% endp %}'
    assert render(tmp_path, source, "en")[0] == '<p id="en-p-idea">idea</p>'
    assert render(tmp_path, source, "th")[0] == '<p id="th-p-idea">แนวคิด</p>'


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ('{% p "a" %}{% th %}ก{% endp %}', "'en'"),
        ('{% p "a" %}{% en %}a{% endp %}', "'th'"),
        ('{% h 2 "a" %}a{% endh %}', "no parts"),
        ("{% bi %}{% th %}ก{% en %} \n {% endbi %}", "'en' of the tag 'bi' is empty"),
        ("{% bi %}{% th %}ก{% th %}ข{% en %}b{% endbi %}", "two parts 'th'"),
        ("{% bi %}{% th %}ก{% fr %}a{% en %}b{% endbi %}", "'fr'"),
        ("{% bi %}lost{% th %}ก{% en %}b{% endbi %}", "text before"),
        ("{% note %}lost{% th %}ก{% en %}b{% endnote %}", "text before"),
        ('{% fig "a" %}{% th %}ก{% endfig %}', "'en'"),
        ("{% verdict c %}{% holds %}a{% fails %}b{% endverdict %}", "'cannot'"),
        ("{% verdict c %}{% holds %}a{% endverdict %}", "'fails' and 'cannot'"),
        ("{% verdict c %}{% holds %}a{% fails %}b{% cannot %}c{% perhaps %}d{% endverdict %}", "'perhaps'"),
        ("{% verdict %}{% holds %}a{% fails %}b{% cannot %}c{% endverdict %}", "{% verdict claim %}"),
        ("{% tab t %}{% th %}ก{% en %}a{% endtab %}", 'id="id"'),
        ("{% h 2 %}{% th %}ก{% en %}a{% endh %}", '{% h 2 "id" %}'),
        ('{% told "a" when c %}{% th %}ก{% endtold %}', "lacks its part 'en'"),
        ('{% told "a" when c %}{% en %}a{% endtold %}', "lacks its part 'th'"),
        ('{% told "a" when c %}{% plain_th %}ก{% plain_en %}a{% endtold %}', "lacks its part 'th' and 'en'"),
        ('{% told "a" when c %}a{% endtold %}', "text before its first part {% th %}"),
        ('{% told "a" when c %}{% endtold %}', "lacks its part 'th' and 'en'"),
        ('{% told "a" when c %}{% th %}ก{% en %}a{% plain_th %}ข{% endtold %}', "plain sentence in one language only"),
        ('{% told "a" when c %}{% th %}ก{% en %}a{% plain_en %}b{% endtold %}', "plain sentence in one language only"),
        ('{% told "a" when c %}{% th %}ก{% en %} {% endtold %}', "'en' of the tag 'told' is empty"),
        ('{% told "a" when c %}{% th %}ก{% en %}a{% plain_th %} {% plain_en %}b{% endtold %}', "'plain_th' of the tag"),
        ('{% told "a" when c %}{% th %}ก{% th %}ข{% en %}a{% endtold %}', "two parts 'th'"),
        ('{% told "a" when c %}{% th %}ก{% en %}a{% fr %}b{% endtold %}', "'fr'"),
        ('{% told "a" %}{% th %}ก{% en %}a{% endtold %}', '{% told "id" when condition %}'),
        ('{% told "a" if c %}{% th %}ก{% en %}a{% endtold %}', '{% told "id" when condition %}'),
        ("{% told a when c %}{% th %}ก{% en %}a{% endtold %}", '{% told "id" when condition %}'),
        ("{% told %}{% th %}ก{% en %}a{% endtold %}", '{% told "id" when condition %}'),
        ('{% told "a" when %}{% th %}ก{% en %}a{% endtold %}', "end of statement block"),
        ('{% told "a" when c d %}{% th %}ก{% en %}a{% endtold %}', "end of statement block"),
    ],
)
def test_incomplete_tag_is_refused_with_file_and_line(tmp_path: Path, source: str, named: str) -> None:
    """A tag without one of its parts, or with a foreign one, does not get past reading the template."""
    with pytest.raises(RenderError) as caught:
        render(tmp_path, f"\n\n{source}", c=claim(Verdict.HOLDS))
    assert named in str(caught.value)
    assert "page.html.j2, line 3" in str(caught.value)


@pytest.mark.parametrize(
    ("verdict", "word"), [(Verdict.HOLDS, "yes"), (Verdict.FAILS, "no"), (Verdict.CANNOT_TELL, "perhaps")]
)
def test_verdict_chooses_the_words(tmp_path: Path, verdict: Verdict, word: str) -> None:
    """The words follow the verdict of a claim, of several claims at once, and of a bare verdict, inside and outside."""
    parts = "{% holds %}yes{% fails %}no{% cannot %}perhaps{% endverdict %}"
    source = f"{{% verdict one %}}{parts} {{% bi %}}{{% th %}}ก{{% en %}}{{% verdict many %}}{parts}{{% endbi %}} {{% verdict bare %}}{parts}"
    html, _ = render(tmp_path, source, one=claim(verdict), many=[claim(Verdict.HOLDS), claim(verdict)], bare=verdict)
    assert html == f"{word} {word} {word}"


TOLD = '{% told "x" when guard %}{% th %}ที่วัดได้{% en %}as measured{% plain_th %}ทั่วไป{% plain_en %}plainly{% endtold %}'
TOLD_ALONE = '{% told "x" when guard %}{% th %}ที่วัดได้{% en %}as measured{% endtold %}'


@pytest.mark.parametrize("guard", [True, 1, "yes", [False], 0.5])
def test_a_told_paragraph_stands_where_its_guard_holds(tmp_path: Path, guard: object) -> None:
    """It is a paragraph like any other, in the language that is asked for, and nobody waits."""
    waiting: set[str] = set()
    for source in (TOLD, TOLD_ALONE):
        html, numbering = render(tmp_path, source, "en", waiting=waiting, guard=guard)
        assert html == '<p id="en-p-x">as measured</p>'
        assert ("p", "x") in numbering.labels
        assert render(tmp_path, source, "th", waiting=waiting, guard=guard)[0] == '<p id="th-p-x">ที่วัดได้</p>'
    assert waiting == set()


@pytest.mark.parametrize("guard", [False, None, 0, "", [], 0.0])
def test_a_told_paragraph_waits_where_its_guard_does_not_hold(tmp_path: Path, guard: object) -> None:
    """Its plain sentence stands in its place under its id, or nothing where it has none; its id is noted, once."""
    for language, words in (("en", "plainly"), ("th", "ทั่วไป")):
        waiting: set[str] = set()
        html, _ = render(tmp_path, f"a{TOLD}b", language, waiting=waiting, guard=guard)
        assert html == f'a<p id="{language}-p-x">{words}</p>b'
        assert waiting == {"x"}
        waiting.clear()
        html, numbering = render(tmp_path, f"a{TOLD_ALONE}b", language, waiting=waiting, guard=guard)
        assert html == "ab"
        assert waiting == {"x"}
        assert ("p", "x") not in numbering.labels


def test_each_told_paragraph_waits_by_itself(tmp_path: Path) -> None:
    """The ids of those that wait are told, of those that stand not; the guard may be any condition."""
    source = "".join(
        f'{{% told "p-{number}" when {guard} %}}{{% th %}}ก{{% en %}}{number}{{% endtold %}}'
        for number, guard in enumerate(
            (
                "a",
                "not a",
                "a and b",
                "a or b",
                "a == 1",
                "number > 2",
                "number > 3 and a",
                "calls(1, 2)",
                "a if b else 0",
            )
        )
    )
    waiting: set[str] = set()
    html, _ = render(tmp_path, source, waiting=waiting, a=True, b=False, number=3, calls=lambda one, two: one < two)
    assert html == "".join(f'<p id="en-p-p-{number}">{number}</p>' for number in (0, 3, 4, 5, 7))
    assert waiting == {"p-1", "p-2", "p-6", "p-8"}


def test_only_what_is_printed_is_asked_for(tmp_path: Path) -> None:
    """Numbers that a told paragraph leans on need not be there where it waits, nor the plain ones where it stands."""
    parts = "{% th %}{{ told_number }}{% en %}{{ told_number }}{% plain_th %}{{ plain }}{% plain_en %}{{ plain }}"
    source = f'{{% told "x" when guard %}}{parts}{{% endtold %}}'
    assert render(tmp_path, source, guard=True, told_number=7)[0] == '<p id="en-p-x">7</p>'
    assert render(tmp_path, source, guard=False, plain=8)[0] == '<p id="en-p-x">8</p>'
    with pytest.raises(RenderError, match="told_number"):
        render(tmp_path, source, guard=True, plain=8)


def test_a_guard_that_cannot_be_decided_is_refused_with_file_and_line(tmp_path: Path) -> None:
    """What a guard asks for and is not there, or what goes wrong in it, is an error of the template, not a paragraph that waits."""
    for guard in ("nothing", "nothing()", "known.nothing", "1 > none", "1 / 0"):
        with pytest.raises(RenderError) as caught:
            render(tmp_path, f"a\n\n{TOLD_ALONE.replace('when guard', f'when {guard}')}", known={})
        assert "page.html.j2, line 3" in str(caught.value), guard


def test_a_told_paragraph_keeps_the_rules_of_paragraphs(tmp_path: Path) -> None:
    """Its id is plain and its own, it stands in boxes and not in paragraphs, and both languages have it or neither."""
    with pytest.raises(RenderError, match="malformed"):
        render(tmp_path, TOLD.replace('"x"', '"X y"'), guard=True)
    with pytest.raises(RenderError, match="same id"):
        render(tmp_path, TOLD + TOLD, guard=True)
    with pytest.raises(RenderError, match="paragraph"):
        render(tmp_path, f'{{% p "a" %}}{{% th %}}ก{TOLD}{{% en %}}a{TOLD}{{% endp %}}', guard=True)
    boxed, _ = render(tmp_path, f"{{% note %}}{TOLD}{{% endnote %}}", guard=False)
    assert boxed == '<div class="box note" id="en-note-1"><p id="en-p-x">plainly</p></div>'
    for guard in (True, False):
        both = {language: render(tmp_path, TOLD_ALONE, language, guard=guard)[1].labels for language in ("th", "en")}
        check_same_structure(both)
    one = TOLD_ALONE.replace("when guard", 'when lang == "th"')
    with pytest.raises(RenderError, match="p:x"):
        check_same_structure({language: render(tmp_path, one, language)[1].labels for language in ("th", "en")})
    breaks = TOLD.replace("%}{%", "%}\n{%").replace("as measured", "\n  as measured\n")
    assert render(tmp_path, breaks, guard=True)[0] == '<p id="en-p-x">as measured</p>'


def test_line_breaks_of_the_template_are_not_text(tmp_path: Path) -> None:
    """Parts on lines of their own add no space to the sentence; spaces that stand in a part stay."""
    source = "a{% verdict c %}\n  {% holds %}b\n  {% fails %}\nno\n{% cannot %}no{% endverdict %}c{% bi %}{% th %}ก{% en %} d{% endbi %}"
    assert render(tmp_path, source, c=claim(Verdict.HOLDS))[0] == "abc d"


def test_verdict_of_something_else_is_refused(tmp_path: Path) -> None:
    """A verdict tag on what is no claim, or on a claim that is not there, is an error, not the last variant."""
    parts = "{% holds %}a{% fails %}b{% cannot %}c{% endverdict %}"
    with pytest.raises(RenderError, match="needs a claim"):
        render(tmp_path, f"{{% verdict 3 %}}{parts}", claims={})
    with pytest.raises(RenderError, match="no attribute 'lr'"):
        render(tmp_path, f'{{% verdict claims["lr"] %}}{parts}', claims={})


def test_numbers_and_references(tmp_path: Path) -> None:
    """Everything is numbered in order; a reference may come first, and links to what it names."""
    source = """
    {{ ref("sec:b") }}, {{ ref("eq:two") }}, {{ cite("x") }}
    {% h 2 "a" %}{% th %}ก{% en %}First{% endh %}{{ equation("one", "a", th="เอ", en="a") }}
    {% h 3 "a-1" %}{% th %}ข{% en %}Part{% endh %}
    {% h 2 "b" %}{% th %}ค{% en %}Second{% endh %}{{ equation("two", "b", th="บี", en="b") }}
    {% h 2 "z" numbered=false %}{% th %}ค{% en %}Last{% endh %}{{ ref("sec:a-1") }}
    <ol>{% bib "x" %}X{% endbib %}</ol>
    """
    html, numbering = render(tmp_path, source)
    assert '<a class="ref" href="#en-b">Section 2</a>' in html
    assert '<a class="ref" href="#en-eq-two">Equation (2)</a>' in html
    assert '<a class="cite" href="#en-bib-x">[1]</a>' in html
    assert '<a class="ref" href="#en-a-1">“Part”</a>' in html
    assert [label.number for label in numbering.labels.values() if label.kind == "sec"] == ["1", "", "2", ""]
    assert '<a class="ref" href="#th-b">หัวข้อ 2</a>' in render(tmp_path, source, "th")[0]


def test_page_numbers_are_asked_for_only_where_they_help(tmp_path: Path) -> None:
    """In print a reference into another section asks for its page; one within the section, or on the web, does not."""
    source = """{% h 2 "a" %}{% th %}ก{% en %}First{% endh %}{{ ref("sec:a") }}|{{ ref("sec:b") }}
    {% h 2 "b" %}{% th %}ค{% en %}Second{% endh %}"""
    html, _ = render(tmp_path, source, medium="print")
    assert '<a class="ref whole" href="#en-a">' in html
    assert '<a class="ref far whole" href="#en-b">' in html
    assert "far" not in render(tmp_path, source)[0]


@pytest.mark.parametrize("target", ["sec:nowhere", "nowhere", "fig:nowhere"])
def test_reference_to_nothing_is_refused(tmp_path: Path, target: str) -> None:
    """A reference that points at nothing fails the page, naming file and line."""
    with pytest.raises(RenderError, match="points at nothing") as caught:
        render(tmp_path, f'\n{{{{ ref("{target}") }}}}')
    assert target in str(caught.value)
    assert "page.html.j2, line 2" in str(caught.value)
    with pytest.raises(RenderError, match="points at nothing"):
        render(tmp_path, f'{{{{ cite("{target}") }}}}')


def test_same_id_twice_is_refused(tmp_path: Path) -> None:
    """Two paragraphs, or two headings, cannot have one id; a paragraph and a heading can."""
    p = '{% p "a" %}{% th %}ก{% en %}a{% endp %}'
    h = '{% h 2 "a" %}{% th %}ก{% en %}a{% endh %}'
    assert "en-p-a" in render(tmp_path, p + h)[0]
    for twice in (p + p, h + h):
        with pytest.raises(RenderError, match="same id"):
            render(tmp_path, twice)


@pytest.mark.parametrize("identifier", ["A b", "", "a--b", "<x>"])
def test_malformed_id_is_refused(tmp_path: Path, identifier: str) -> None:
    """An id becomes part of an address, so that only plain ones are taken."""
    with pytest.raises(RenderError, match="malformed"):
        render(tmp_path, f'{{% p "{identifier}" %}}{{% th %}}ก{{% en %}}a{{% endp %}}')


def test_block_inside_a_paragraph_is_refused(tmp_path: Path) -> None:
    """An equation or another paragraph inside a paragraph would end it early in the browser."""
    equation = '{% p "a" %}{% th %}ก{% en %}{{ equation("e", "a", th="เอ", en="a") }}{% endp %}'
    paragraph = '{% p "a" %}{% th %}ก{% en %}{% p "b" %}{% th %}ก{% en %}b{% endp %}{% endp %}'
    for source in (equation, paragraph):
        with pytest.raises(RenderError, match="paragraph"):
            render(tmp_path, source)


def test_figure_and_table_must_be_there(tmp_path: Path) -> None:
    """A figure that was not drawn, or a table that is none, fails the page instead of leaving a gap."""
    with pytest.raises(RenderError, match="not drawn"):
        render(tmp_path, '{% fig "x" %}{% th %}ก{% en %}a{% endfig %}')
    with pytest.raises(RenderError, match="needs a table"):
        render(tmp_path, '{% tab "x" id="x" %}{% th %}ก{% en %}a{% endtab %}')


def test_undefined_value_fails_with_file_and_line(tmp_path: Path) -> None:
    """Nothing that is missing becomes an empty string; the message says where it was asked for."""
    for source in ("{{ nothing }}", "{{ nothing|pct }}", "{% if nothing %}{% endif %}", "{{ lang.nothing|num }}"):
        with pytest.raises(RenderError) as caught:
            render(tmp_path, f"a\nb\n{source}")
        assert "page.html.j2, line 3" in str(caught.value), source
        assert "nothing" in str(caught.value)


def test_missing_folder_of_templates_is_a_usage_error(tmp_path: Path) -> None:
    """`--templates` with a folder that is not there is refused; one with a single file replaces that file alone."""
    with pytest.raises(UsageError):
        make_environment(tmp_path / "nowhere")
    (tmp_path / "partials").mkdir()
    (tmp_path / "partials" / "title.html.j2").write_text("mine", "utf-8")
    environment = make_environment(tmp_path)
    assert environment.get_template("partials/title.html.j2").render() == "mine"
    assert environment.get_template("article.html.j2").filename != str(tmp_path / "article.html.j2")


def test_words_are_escaped(tmp_path: Path) -> None:
    """What comes from a file or from results is text, never markup."""
    source = '{% p "a" %}{% th %}ก{% en %}{{ words }}{% endp %}{% h 2 "b" %}{% th %}ก{% en %}{{ words }}{% endh %}'
    html, numbering = render(tmp_path, source, words="<script>alert(1)</script>")
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2
    assert "<script" not in str(numbering.labels["sec", "b"].title)


def test_formula_has_words_in_both_media(tmp_path: Path) -> None:
    """A formula is MathML on the web and a drawing in print, both with their spoken form; TeX keeps its backslashes."""
    source = r"""{{ m(r"\eta") }}{{ equation("e", r"\theta \leftarrow \theta - 1", th="ทีตาลดลง", en="theta falls") }}"""
    web, _ = render(tmp_path, source)
    assert '<math display="inline" alttext="eta"><mrow><mi>η</mi></mrow></math>' in web
    assert 'alttext="theta falls"' in web
    assert "<mo>−</mo>" in web
    drawn, _ = render(tmp_path, source, "th", "print")
    assert "<title>อีตา</title>" in drawn
    assert "<title>ทีตาลดลง</title>" in drawn
    assert "<math" not in drawn
    assert "vertical-align" in drawn


@pytest.mark.parametrize("tex", [r"\frac{1}{", "a^b^c", r"\nosuchthing x"])
def test_formula_that_cannot_be_read_is_refused(tmp_path: Path, tex: str) -> None:
    """A mistake in TeX fails the page in both media; it is neither drawn as it stands nor left out."""
    for medium in ("web", "print"):
        with pytest.raises(RenderError, match="cannot be read"):
            render(tmp_path, f'{{{{ m(r"{tex}") }}}}', medium=medium)


def test_box_takes_words_or_parts(tmp_path: Path) -> None:
    """A box holds a text in both languages, or paragraphs that are bilingual themselves."""
    html, _ = render(tmp_path, "{% note %}{% th %}ก{% en %}a{% endnote %}")
    assert html == '<div class="box note" id="en-note-1"><p>a</p></div>'
    inner = '{% p "x" %}{% th %}ก{% en %}b{% endp %}'
    html, _ = render(tmp_path, f"{{% source_box %}}{inner}{{% endsource_box %}}")
    assert html == (
        '<div class="box source-box" id="en-source-box-1"><p class="box-title">Checked</p><p id="en-p-x">b</p></div>'
    )


FOOTNOTE = '{% p "x" %}{% th %}ก{% fn "y" %}ข{% endfn %}{% en %}a{% fn "y" %}<i>b</i>{% endfn %} c{% endp %}'


def test_footnote_stands_below_its_paragraph_on_a_page(tmp_path: Path) -> None:
    """Nobody turns over a web page: the note follows its paragraph, and its number leads there."""
    html, _ = render(tmp_path, FOOTNOTE, medium="web")
    call = '<a class="fn-call" href="#en-fn-y" aria-label="Footnote 1"><sup>1</sup></a>'
    assert html == f'<p id="en-p-x">a{call} c</p><p class="fn" id="en-fn-y"><sup>1</sup> <i>b</i></p>'


def test_footnote_is_left_to_the_layout_in_print(tmp_path: Path) -> None:
    """In print it stands where it is called, and the style sheet takes it to the foot of the page."""
    html, _ = render(tmp_path, FOOTNOTE, medium="print")
    assert html == '<p id="en-p-x">a<span class="fn" data-number="1"><i>b</i></span> c</p>'


def test_footnote_outside_a_paragraph_is_refused(tmp_path: Path) -> None:
    """It would belong to nothing."""
    with pytest.raises(RenderError, match="outside a paragraph"):
        render(tmp_path, '{% fn "y" %}b{% endfn %}')


def test_listing_keeps_its_indents(tmp_path: Path) -> None:
    """The code that is shown, its tags taken off, is the file's code, space for space."""
    (tmp_path / "listings").mkdir()
    code = "if a:\n    for b in c:\n        print(b)  # <d>\n"
    (tmp_path / "listings" / "x.py").write_text(code, "utf-8")
    html, _ = render(tmp_path, '{% lst "x" %}{% th %}ก{% en %}a{% endlst %}')
    import html as markup
    import re

    shown = markup.unescape(re.sub(r"<[^>]*>", "", html[html.index("<code>") : html.index("</code>")]))
    assert shown == code.rstrip("\n")


def test_blocks_are_cut_at_the_top_level(tmp_path: Path) -> None:
    """Parts inside a box or inside an element of the template stay with it; each other part is a block of its own."""
    (tmp_path / "page.html.j2").write_text(
        '{% p "a" %}{% th %}ก{% en %}a{% endp %}<div>{% p "b" %}{% th %}ก{% en %}b{% endp %}</div>'
        '{% note %}{% p "c" %}{% th %}ก{% en %}c{% endp %}{% endnote %}<ul><li>x<br></li></ul>',
        "utf-8",
    )
    numbering = Numbering("en")
    writer = Writer("en", "web", numbering, {}, lambda _: pytest.fail("no listing is asked for"))
    html = render_template(make_environment(tmp_path), "page.html.j2", {WRITER: writer, "lang": "en"})
    blocks = split_blocks(html)
    assert [block.key for block in blocks] == ["p:a", "between", "note:1", "between"]
    assert blocks[1].html.startswith("<div><p")
    assert blocks[1].html.endswith("</p>\n</div>")


def test_languages_must_have_the_same_parts(tmp_path: Path) -> None:
    """A paragraph that only one language has is found, and named."""
    p = '{% p "a" %}{% th %}ก{% en %}a{% endp %}'
    _, both = render(tmp_path, p)
    _, one = render(tmp_path, p + '{% if lang == "th" %}' + p.replace('"a"', '"b"') + "{% endif %}", "th")
    check_same_structure({"th": both.labels, "en": both.labels})
    with pytest.raises(RenderError, match="p:b"):
        check_same_structure({"th": one.labels, "en": both.labels})
