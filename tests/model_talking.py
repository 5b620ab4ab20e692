"""The echo engine with every capability; a character is a token."""

from __future__ import annotations

import numpy as np

from model_server.schema import Proposal
from tests.model_echo import EchoEngine


class TalkingEngine(EchoEngine):
    """Answers at once, with what can be told from the input."""

    def count_tokens(self, text):
        return len(text.strip())

    def title(self, documents):
        return [f"title of {d.id}" for d in documents]

    def summarize(self, documents):
        return [f"{len(d.text)} characters." for d in documents]

    def embed(self, texts):
        self.batches.append(len(texts))
        return np.array([[float(len(text)), 0.0] for text in texts], dtype=np.float32)

    def propose_category(self, documents):
        self.batches.append(len(documents))
        names = dict.fromkeys(("name_ko", "name_en", "description_ko", "description_en"), "x")
        return [Proposal(parent=None, key="x", evidence=[d.id or "" for d in documents], **names)]

    def describe_image(self, pictures):
        return [f"{p.width} by {p.height}" for p in pictures]
