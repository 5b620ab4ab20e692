"""Which engines a server runs, with which options: ``MODEL_ENGINE`` and the options file.

``MODEL_ENGINE`` is an engine (``e5``), an engine with its main option
(``llama_cpp:/models/gemma.gguf``), or a name from the file ``MODEL_ENGINES_FILE``::

    engines:
      quick:                     # a name of your own
        engine: e5
        escalate_to: careful     # asked again where quick is unsure
        escalate_below: 0.4
      careful:
        engine: llama_cpp
        model: /models/gemma.gguf
    tools:
      title: careful             # else the first engine that can, MODEL_ENGINE's before others
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gleanery.errors import ConfigError
from gleanery.yaml_text import read_yaml
from items.taxonomy import Taxonomy
from model_server.engine import Engine, EngineOptions, choose_engine
from model_server.schema import Capability


@dataclass(slots=True, kw_only=True, frozen=True)
class EngineSpec:
    """One engine with its options, under a name."""

    name: str
    """What results and metrics call it: the engine's own name, or one from the file."""
    engine: type[Engine]
    options: EngineOptions
    escalate_to: str | None = None
    """Name of the engine that is asked again where this one is unsure."""
    escalate_below: float = 0.0
    """Confidence in [0, 1] below which that happens."""

    def make(self, taxonomy: Taxonomy, *, cache: Path) -> Engine:
        """Return the engine, not yet loaded."""
        return self.engine(taxonomy, self.options, cache=cache)


@dataclass(slots=True, kw_only=True, frozen=True)
class ServerSpec:
    """Every engine of a server."""

    main: str
    """Name of the engine that answers unless another is asked for."""
    engines: Mapping[str, EngineSpec]
    """By name; the main one is first."""
    tools: Mapping[Capability, str] = field(default_factory=dict)
    """Capability → name of the engine that answers it."""


class _Entry(BaseModel):
    """One engine in the file; what it does not know is an option of the engine."""

    model_config = ConfigDict(extra="allow")

    engine: str
    escalate_to: str | None = None
    escalate_below: float = Field(0.4, ge=0, le=1)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    engines: dict[str, _Entry]
    tools: dict[Capability, str] = Field(default_factory=dict)


def read_spec(
    main: str,
    path: Path | None = None,
    *,
    tools: Mapping[str, str] | None = None,
    **options: Any,
) -> ServerSpec:
    """Return the engines to run.

    Args:
        main: Value of ``MODEL_ENGINE``.
        path: The options file, if any.
        tools: Capability → engine that answers it, written as ``main`` is; an empty one counts for
            nothing. Laid over the file's ``tools``.
        options: Laid over the main engine's options, e.g. ``profile``.

    Raises:
        ConfigError: The file or an option is wrong; the message says where.
        RegistryError: There is no such engine.
    """
    file = _read(path) if path else _File(engines={})
    specs = {name: _from_entry(name, entry) for name, entry in file.engines.items()}
    if main not in specs:
        specs[main] = parse_spec(main)
    if options:
        specs[main] = _with_options(specs[main], options)
    _check_links(file, specs, path)
    asked = _asked(tools or {}, specs)
    answers = {**file.tools, **asked}
    used = _used(main, specs, list(answers.values()))
    return ServerSpec(main=main, engines={name: specs[name] for name in used}, tools=answers)


def parse_spec(text: str) -> EngineSpec:
    """Read ``engine`` or ``engine:main option``.

    Raises:
        ConfigError: The engine takes no main option, or needs one.
        RegistryError: There is no such engine.
    """
    name, _, value = text.partition(":")
    cls = choose_engine(name)
    if value and not cls.main_option:
        raise ConfigError(f"engine {name} takes nothing after a colon, got {text!r}")
    told = {cls.main_option: value} if value else {}
    return EngineSpec(name=text, engine=cls, options=_options(text, cls, told))


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"Cannot read {path}: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error)}") from error


def _asked(tools: Mapping[str, str], specs: dict[str, EngineSpec]) -> dict[Capability, str]:
    """Return who answers the capabilities in ``tools``; adds their engines to ``specs``.

    Raises:
        ConfigError: There is no such capability, or the engine does not have it.
        RegistryError: There is no such engine.
    """
    asked: dict[Capability, str] = {}
    for capability, text in tools.items():
        if capability not in get_args(Capability):
            raise ConfigError(f"no engine has the capability {capability!r}")
        if not text:
            continue
        if text not in specs:
            specs[text] = parse_spec(text)
        if capability not in specs[text].engine.capabilities():
            raise ConfigError(f"engine {text} cannot {capability}")
        asked[capability] = text
    return asked


def _from_entry(name: str, entry: _Entry) -> EngineSpec:
    cls = choose_engine(entry.engine)
    return EngineSpec(
        name=name,
        engine=cls,
        options=_options(name, cls, entry.model_extra or {}),
        escalate_to=entry.escalate_to,
        escalate_below=entry.escalate_below if entry.escalate_to else 0.0,
    )


def _with_options(spec: EngineSpec, options: dict[str, Any]) -> EngineSpec:
    told = spec.options.model_dump(exclude_unset=True) | options
    return EngineSpec(
        name=spec.name,
        engine=spec.engine,
        options=_options(spec.name, spec.engine, told),
        escalate_to=spec.escalate_to,
        escalate_below=spec.escalate_below,
    )


def _options(name: str, cls: type[Engine], told: Mapping[str, Any]) -> EngineOptions:
    try:
        return cls.Options.model_validate(told)
    except ValidationError as error:
        known = ", ".join(cls.Options.model_fields)
        raise ConfigError(f"engine {name}: {_explain(error)}; options are {known}") from error


def _check_links(file: _File, specs: Mapping[str, EngineSpec], path: Path | None) -> None:
    """Refuse names that lead nowhere, and engines that cannot do what they are asked.

    Raises:
        ConfigError: There is one.
    """
    wanted = [(f"tools.{tool}", name, tool) for tool, name in file.tools.items()]
    wanted += [
        (f"{s.name}.escalate_to", s.escalate_to, "classify")
        for s in specs.values()
        if s.escalate_to
    ]
    for where, name, capability in wanted:
        if name not in specs:
            raise ConfigError(f"{path}: {where}: no engine is called {name!r}")
        if capability not in specs[name].engine.capabilities():
            raise ConfigError(f"{path}: {where}: engine {name} cannot {capability}")
    for spec in specs.values():
        if spec.name in _chain(spec, specs):
            raise ConfigError(f"{path}: {spec.name}.escalate_to leads back to itself")


def _chain(spec: EngineSpec, specs: Mapping[str, EngineSpec]) -> list[str]:
    """Return the names that ``spec`` escalates to, one after the other."""
    names: list[str] = []
    while spec.escalate_to and spec.escalate_to not in names:
        names.append(spec.escalate_to)
        spec = specs[spec.escalate_to]
    return names


def _used(main: str, specs: Mapping[str, EngineSpec], tools: Sequence[str]) -> list[str]:
    """Return ``main``, what tools ask for and what those escalate to; no engine loads in vain."""
    names: list[str] = []
    for name in (main, *tools):
        names += [name, *_chain(specs[name], specs)]
    return list(dict.fromkeys(names))


def _explain(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()
    )
