"""What is wrong with a file of seeds, line by line, before a crawl finds out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from crawlers.scrapyd.checks import check_arguments, spiders
from gleanery.errors import ConfigError
from items import Seed, to_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = {field.name for field in fields(Seed)}
NEEDED = ("platform", "kind", "value")
MOST = 50
"""Problems told at most."""
DEEPEST = 10
"""Lists and mappings in one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that does not fit."""

    line: int
    """From 1 on."""
    field: str
    """Of the seed; empty = the seed or the file as a whole."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """An entry of the list, and where its parts stand."""

    value: Any
    node: yaml.Node

    @property
    def keys(self) -> list[tuple[str, int]]:
        pairs = self.node.value if isinstance(self.node, yaml.MappingNode) else []
        return [(str(key.value), key.start_mark.line + 1) for key, _ in pairs]

    def line(self, field: str) -> int:
        return dict(self.keys).get(field, self.node.start_mark.line + 1)


@lru_cache(maxsize=64)
def seed_problems(text: str) -> tuple[Problem, ...]:
    """Return what does not fit, in the order of lines; none = any crawl may take it.

    More is asked than of a file that an operator puts there by hand: no value may name a file of
    this machine, and each seed fits a spider that there is.
    """
    try:
        rows = _rows(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return (Problem(line=mark.line + 1 if mark else 1, field="", message=str(error.problem)),)
    except (yaml.YAMLError, ValueError) as error:
        return (Problem(line=1, field="", message=str(error)),)
    found = [problem for row in rows for problem in _problems(row)]
    labels = Counter(_label(row.value) for row in rows)
    found += [
        Problem(line=row.line("value"), field="value", message=f"{label} stands here twice (중복)")
        for row in rows
        if (label := _label(row.value)) and labels.pop(label, 0) > 1
    ]
    return tuple(sorted(found, key=lambda problem: problem.line)[:MOST])


def _rows(text: str) -> list[_Row]:
    """Return the entries.

    Raises:
        YAMLError: It is no YAML, has aliases, or no list of seeds.
    """
    _check_shape(text)
    loader = yaml.SafeLoader(text)
    node: Any = loader.get_single_node()
    data: Any = loader.construct_document(node) if node else None
    if isinstance(node, yaml.MappingNode):
        node = next((value for key, value in node.value if key.value == "seeds"), node)
        data = data.get("seeds")
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _error(
            "expected a list of seeds, or one under 'seeds' (시드 목록이 필요합니다)", node
        )
    return [_Row(value=value, node=child) for value, child in zip(data, node.value, strict=True)]


def _error(message: str, where: Any) -> yaml.MarkedYAMLError:
    """Return an error at a node or an event; at the beginning, if there is none."""
    mark: Any = where.start_mark if where else None
    return yaml.MarkedYAMLError(problem=message, problem_mark=mark)


def _check_shape(text: str) -> None:
    """Refuse what a few characters can make dear: aliases stand for gigabytes, depth costs time.

    Raises:
        YAMLError: There is such a thing, or it is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _error("no aliases, please (별칭은 쓸 수 없습니다)", event)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _error("nested too deep (너무 깊습니다)", event)


def _problems(row: _Row) -> Iterator[Problem]:
    if not isinstance(row.value, dict):
        yield Problem(line=row.line(""), field="", message="expected a mapping (매핑이 필요합니다)")
        return
    wrong = dict(_misshapen(row))
    if not wrong:
        try:
            to_seed(row.value, "seed")
            wrong = dict(_unfit(Seed(**row.value | {"value": str(row.value["value"])})))
        except ConfigError as error:
            wrong = {"max_depth": str(error)}
    for field, message in wrong.items():
        yield Problem(line=row.line(field.partition(".")[0]), field=field, message=message)


def _misshapen(row: _Row) -> Iterator[tuple[str, str]]:
    for name, number in Counter(name for name, _ in row.keys).items():
        if name not in NAMES:
            yield name, f"no such field; there are {', '.join(sorted(NAMES))} (없는 필드)"
        elif number > 1:
            yield name, "stands here twice (중복)"
    for name in NEEDED:
        if row.value.get(name) in (None, ""):
            yield name, "is missing (필요합니다)"
        elif not isinstance(row.value[name], str | int | float):
            yield name, "must be a word (글자여야 합니다)"
    if not _is_plain(row.value.get("options", {})):
        yield "options", "names with words or numbers (이름과 글자나 숫자여야 합니다)"


def _is_plain(options: object) -> bool:
    """Whether they are what a crawl can be told: nothing in them is a list or a mapping."""
    return isinstance(options, dict) and all(
        isinstance(value, str | int | float | bool) for value in options.values()
    )


def _unfit(seed: Seed) -> Iterator[tuple[str, str]]:
    """Yield what the spider would not take."""
    known = {getattr(spider, "platform", name): name for name, spider in spiders().items()}
    if seed.platform not in known:
        yield "platform", f"there are {', '.join(sorted(known))} (없는 플랫폼)"
        return
    name = known[seed.platform]
    kinds = getattr(getattr(spiders()[name], "Arguments", None), "SEED_KINDS", ())
    if seed.kind not in kinds:
        yield "kind", f"{seed.platform} knows {', '.join(kinds)} (없는 종류)"
        return
    given = {str(key): str(value) for key, value in seed.options.items()}
    given |= {seed.kind: seed.value} | ({"category": seed.category} if seed.category else {})
    try:
        check_arguments(name, given)
    except ConfigError as error:
        yield from _by_field(seed, error)


def _by_field(seed: Seed, error: ConfigError) -> Iterator[tuple[str, str]]:
    if isinstance(error.__cause__, ValidationError):
        for each in error.__cause__.errors():
            argument = str(each["loc"][0]) if each["loc"] else ""
            yield _field(seed, argument), each["msg"].removeprefix("Value error, ")
        return
    named = re.match(r"argument '(\w+)'", str(error))
    yield _field(seed, named[1] if named else ""), str(error)


def _field(seed: Seed, argument: str) -> str:
    own = {seed.kind: "value", "category": "category", "": ""}
    return own.get(argument, f"options.{argument}")


def _label(value: Any) -> str:
    if not isinstance(value, dict) or any(name not in value for name in NEEDED):
        return ""
    return f"{value['platform']}:{value['kind']}={value['value']}"
