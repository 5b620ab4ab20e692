"""A real HTTP server that speaks as some server of language models does; its model knows words.

The shapes of answers and errors are those of the servers named: llama.cpp's was recorded from a
build of October 2026, bitnet.cpp's (a fork from before 2025), vLLM's and Ollama's are as their
sources and threads show them.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from http.server import BaseHTTPRequestHandler

from model_server.language.runtime_test import FACTS
from tests.loopback import LoopbackServer

KNOWS = {
    "양파|soup|soupe": "food",
    "striker|축구|cup": "sports",
    "bank|Stocks|stocks": "finance",
    "무릎|doctor": "health",
    "smartphone": "technology",
    "아파트": "housing",
} | {beginning: ends[0] for beginning, ends in FACTS}
"""Pattern in a question → what the model says."""
OTHER = ["food", "finance", "news", "health", "sports", "technology", "housing", "art", "London"]
"""What it says otherwise, likeliest first."""


def think(prompt):
    """The model's next words with their probabilities; the first is the likeliest."""
    asked = prompt.rsplit("«", 1)[-1]
    if "Kind (" in asked:
        labels = asked.rsplit("Kind (", 1)[1].split("):")[0].split(", ")
        return {label: 0.5 / (n + 1) for n, label in enumerate(labels)}
    said = next((word for words, word in KNOWS.items() if re.search(words, asked)), "news")
    return {said: 0.8} | {w: 0.1 / (n + 2) for n, w in enumerate(OTHER) if w != said}


def pick(prompt, words):
    """The likeliest of some words."""
    known = think(prompt)
    return max(words, key=lambda word: known.get(word, 0.0))


def legacy(prompt, number):
    """Log-probabilities of a completion, as OpenAI began it."""
    top = {f" {word}": math.log(p) for word, p in list(think(prompt).items())[:number]}
    return {"tokens": [next(iter(top))], "top_logprobs": [top], "text_offset": [0]}


def content(prompt, number):
    """Log-probabilities of a chat."""
    words = list(think(prompt).items())[:number]
    top = [{"token": word, "logprob": math.log(p), "bytes": None} for word, p in words]
    return {"content": [{**top[0], "top_logprobs": top}]}


class Endpoint(LoopbackServer):
    """What all servers share; ``with`` starts it."""

    name = "words"
    key = ""

    def __init__(self, port: int = 0) -> None:
        super().__init__(_Handler, port=port)
        self.url += "/v1"
        self.asked: list[tuple[float, str, dict]] = []
        """Instant, path and body of each request."""
        self.headers: list[dict] = []
        self.troubles: list = []
        """Answers given before the real ones: ``(status, headers, body)``."""
        self.seconds = 0.0
        """Time that each answer takes."""
        self.longest = 10**9
        """Characters of a prompt that fit."""
        self.inside = self.most_inside = 0
        self.lock = threading.Lock()

    def answer(self, path, body):
        """Status and JSON; ``None`` = no such path."""
        if path == "/v1/models":
            return 200, {"object": "list", "data": [{"id": self.name, "object": "model"}]}
        prompt = prompt_of(body)
        if prompt is not None and len(prompt) > self.longest:
            return 400, self.too_long(prompt)
        if path == "/v1/completions":
            return self.complete(prompt, body)
        if path == "/v1/chat/completions":
            return self.chat(prompt, body)
        return self.native(path, body)

    def too_long(self, prompt):
        return {
            "object": "error",
            "message": f"This model's maximum context length is {self.longest} tokens. However, "
            f"you requested {len(prompt)} tokens. Please reduce the length of the messages.",
            "code": 400,
        }

    def complete(self, prompt, body):
        return None

    def chat(self, prompt, body):
        return None

    def native(self, path, body):
        return None


def prompt_of(body):
    if isinstance(body.get("prompt"), str):
        return body["prompt"]
    return body["messages"][-1]["content"] if body.get("messages") else None


def said(text, **more):
    return 200, {"object": "text_completion", "choices": [{"index": 0, "text": text, **more}]}


def replied(text, logprobs=None, **more):
    message = {"role": "assistant", "content": text, **more}
    choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop"}
    return 200, {"object": "chat.completion", "choices": [choice]}


class Vllm(Endpoint):
    """Both kinds of completion, 20 log-probabilities, ``structured_outputs``."""

    name = "org/vllm-model"

    def complete(self, prompt, body):
        number = body.get("logprobs")
        if (number or 0) > 20:
            message = (
                f"Requested sample logprobs of {number}, which is greater than max allowed: 20"
            )
            return 400, {"error": {"message": message, "type": "BadRequestError", "code": 400}}
        text = f" {self.held(prompt, body)}"
        return said(text, logprobs=legacy(prompt, number) if number else None)

    def chat(self, prompt, body):
        number = body.get("top_logprobs")
        return replied(self.held(prompt, body), content(prompt, number) if number else None)

    def held(self, prompt, body):
        held = body.get("structured_outputs") or {}
        if "choice" in held:
            return pick(prompt, held["choice"])
        return by_schema(prompt, body) or next(iter(think(prompt)))


class OldVllm(Vllm):
    """Started with ``--max-logprobs 0``; ``guided_choice`` was its field."""

    name = "old-vllm"

    def complete(self, prompt, body):
        if body.get("logprobs"):
            return 400, {"object": "error", "message": "max_logprobs is 0", "code": 400}
        return super().complete(prompt, body)

    def chat(self, prompt, body):
        if body.get("logprobs"):
            return 400, {"object": "error", "message": "max_logprobs is 0", "code": 400}
        return super().chat(prompt, body)

    def held(self, prompt, body):
        choices = body.get("guided_choice")
        return pick(prompt, choices) if choices else next(iter(think(prompt)))


