"""Who comes of a login: the role that the settings give to what the ID token says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storage.office.users import ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Mapping


def role_of(claims: Mapping[str, Any], claim: str, roles: Mapping[str, Role]) -> Role | None:
    """Return the highest role that any value of ``claim`` has; ``None`` if none has one.

    Args:
        claims: Of an ID token that has been checked.
        claim: A name that stands there, dots and all; else dots lead inwards.
        roles: Role by value; every other value counts for nothing.
    """
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for name in claim.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    values = found if isinstance(found, list) else [found]
    given = [roles[value] for value in values if isinstance(value, str) and value in roles]
    return max(given, key=ROLES.index, default=None)


def wish_of(claims: Mapping[str, Any]) -> str:
    """Return what somebody would like to be called; it may be anything, or empty."""
    found = claims.get("preferred_username") or claims.get("email") or claims.get("name")
    return found if isinstance(found, str) else ""
