"""Articles that pages carry as JSON in their scripts: JSON-LD, Next.js data and flight strings."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from lxml import etree
from lxml import html as lxml_html

from gleanery.foreign_json import read_foreign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

MAX_SCRIPT = 2_000_000
"""Characters of one script that are read."""

MAX_NODES = 50_000
"""JSON values looked at in one script."""

_LD_BODY_KEYS = ("articleBody", "reviewBody")
_BODY_KEYS = (*_LD_BODY_KEYS, "bodyHtml", "contentHtml", "body", "content", "html", "text")
_TYPE_KEYS = ("type", "__typename", "name", "tag", "kind")
_TEXT_KEYS = ("text", "html", "content", "value", "body")
_TEXT_TYPES = ("p", "paragraph", "text", "paragraphblock", "textblock", "html", "heading")
_PARAGRAPH_TAGS = ("p", "h1", "h2", "h3", "h4", "li", "blockquote")
_FLIGHT = re.compile(r"^self\.__next_f\.push\((\[.*\])\);?$", re.DOTALL)
_FLIGHT_ROW = re.compile(rb"([0-9a-f]*):(?:T([0-9a-f]+),)?")
_PROSE = 200
"""Characters (or a ``<p>``) that make a string a body rather than a label."""


def json_ld(tree: HtmlElement) -> list[dict[str, Any]]:
    """Return the objects of the page's JSON-LD, lists and ``@graph`` taken apart, in order."""
    found: list[dict[str, Any]] = []
    for script in tree.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() == "application/ld+json":
            found += _top_objects(_load((script.text or "")[:MAX_SCRIPT]))
    return found


def json_text(tree: HtmlElement) -> str:
    """Return the longest article text that the page's scripts carry; empty if there is none.

    JSON-LD's ``articleBody`` is believed first; then Next.js' page data (``__NEXT_DATA__``) and
    flight strings (``self.__next_f.push``: rows of React elements) are searched for bodies, lists
    of text blocks and paragraphs.
    """
    return stated_text(tree) or max(map(_best_text, _script_values(tree)), key=len, default="")


def stated_text(tree: HtmlElement) -> str:
    """Return the longest ``articleBody`` of the page's JSON-LD; empty if there is none."""
    bodies = (
        _plain(value[key])
        for value in json_ld(tree)
        for key in _LD_BODY_KEYS
        if isinstance(value.get(key), str)
    )
    return max(bodies, key=len, default="")


def _script_values(tree: HtmlElement) -> Iterator[Any]:
    flight: list[str] = []
    for script in tree.iter("script"):
        text = (script.text or "")[:MAX_SCRIPT].strip()
        if script.get("id") == "__NEXT_DATA__" or script.get("type") == "application/json":
            yield _load(text)
        elif match := _FLIGHT.match(text):
            chunk = _load(match[1])
            if isinstance(chunk, list) and len(chunk) > 1 and isinstance(chunk[1], str):
                flight.append(chunk[1])
    yield list(_flight_rows("".join(flight).encode("utf-8", "ignore")))


def _flight_rows(stream: bytes) -> Iterator[Any]:
    """Yield the rows of a React flight stream: ``id:JSON`` and a newline, or ``id:Tlength,text``.

    A text row comes as a body, so that it is judged like one. Lengths are bytes, in hexadecimal.
    """
    at = 0
    while match := _FLIGHT_ROW.match(stream, at):
        if match[2]:
            at = match.end() + int(match[2], 16)
            yield {"body": stream[match.end() : at].decode("utf-8", "ignore")}
            continue
        end = stream.find(b"\n", match.end())
        at = len(stream) if end < 0 else end + 1
        yield _load(stream[match.end() : at].decode("utf-8", "ignore"))


def _load(text: str) -> Any:
    """Read JSON as pages write it; ``None`` if it cannot be read."""
    body = text.strip().removeprefix("<![CDATA[").removesuffix("]]>")
    try:
        return read_foreign(body, strict=False)
    except (ValueError, RecursionError):
        return None


def _top_objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for part in value:
            yield from _top_objects(part)
    elif isinstance(value, dict):
        if isinstance(value.get("@graph"), list):
            yield from (part for part in value["@graph"] if isinstance(part, dict))
        yield value


def _best_text(value: Any) -> str:
    """Return the longest candidate among bodies, lists of text blocks and rendered paragraphs."""
    candidates: list[str] = []
    rendered: list[str] = []
    for node in _walk(value):
        if isinstance(node, dict):
            candidates += [_plain(node[k]) for k in _BODY_KEYS if _is_prose(node.get(k))]
        elif node[:1] == ["$"]:
            rendered.append(_element_text(node))
        else:
            candidates.append(_joined(_block_text(part) for part in node))
    return max((*candidates, _joined(rendered)), key=len, default="")


def _walk(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield the objects and lists inside ``value``, outermost first, in order."""
    waiting = [value]
    for _ in range(MAX_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += reversed(node.values())
        elif isinstance(node, list):
            yield node
            waiting += reversed(node)


def _block_text(block: Any) -> str:
    """Return the text of a content block such as ``{"type": "paragraph", "text": "…"}``."""
    if not isinstance(block, dict):
        return ""
    kind = next((block[k] for k in _TYPE_KEYS if isinstance(block.get(k), str)), "")
    if kind.lower().rsplit(".", 1)[-1] not in _TEXT_TYPES:
        return ""
    return next((_plain(block[k]) for k in _TEXT_KEYS if isinstance(block.get(k), str)), "")


def _element_text(element: list[Any]) -> str:
    """Return the text of a React element ``["$", tag, key, props]`` if it is a paragraph."""
    if len(element) < 4 or element[1] not in _PARAGRAPH_TAGS:
        return ""
    return "".join(_strings(element[3])).strip()


def _strings(props: Any) -> Iterator[str]:
    children = props.get("children") if isinstance(props, dict) else None
    for child in children if isinstance(children, list) and children[:1] != ["$"] else [children]:
        if isinstance(child, str) and not child.startswith("$"):
            yield child
        elif isinstance(child, list) and len(child) > 3:
            yield from _strings(child[3])


def _plain(text: str) -> str:
    """Return ``text`` without markup, paragraphs parted by a newline."""
    if "<" not in text:
        return html.unescape(text) if "&" in text else text
    try:
        tree = lxml_html.fromstring(f"<div>{text[:MAX_SCRIPT]}</div>")
    except (etree.LxmlError, ValueError):
        return ""
    for element in tree.iter("p", "br", "div", "li", "h2", "h3", "h4"):
        element.tail = "\n" + (element.tail or "")
    return "".join(str(text) for text in tree.itertext())


def _is_prose(value: object) -> bool:
    return isinstance(value, str) and (len(value) >= _PROSE or "<p" in value)


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)
