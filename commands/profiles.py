"""``gleanery profiles``: the seed profiles there are, and what they start from."""

from __future__ import annotations

from dataclasses import asdict

from commands.output import AsJson, print_json, print_table


def profiles(as_json: AsJson = False) -> None:
    """List seed profiles (시드 프로필 목록)."""
    from gleanery.config import load_config
    from items import load_profile, profile_names

    home = load_config().home
    found = {name: load_profile(name, home) for name in profile_names(home)}
    if as_json:
        print_json({name: [asdict(seed) for seed in seeds] for name, seeds in found.items()})
        return
    for name, seeds in found.items():
        rows = ((s.platform, f"{s.kind}={s.value}", s.category or "") for s in seeds)
        print_table(f"profile={name}", ("platform", "seed", "category wanted"), rows)
