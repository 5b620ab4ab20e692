"""The command ``gleanery``.

Each command imports what it needs when it runs: ``gleanery --help`` must answer at once.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

import typer

from commands.api_keys import api_keys
from commands.backup import backup, restore
from commands.compare import compare
from commands.compare_audio import compare_audio
from commands.crawl import crawl
from commands.db import db
from commands.demo import demo
from commands.evaluate import evaluate
from commands.evaluate_hostile import evaluate_hostile
from commands.evaluate_images import evaluate_images
from commands.export import export
from commands.feedback import feedback
from commands.frames import frames
from commands.frontier import frontier
from commands.jobs import jobs
from commands.labels import labels
from commands.media import media
from commands.models import models
from commands.profiles import profiles
from commands.proposals import proposals
from commands.purge import purge
from commands.quality import quality
from commands.reenrich import reenrich
from commands.report import report
from commands.revisit import revisit
from commands.schedules import schedules
from commands.search import search
from commands.seeds import seeds
from commands.serve import serve
from commands.serve_admin import serve_admin
from commands.serve_api import serve_api
from commands.serve_metrics import serve_metrics
from commands.serve_models import PASS_ON, serve_models
from commands.settings import settings
from commands.show import show
from commands.similar import similar
from commands.stats import stats
from commands.taxonomy import taxonomy
from commands.topics import topics
from commands.transcribe import transcribe
from commands.users import users
from commands.vectorize import vectorize
from commands.work import work

app = typer.Typer(
    name="gleanery",
    help="Collect breadth-first, classify with a local model (너비 우선 수집과 로컬 모델 분류).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    crawl,
    demo,
    stats,
    labels,
    show,
    search,
    report,
    profiles,
    taxonomy,
    reenrich,
    revisit,
    seeds,
    topics,
    export,
    purge,
    backup,
    restore,
    evaluate,
    compare,
    compare_audio,
    transcribe,
    evaluate_images,
    evaluate_hostile,
    frames,
    vectorize,
    similar,
    settings,
):
    app.command()(_command)
app.add_typer(api_keys, name="api-keys")
app.add_typer(db, name="db")
app.add_typer(feedback, name="feedback")
app.add_typer(frontier, name="frontier")
app.add_typer(jobs, name="jobs")
app.add_typer(media, name="media")
app.add_typer(models, name="models")
app.add_typer(proposals, name="proposals")
app.add_typer(quality, name="quality")
app.add_typer(schedules, name="schedules")
app.add_typer(users, name="users")
app.add_typer(work, name="work")
app.command("serve")(serve)
app.command("serve-admin")(serve_admin)
app.command("serve-api")(serve_api)
app.command("serve-metrics")(serve_metrics)
app.command("serve-models", context_settings=PASS_ON, add_help_option=False)(serve_models)


@app.callback()
def _root() -> None:
    """Collect breadth-first, classify with a local model (너비 우선 수집과 로컬 모델 분류)."""


def main() -> None:
    """Run the command; an error of ours is one line on stderr.

    Exit status: 0 done, 1 it failed, 2 it was called or set up wrongly, 130 interrupted.
    """
    from gleanery.errors import ConfigError, GleaneryError, RegistryError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that is not UTF-8 shows "?"
            stream.reconfigure(errors="replace")
    try:
        app()
    except (ConfigError, RegistryError) as error:
        _fail(error, status=2)
    except GleaneryError as error:
        _fail(error, status=1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `gleanery search … | head`: the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _fail(error: Exception, *, status: int) -> None:
    from gleanery.logs import last_line

    last_line("gleanery", str(error))
    sys.exit(status)


if __name__ == "__main__":
    main()
