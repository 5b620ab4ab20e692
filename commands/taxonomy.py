"""``gleanery taxonomy``: the categories and their sub-categories."""

from __future__ import annotations

from dataclasses import asdict

from commands.output import AsJson, print_json, print_table


def taxonomy(as_json: AsJson = False) -> None:
    """List the categories (분류 체계)."""
    from items import load_taxonomy

    known = load_taxonomy()
    if as_json:
        print_json(asdict(known))
        return
    rows = (
        (
            category.key,
            f"{category.name_ko} · {category.name_en}",
            ", ".join(f"{sub.key} {sub.name_ko}" for sub in category.subcategories),
        )
        for category in known.categories
    )
    print_table(
        f"Taxonomy {known.version} / 분류 체계", ("key", "name / 이름", "sub-categories"), rows
    )
