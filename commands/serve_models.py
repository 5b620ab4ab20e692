"""``gleanery serve-models``: the model server, as ``python -m model_server`` starts it.

With ``--work`` it does what waits in the work queue, too.
"""

from __future__ import annotations

import typer

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Every option goes to the model server's own command line, its ``--help`` included."""


def serve_models(context: typer.Context) -> None:
    """Serve the models over MCP (모델 서버 실행); options: see --help."""
    from commands.work_run import working
    from model_server.__main__ import main

    raise typer.Exit(main(context.args, work=working))
