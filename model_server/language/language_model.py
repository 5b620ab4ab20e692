"""What every engine over a language model shares: prompts in, scores of labels or words out.

A label is never generated: the model scores every label as the continuation of the prompt, so a
document that gives orders moves a label no more than its own words would.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import EngineError
from model_server.engine import Engine, Verdict
from model_server.images import Picture
from model_server.language.calibration import EVERY, LANGUAGES, background, kept, measure
from model_server.language.category_questions import CategoryQuestions
from model_server.language.options import DEFAULT_PROMPTS, LanguageModelOptions
from model_server.language.question import Question
from model_server.language.runtime_test import PASSAGE, check_facts, check_perplexity
from model_server.language.writer import Writer, cut
from model_server.lead import is_korean, lead
from model_server.schema import Document, Proposal
from model_server.softmax import softmax

__all__ = ["LanguageModel", "LanguageModelOptions", "Question"]

Scores = NDArray[np.float64]


class LanguageModel(Engine):
    """Classifies and writes by means of :meth:`score` and :meth:`generate`.

    An engine derives from it and writes :meth:`load_model`, :attr:`weights`, :meth:`score` and
    :meth:`generate`; where it can, :meth:`first_token`, :meth:`count_tokens` and
    :meth:`perplexity`; its ``Options`` derive from :class:`LanguageModelOptions`.
    """

    Options: ClassVar[type[LanguageModelOptions]] = LanguageModelOptions
    main_option: ClassVar[str] = "model"
    options: LanguageModelOptions

    # --- what an engine writes
    @abstractmethod
    def load_model(self) -> None:
        """Load model and tokenizer; the prompts are prepared afterwards.

        Raises:
            EngineError: The model cannot run on this machine; the message says what is missing.
        """

    @property
    @abstractmethod
    def weights(self) -> str:
        """Short name of the model, without a path: first part of :attr:`version`."""

    @abstractmethod
    def score(self, questions: Sequence[Question], labels: Sequence[str]) -> Scores:
        """Return log-probabilities of each label as the next word of each answer.

        The first token of a label stands for it. The same question gives the same row whatever
        else is asked, up to rounding. A question that goes on (:meth:`Question.go_on`) from one of
        the call before may go on from its keys and values.

        Args:
            questions: At least one; those with the same instructions share a cached prefix.
            labels: Words without a space in front; no two begin with the same token.

        Returns:
            Shape ``(len(questions), len(labels))``; a row need not sum to 1 after ``exp``.
        """

    @abstractmethod
    def generate(
        self, question: Question, *, max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str:
        """Return the most likely answer, greedily.

        Args:
            question: As for :meth:`score`.
            max_tokens: Length at most.
            schema: JSON schema that the answer keeps to; ``None`` = plain words up to a newline.
        """

    def first_token(self, word: str) -> int | None:
        """Return the first token of ``word`` as the next word of an answer; ``None`` = unknown."""
        return None

    def perplexity(self, text: str) -> float | None:
        """Return how surprised the model is by ``text``, at least 1; ``None`` = unknown."""
        return None

    @property
    def fingerprint(self) -> str:
        """What scores depend on beyond prompts and options, e.g. size and time of the file."""
        return self.weights

    @property
    def context(self) -> int:
        """Tokens of a prompt and its answer together, at most."""
        return self.options.context

    # --- what they share
    @property
    def version(self) -> str:
        prompt = str(self.options.prompt("classify"))
        prompt += "+meta" * self.options.meta_prompt + "+raw" * (not self.options.calibrate)
        chosen = [str(self.options.prompt(n)) for n in DEFAULT_PROMPTS if n in self.options.prompts]
        parts = dict.fromkeys([self.weights, prompt, *(p for p in chosen if "classify" not in p)])
        return "/".join([*parts, f"taxonomy-{self.taxonomy.version}"])

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        self.load_model()
        self._writer = Writer(
            self.options,
            generate=self.generate,
            count_tokens=self.count_tokens,
            context=self.context,
        )
        self._questions = CategoryQuestions(
            self.taxonomy,
            self.options.prompt("classify"),
            self.first_token,
            meta_prompt=self.options.meta_prompt,
        )
        self._check_context()
        self._bias, self._part_bias = self._biases()

    def self_test(self) -> None:
        """See :meth:`Engine.self_test`: first whether the runtime computes right, then the task."""
        check_facts(self.score)
        check_perplexity(self.perplexity(PASSAGE), self.options.max_perplexity)
        super().self_test()

    def classify(self, documents: Sequence[Document]) -> list[Verdict]:
        """See :meth:`Engine.classify`."""
        step = self.options.documents_at_once
        starts = range(0, len(documents), step)
        return [v for start in starts for v in self._verdicts(documents[start : start + step])]

    def title(self, documents: Sequence[Document]) -> list[str]:
        """See :meth:`Engine.title`."""
        return [self._writer.title(document) for document in documents]

    def summarize(self, documents: Sequence[Document]) -> list[str]:
        """See :meth:`Engine.summarize`."""
        return [self._writer.summary(document) for document in documents]

    def propose_category(self, documents: Sequence[Document]) -> list[Proposal]:
        """See :meth:`Engine.propose_category`."""
        return self._writer.proposals(documents, self.taxonomy)

    def describe_image(self, pictures: Sequence[Picture]) -> list[str]:
        """See :meth:`Engine.describe_image`."""
        return [self._writer.description(picture) for picture in pictures]

    def _verdicts(self, documents: Sequence[Document]) -> list[Verdict]:
        texts = [self._lead(document) for document in documents]
        questions = [self._questions.about(text) for text in texts]
        bias = self._bias[[0 if is_korean(text) else 1 for text in texts]]
        rows = self.score(questions, self._questions.labels) - bias
        shares = softmax(rows)
        best = [int(row.argmax()) for row in shares]
        parts = self._parts(questions, best)
        keys = self.taxonomy.keys
        return [
            Verdict(
                scores=dict(zip(keys, row.tolist(), strict=True)),
                category=keys[category],
                subcategory=part,
                needs_review=bool(row[category] < self.options.review_below),
            )
            for row, category, part in zip(shares, best, parts, strict=True)
        ]

    def _parts(self, questions: Sequence[Question], categories: Sequence[int]) -> list[str | None]:
        """Return the sub-category of each document, given its category."""
        found: list[str | None] = [None] * len(questions)
        places = defaultdict(list)
        for place, category in enumerate(categories):
            places[category].append(place)
        for category, here in places.items():
            labels = self._questions.parts[category]
            if not labels or not self.options.subcategories:
                continue
            asked = [self._questions.inside(questions[n], category) for n in here]
            rows = self.score(asked, labels) - self._part_bias[category, : len(labels)]
            subcategories = self.taxonomy.categories[category].subcategories
            for place, row in zip(here, rows, strict=True):
                found[place] = subcategories[int(row.argmax())].key
        return found

    def _biases(self) -> tuple[Scores, Scores]:
        """Return each label's mean log-probability, and each part's; zeros unless calibrated.

        Returns:
            Shapes ``(2, categories)``, Korean documents first, and ``(categories, most parts)``.
        """
        asked = self._questions
        if not self.options.calibrate:
            count = len(asked.labels)
            return np.zeros((LANGUAGES, count)), np.zeros((count, asked.most_parts))

        def compute() -> Scores:
            return measure(
                self._score_all,
                asked,
                read=lambda text: self._lead(Document(text=text)),
                parts=self.options.subcategories,
            )

        words = (asked.longest(), asked.labels, asked.parts, background(), LANGUAGES, EVERY)
        both = kept(self.cache, repr((self.fingerprint, self.options, words)), compute)
        return both[:, :LANGUAGES].T, both[:, LANGUAGES:]

    def _score_all(self, questions: Sequence[Question], labels: Sequence[str]) -> Scores:
        step = self.options.documents_at_once
        starts = range(0, len(questions), step)
        return np.concatenate([self.score(questions[n : n + step], labels) for n in starts])

    def _lead(self, document: Document) -> str:
        text = lead(document, self.options.lead_characters)
        return cut(text, self.options.document_tokens, self.count_tokens)

    def _check_context(self) -> None:
        longest = self._questions.longest()
        words = (longest.instructions, longest.document + longest.answer)
        prompt = sum(self.count_tokens(part) for part in words)
        need = prompt + self.options.document_tokens + 16
        if need > self.context:
            raise EngineError(
                f"a context of {self.context} tokens is too small: the taxonomy prompt takes "
                f"{prompt}, a document up to {self.options.document_tokens} (option "
                f"document_tokens); {need} are needed (option context)"
            )
