"""Canaille with one person and one client: ``serve.py PORT REDIRECT CLIENT SECRET PASSWORD``.

Run by the Python of Canaille's own virtual environment.
"""

import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import run_simple

port, redirect, client, secret, password = sys.argv[1:]
app = create_app(
    {
        "SECRET_KEY": "of a test",
        "SERVER_NAME": f"localhost:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "SESSION_COOKIE_SECURE": False,
        "CANAILLE": {"DATABASE": "memory", "SMTP": None},
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": [RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)],
            "TRUSTED_DOMAINS": [],
        },
    }
)
with app.app_context():
    kim = models.User(
        user_name="kim",
        formatted_name="김민",
        family_name="김",
        emails=["kim@corp.example"],
        password=password,
    )
    Backend.instance.save(kim)
    Backend.instance.save(models.Group(display_name="crawlers", members=[kim]))
    ours = models.Client(
        client_id=client, client_secret=secret, client_name="Gleanery",
        client_uri="http://gleanery.example", redirect_uris=[redirect],
        grant_types=["authorization_code"], response_types=["code"],
        scope=["openid", "profile", "email", "groups"],
        token_endpoint_auth_method="client_secret_basic",
    )  # fmt: skip
    Backend.instance.save(ours)
    ours.audience = [ours]  # as its own page for new clients does
    Backend.instance.save(ours)
run_simple("localhost", int(port), app, threaded=True)
