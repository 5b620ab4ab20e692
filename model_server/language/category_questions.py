"""The taxonomy as questions to a language model: which label comes next?"""

from __future__ import annotations

from items.taxonomy import Category, Subcategory, Taxonomy
from model_server.language.labels import FirstToken, choose_labels
from model_server.language.prompt import Prompt
from model_server.language.question import Question, quote


class CategoryQuestions:
    """Labels and questions for one taxonomy, one prompt and one tokenizer."""

    def __init__(
        self, taxonomy: Taxonomy, prompt: Prompt, first_token: FirstToken, *, meta_prompt: bool
    ) -> None:
        """Choose the labels.

        Raises:
            EngineError: The tokenizer cannot tell labels apart.
        """
        self._prompt = prompt
        categories = taxonomy.categories
        self.labels = choose_labels([_words(c, prompt) for c in categories], first_token)
        """One per category, in the taxonomy's order."""
        self.parts = [
            choose_labels([_part_words(s) for s in c.subcategories], first_token)
            for c in categories
        ]
        """For each category, one label per sub-category, in order."""
        self.most_parts = max((len(parts) for parts in self.parts), default=0)
        by_key = dict(zip(taxonomy.keys, self.labels, strict=True))
        self.instructions = prompt.instructions(
            meta_prompt=meta_prompt,
            choices=[
                {"label": label, "name": c.name_en, "description": c.description_en}
                for label, c in zip(self.labels, categories, strict=True)
            ],
            examples=[
                {"text": quote(text), "label": by_key[key]}
                for key, text in prompt.file.examples.items()
                if key in by_key
            ],
        )
        """Beginning of all questions: what a prefix cache keeps."""
        self._inside = [
            self._go_on(label, parts) for label, parts in zip(self.labels, self.parts, strict=True)
        ]

    def about(self, text: str) -> Question:
        """Return the question for the category of a document."""
        return self._prompt.question(self.instructions, text=quote(text))

    def inside(self, question: Question, category: int) -> Question:
        """Return the question for the sub-category, once the category is known."""
        return question.go_on(self._inside[category])

    def longest(self) -> Question:
        """Return the longest question, about an empty document."""
        most = max(range(len(self._inside)), key=lambda n: len(self._inside[n]))
        return self.inside(self.about(""), most)

    def _go_on(self, label: str, parts: list[str]) -> str:
        return self._prompt.inside(label=label, choices=[{"label": part} for part in parts])


def _words(category: Category, prompt: Prompt) -> list[str]:
    """Return words for a category: the prompt's own, those of its key, those of its name."""
    own = [prompt.file.labels[category.key]] if category.key in prompt.file.labels else []
    return [*own, *category.key.split("_"), *category.name_en.casefold().split()]


def _part_words(part: Subcategory) -> list[str]:
    """Return words for a sub-category: its name, then its name from another word on."""
    words = part.name_en.casefold().split()
    return [" ".join(words), *(" ".join(words[n:]) for n in range(1, len(words)))]
