"""A person decides about a proposed category: into the taxonomy, or never again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gleanery.errors import ConfigError
from items import accept as grow
from items import load_taxonomy, write_taxonomy

if TYPE_CHECKING:
    from pathlib import Path

    from gleanery.config import Config
    from items import Proposal
    from storage import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What an accepted proposal has changed."""

    taxonomy: Path
    version: str


def accept_proposal(config: Config, store: Store, name: str) -> Grown:
    """Add it to the operator's own taxonomy; running crawls and servers see it when restarted.

    Raises:
        ConfigError: There is none of that name, or it has no place in the taxonomy.
    """
    path = config.taxonomy_file or config.home / "taxonomy.yaml"
    grown = grow(proposal_named(store, name), load_taxonomy())
    write_taxonomy(grown, path)
    store.decide(name, "accepted")
    return Grown(taxonomy=path, version=grown.version)


def reject_proposal(store: Store, name: str) -> None:
    """Never be asked about it again.

    Raises:
        ConfigError: There is none of that name.
    """
    proposal_named(store, name)
    store.decide(name, "rejected")


def proposal_named(store: Store, name: str) -> Proposal:
    """Return the proposal called ``name``.

    Raises:
        ConfigError: There is none.
    """
    for proposal in store.proposals():
        if proposal.identity == name:
            return proposal
    raise ConfigError(f"No proposal is called {name!r}: `gleanery proposals list --all` shows them")
