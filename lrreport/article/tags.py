"""The tags of the templates. Both languages of every text stand side by side; each tag takes both or is refused.

    {% h 2 "momentum" %}{% th %}โมเมนตัม{% en %}Momentum{% endh %}
    {% p "momentum-idea" %}{% th %}...{% en %}...{% endp %}
    {% bi %}{% th %}...{% en %}...{% endbi %}
    {% fig "momentum" %}{% th %}...{% en %}...{% endfig %}
    {% tab results_table("momentum") id="momentum" %}{% th %}...{% en %}...{% endtab %}
    {% lst "momentum" %}{% th %}...{% en %}...{% endlst %}
    {% ex "momentum-rate" %}{% th %}...{% en %}...{% endex %}
    {% answer "momentum-rate" %}{% th %}...{% en %}...{% endanswer %}
    {% note %}{% th %}...{% en %}...{% endnote %}
    {% fn "momentum-pytorch" %}...{% endfn %}
    {% takeaway %}...{% endtakeaway %}
    {% source_box %}...{% endsource_box %}
    {% bib "robbins1951" %}...{% endbib %}
    {% verdict claims["decay-0.1-slow"] %}{% holds %}...{% fails %}...{% cannot %}...{% endverdict %}
    {% told "momentum-result" when holds("momentum-faster/0.9") %}{% th %}...{% en %}...{% plain_th %}...{% plain_en %}...{% endtold %}

`told` is a paragraph that was written for what came out. Where its guard, the condition after `when`, does not hold, the
plain sentence stands in its place, or nothing where it has none; and its id is among those that wait for their author.

`note`, `takeaway`, `source_box` and `bib` may also hold parts that are bilingual themselves, without `th` and `en`; so may
`fn`, which stands inside a paragraph's part in one language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context

from lrreport.article.blocks import Writer, trim_end, trim_start
from lrreport.errors import RenderError

#: Name in a template's context under which the writer of the pass stands.
WRITER: Final = "article_writer"
_RAW_STRING: Final = re.compile(r'(?<=[\s(,~=+\[{])r"([^"\n]*)"')
_LANGUAGES: Final = ("th", "en")
#: What is printed in place of a paragraph that was written for other results.
_PLAIN: Final = ("plain_th", "plain_en")
_TAGS: Final = (
    "h",
    "p",
    "bi",
    "fig",
    "tab",
    "lst",
    "ex",
    "answer",
    "note",
    "fn",
    "takeaway",
    "source_box",
    "bib",
    "verdict",
    "told",
)
_VERDICTS: Final[Mapping[str, str]] = {"holds": "holds", "fails": "fails", "cannot": "cannot-tell"}


class ArticleTags(Extension):
    """Jinja2 extension with every tag of the article."""

    tags = set(_TAGS)  # noqa: RUF012 - Jinja2 reads it from the class

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - Jinja2's
        r"""Let templates write TeX as r"\eta": Jinja2 has no raw strings, so their backslashes are doubled here."""
        return _RAW_STRING.sub(lambda match: '"' + match[1].replace("\\", "\\\\") + '"', source)

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Turn a tag into a call of the writer; Jinja2 calls this."""
        token = next(parser.stream)
        tag, line = token.value, token.lineno
        if tag == "verdict":
            return self._parse_verdict(parser, line)
        if tag == "told":
            return self._parse_told(parser, line)
        arguments = self._parse_arguments(parser, tag, line)
        body = self._parse_body(parser, tag, line)
        call = self.call_method("_write", [nodes.ContextReference(), nodes.Const(tag), *arguments])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    @staticmethod
    def _parse_arguments(parser: Parser, tag: str, line: int) -> list[nodes.Expr]:
        """The expressions between a tag's name and its end."""
        stream = parser.stream

        def expect(condition: object, expected: str) -> None:
            if not condition:
                parser.fail(f"the tag '{tag}' is written {expected}", line)

        arguments: list[nodes.Expr] = []
        if tag == "h":
            expect(stream.current.type == "integer", '{% h 2 "id" %}')
            arguments.append(parser.parse_primary())
        if tag in ("h", "p", "fig", "lst", "bib", "ex", "answer", "fn"):
            form = "h 2" if tag == "h" else tag
            expect(stream.current.type != "block_end", f'{{% {form} "id" %}}')
            arguments.append(parser.parse_expression())
        if tag == "h" and stream.skip_if("name:numbered"):
            stream.expect("assign")
            arguments.append(parser.parse_primary())
        if tag == "tab":
            form = '{% tab table id="id" %}'
            expect(stream.current.type != "block_end", form)
            arguments.append(parser.parse_expression())
            expect(stream.skip_if("name:id") and stream.skip_if("assign"), form)
            arguments.append(parser.parse_expression())
        expect(stream.current.type == "block_end", "without further words")
        return arguments

    def _parse_body(self, parser: Parser, tag: str, line: int) -> list[nodes.Node]:
        """A text in both languages; of a box also a text whose parts are bilingual themselves."""
        end = f"end{tag}"
        lead = parser.parse_statements((f"name:{end}", "name:th", "name:en"))
        is_free = tag in ("note", "fn", "takeaway", "source_box", "bib")
        if parser.stream.current.value == end:
            if not is_free:
                parser.fail(f"the tag '{tag}' has no parts: it needs {{% th %}} and {{% en %}}", line)
            next(parser.stream)
            return lead
        _refuse_lead(parser, lead, tag, "th", line)
        parts = self._parse_parts(parser, tag, _LANGUAGES, line)
        is_thai = nodes.Compare(nodes.Name("lang", "load"), [nodes.Operand("eq", nodes.Const("th"))])
        return [nodes.If(is_thai, parts["th"], [], parts["en"]).set_lineno(line)]

    @staticmethod
    def _parse_parts(
        parser: Parser, tag: str, names: tuple[str, ...], line: int, needed: tuple[str, ...] | None = None
    ) -> dict[str, list[nodes.Node]]:
        """The parts of a tag by name; the stream stands on the first part's name. All are needed, unless some are named."""
        end = f"end{tag}"
        stops = (f"name:{end}", *(f"name:{name}" for name in names))
        parts: dict[str, list[nodes.Node]] = {}
        while parser.stream.current.value != end:
            token = next(parser.stream)
            if token.value in parts:
                parser.fail(f"the tag '{tag}' has two parts '{token.value}'", token.lineno)
            parts[token.value] = _trim(parser.parse_statements(stops))
        next(parser.stream)
        if missing := [name for name in needed or names if name not in parts]:
            parser.fail(
                f"the tag '{tag}' lacks its part "
                + " and ".join(f"'{name}'" for name in missing)
                + "; it needs "
                + ", ".join(f"{{% {name} %}}" for name in names),
                line,
            )
        for name, body in parts.items():
            if name in (*_LANGUAGES, *_PLAIN) and _is_empty(body):
                parser.fail(f"the part '{name}' of the tag '{tag}' is empty", line)
        return parts

    def _parse_verdict(self, parser: Parser, line: int) -> nodes.Node:
        if parser.stream.current.type == "block_end":
            parser.fail("the tag 'verdict' is written {% verdict claim %}", line)
        subject = parser.parse_expression()
        names = tuple(_VERDICTS)
        lead = parser.parse_statements(("name:endverdict", *(f"name:{name}" for name in names)))
        _refuse_lead(parser, lead, "verdict", "holds", line)
        parts = self._parse_parts(parser, "verdict", names, line)
        chosen = parser.free_identifier(line)
        value = self.call_method("_verdict", [nodes.ContextReference(), subject]).set_lineno(line)

        def is_(name: str) -> nodes.Expr:
            verdict = nodes.Name(chosen.name, "load")
            return nodes.Compare(verdict, [nodes.Operand("eq", nodes.Const(_VERDICTS[name]))])

        others = [nodes.If(is_("fails"), parts["fails"], [], []).set_lineno(line)]
        choice = nodes.If(is_("holds"), parts["holds"], others, parts["cannot"]).set_lineno(line)
        return nodes.With([nodes.Name(chosen.name, "param")], [value], [choice]).set_lineno(line)

    def _parse_told(self, parser: Parser, line: int) -> list[nodes.Node]:
        form = '{% told "id" when condition %}'
        if parser.stream.current.type != "string":
            parser.fail(f"the tag 'told' is written {form}", line)
        identifier = nodes.Const(next(parser.stream).value)
        if not parser.stream.skip_if("name:when"):
            parser.fail(f"the tag 'told' is written {form}", line)
        guard = parser.parse_expression()
        names = (*_LANGUAGES, *_PLAIN)
        lead = parser.parse_statements(("name:endtold", *(f"name:{name}" for name in names)))
        _refuse_lead(parser, lead, "told", "th", line)
        parts = self._parse_parts(parser, "told", names, line, needed=_LANGUAGES)
        if len(set(_PLAIN) & set(parts)) == 1:
            parser.fail("the tag 'told' has its plain sentence in one language only", line)
        is_thai = nodes.Compare(nodes.Name("lang", "load"), [nodes.Operand("eq", nodes.Const("th"))])

        def paragraph(thai: str, english: str) -> list[nodes.Node]:
            call = self.call_method("_write", [nodes.ContextReference(), nodes.Const("p"), identifier])
            body = nodes.If(is_thai, parts[thai], [], parts[english]).set_lineno(line)
            return [nodes.CallBlock(call, [], [], [body]).set_lineno(line)]

        told = self.call_method("_told", [nodes.ContextReference(), identifier, guard]).set_lineno(line)
        plain = paragraph(*_PLAIN) if _PLAIN[0] in parts else []
        return [nodes.If(told, paragraph(*_LANGUAGES), [], plain).set_lineno(line)]

    def _told(self, context: Context, identifier: str, guard: object) -> bool:
        return _writer_of(context).told(identifier, holds=bool(guard))

    def _write(self, context: Context, tag: str, *arguments: Any, caller: Callable[[], str]) -> str:
        writer = _writer_of(context)
        if tag == "h":
            level, identifier, *numbered = arguments
            return writer.heading(level, identifier, caller, numbered=numbered[0] if numbered else None)
        if tag == "tab":
            table, identifier = arguments
            return writer.table(table, identifier, caller)
        if not arguments:
            return writer.inline(caller) if tag == "bi" else writer.box(tag.replace("_", "-"), caller)
        (identifier,) = arguments
        write: Mapping[str, Callable[[str, Callable[[], str]], str]] = {
            "p": writer.paragraph,
            "fig": writer.figure,
            "lst": writer.listing,
            "bib": writer.bibliography_entry,
            "ex": writer.exercise,
            "answer": writer.answer,
            "fn": writer.footnote,
        }
        return write[tag](identifier, caller)

    def _verdict(self, context: Context, subject: object) -> str:
        return _writer_of(context).verdict(subject)


def _writer_of(context: Context) -> Writer:
    writer = context.get(WRITER)
    if not isinstance(writer, Writer):
        raise RenderError(
            "A tag of the article is used where the article's context is not", fix="import the template 'with context'"
        )
    return writer


def _trim(body: list[nodes.Node]) -> list[nodes.Node]:
    """Take the template's line breaks off both ends of a part, before anything is rendered."""
    for place, trim in ((0, trim_start), (-1, trim_end)):
        output = body[place] if body else None
        data = output.nodes[place] if isinstance(output, nodes.Output) and output.nodes else None
        if isinstance(data, nodes.TemplateData):
            data.data = trim(data.data)
    return body


def _is_empty(body: list[nodes.Node]) -> bool:
    return all(
        isinstance(node, nodes.Output)
        and all(isinstance(item, nodes.TemplateData) and not item.data.strip() for item in node.nodes)
        for node in body
    )


def _refuse_lead(parser: Parser, lead: list[nodes.Node], tag: str, first: str, line: int) -> None:
    """Refuse text between a tag and its first part: it would be lost."""
    if not _is_empty(lead):
        parser.fail(f"the tag '{tag}' has text before its first part {{% {first} %}}", line)