class Ollama(Endpoint):
    """A chat without log-probabilities, with ``response_format``."""

    name = "gemma3:latest"

    def chat(self, prompt, body):
        if body["model"] not in (self.name, "gemma3"):
            return 404, {"error": {"message": f"model '{body['model']}' not found", "code": None}}
        return replied(by_schema(prompt, body) or f"I would say **{next(iter(think(prompt)))}**.")


class OnlyWords(Endpoint):
    """A chat that cannot be held to anything."""

    def chat(self, prompt, body):
        return replied(f"{next(iter(think(prompt))).capitalize()}.")


class GptOss(Vllm):
    """A chat that reasons; plain completions are switched off."""

    name = "gpt-oss-20b"

    def complete(self, prompt, body):
        return None

    def chat(self, prompt, body):
        thought = "Not charity; the user wants one word. Could be art."
        if body["max_tokens"] < 100:
            return replied(None, content("", 5), reasoning_content=thought)
        return replied(self.held(prompt, body), reasoning_content=thought)


class LlamaCpp(Endpoint):
    """llama-server: tokens, native completions that report what they sample from."""

    name = "model.gguf"

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.vocabulary: dict[int, str] = {}
        self.ids: dict[str, int] = {}
        self.specials: list[str] = []
        """Texts in which special tokens were to be read."""

    def complete(self, prompt, body):
        return said(f" {next(iter(think(prompt)))}", logprobs=None)

    def chat(self, prompt, body):
        return replied(by_schema(prompt, body) or next(iter(think(prompt))))

    def native(self, path, body):
        if path == "/tokenize":
            return self.tokenize(body)
        if path == "/completion":
            return self.complete_tokens(body)
        if path == "/apply-template":
            return self.apply_template(body)
        return None

    def tokenize(self, body):
        if body.get("parse_special", True):
            self.specials.append(body["content"])
        pieces = re.findall(r"\s?\w+|\s|[^\w\s]", body["content"])
        ids = [self.id_of(piece) for piece in pieces]
        if body.get("with_pieces"):
            return 200, {"tokens": [{"id": n, "piece": self.vocabulary[n]} for n in ids]}
        return 200, {"tokens": ids}

    def apply_template(self, body):
        (message,) = body["messages"]
        asked = f"<|im_start|>user\n{message['content']}<|im_end|>\n"
        return 200, {"prompt": f"{asked}<|im_start|>assistant\n"}

    def id_of(self, piece):
        with self.lock:
            number = self.ids.setdefault(piece, len(self.ids) + 5)
            self.vocabulary[number] = piece
        return number

    def complete_tokens(self, body):
        prompt = "".join(self.vocabulary.get(n, "") for n in body["prompt"])
        if len(prompt) > self.longest:
            return 400, {"error": {
                "code": 400,
                "message": f"request ({len(prompt)} tokens) exceeds the available context size "
                f"({self.longest} tokens), try increasing it",
                "type": "exceed_context_size_error",
            }}  # fmt: skip
        known = think(prompt)
        pieces = list(self.vocabulary.items())
        logits = {n: math.log(known.get(p.strip(), 1e-6)) for n, p in pieces}
        for number, bias in body["logit_bias"]:
            logits[number] += bias
        top = sorted(logits, key=logits.__getitem__, reverse=True)[: body["n_probs"]]
        whole = math.fsum(math.exp(v - logits[top[0]]) for v in logits.values())
        return 200, self.shape([(n, math.exp(logits[n] - logits[top[0]]) / whole) for n in top])

    def shape(self, probabilities):
        top = [
            {"id": n, "token": self.vocabulary[n], "bytes": [], "prob": p} for n, p in probabilities
        ]
        return {"content": "", "completion_probabilities": [{**top[0], "top_probs": top}]}


class BitnetCpp(LlamaCpp):
    """The fork in bitnet.cpp: other names, and ``/v1/completions`` is not OpenAI's."""

    name = "ggml-model-i2_s.gguf"

    def apply_template(self, body):
        return None

    def complete(self, prompt, body):
        return 200, {"content": f" {next(iter(think(prompt)))}", "stop": True}

    def shape(self, probabilities):
        top = [{"tok_str": self.vocabulary[n], "prob": p} for n, p in probabilities]
        return {"content": "", "completion_probabilities": [{"content": "", "probs": top}]}


def by_schema(prompt, body):
    """What a schema lets the model say; ``None`` without one."""
    held = body.get("response_format") or {}
    if "json_schema" not in held:
        return None
    properties = held["json_schema"]["schema"]["properties"]
    return json.dumps({
        name: pick(prompt, rule["enum"]) if "enum" in rule else "A title of the model's"
        for name, rule in properties.items()
    })  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: two would wait for each other (Nagle)
    server: Endpoint

    def do_GET(self):
        self.serve({})

    def do_POST(self):
        self.serve(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def serve(self, body):
        server = self.server
        with server.lock:
            server.asked.append((time.monotonic(), self.path, body))
            server.headers.append({k.lower(): v for k, v in self.headers.items()})
            trouble = server.troubles.pop(0) if server.troubles and body else None
            server.inside += 1
            server.most_inside = max(server.most_inside, server.inside)
        time.sleep(server.seconds)
        with server.lock:
            server.inside -= 1
        if trouble:
            self.send(*trouble)
        elif server.key and self.headers.get("authorization") != f"Bearer {server.key}":
            self.send(401, {}, {"error": {"message": f"wrong: {self.headers['authorization']}"}})
        else:
            status, found = server.answer(self.path, body) or (404, {"detail": "Not Found"})
            self.send(status, {}, found)

    def send(self, status, headers, found):
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        for name, value in ({"content-length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = "content-length" in headers

    def log_message(self, *_):
        """Be silent."""
