"""People are told of jobs: signed, once whoever looks, again after a failure, nothing secret."""

from __future__ import annotations

import email
import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import update

pytest.importorskip("sqlalchemy", reason="needs gleanery[server]")

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from crawlers.notices.teller import tell, ways
from crawlers.notices.webhook import sign
from gleanery.config import load_config
from gleanery.errors import ConfigError
from storage.jobs import Job, Schedule, Schedules, open_jobs
from storage.jobs.job import instant
from tests.authority import Authority
from tests.conftest import wait_until
from tests.graph_site import GraphSite
from tests.job_ledgers import job_ledgers
from tests.ports import free_ports
from tests.scrapyd_nodes import Node, ledger

KEY = "signing-key-of-tests"
TOKEN = "token-in-an-argument"


class Receiver(ThreadingHTTPServer):
    """Takes posts, over TLS with a certificate and its key; the first one is answered with 500."""

    def __init__(self, *certificate) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        if certificate:
            self.socket = server_context(*certificate).wrap_socket(self.socket, server_side=True)
        self.got: list[tuple[dict[str, str], bytes]] = []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(500 if len(self.server.got) == 1 else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


def server_context(certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


class Mailbox:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[email.message.EmailMessage] = []

    async def handle_DATA(self, server, session, envelope):
        assert server.transport.get_extra_info("ssl_object") is not None
        assert session.authenticated
        self.got.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture(params=["file", "mysql"])
def ledgers(request, tmp_path):
    with job_ledgers(request, tmp_path, 4) as made:
        yield made


@pytest.fixture
def jobs(tmp_path):
    ledger = open_jobs({"STORE": "sqlite"}.get, tmp_path)
    yield ledger
    ledger.close()


def run(ledger, job, reason, state):
    ledger.add(Job(job=job, spider="google", arguments={"urls": f"http://h/?key={TOKEN}"}))
    ledger.take(job, "one")
    if state == "stalled":
        ledger.stall(job, reason)
    elif state == "lost":
        ledger.requeue(job, "lost", node="one", detail=reason)
    else:
        ledger.end(job, state, node="one", reason=reason)


def finish(ledger, job, items):
    ledger.add(Job(job=job, spider="reddit", arguments={"search": "tea"}))
    ledger.take(job, "one")
    ledger.beat(job, pid=1, progress=items, stats={"item_scraped_count": items})
    assert ledger.end(job, "finished", node="one", reason="finished")
    assert not ledger.end(job, "finished", node="one", reason="finished")


def settings(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(f"GLEANERY_{name.upper()}", value)
    return load_config()


def make_due(ledger):
    """Let the waits after failures be over."""
    table = ledger.tables.notices
    change = update(table).where(table.c.next_at.is_not(None)).values(next_at=instant(1))
    ledger.transact(lambda db: db.execute(change).rowcount)


def look(ledgers, config):
    with ThreadPoolExecutor(len(ledgers)) as pool:
        list(pool.map(lambda each: tell(each, config, ways(config)), ledgers))


def test_each_event_is_posted_once_signed_and_again_after_a_failure(ledgers, monkeypatch):
    jobs = ledgers[0]
    with Receiver() as receiver:
        config = settings(
            monkeypatch, notify_webhook_url=f"http://127.0.0.1:{receiver.server_port}/hook?t=s",
            notify_webhook_secret=KEY, allowed_addresses="127.0.0.0/8",
            admin_url="https://admin.example",
        )  # fmt: skip
        run(jobs, "broken", f"not started: {KEY} <b>", "failed")
        look(ledgers, config)
        first = len(receiver.got)
        for job, reason, state in (
            ("idle", "no page", "stalled"), ("gone", "silent", "lost"),
            ("full", "max_pages", "finished"), ("well", "finished", "finished"),
            ("ended", "cancelled", "cancelled"),
        ):  # fmt: skip
            run(jobs, job, reason, state)
        for job, items in (("usual-1", 50), ("usual-2", 60), ("usual-3", 40), ("odd", 20)):
            finish(jobs, job, items)
        make_due(jobs)
        look(ledgers, config)
        look(ledgers, config)
        got = receiver.got

    assert first == 1
    told = sorted((m["job"], m["event"]) for _, body in got[1:] for m in [json.loads(body)])
    assert told == [
        ("broken", "failed"), ("full", "budget"), ("gone", "lost"), ("idle", "stalled"),
        ("odd", "anomaly"),
    ]  # fmt: skip
    for headers, body in got:
        signature = sign(KEY, headers["X-Gleanery-Timestamp"], body)
        assert headers["X-Gleanery-Signature"] == f"sha256={signature}"
        assert KEY.encode() not in body
        assert TOKEN.encode() not in body
    (again,) = [json.loads(body) for _, body in got[1:] if b"broken" in body]
    assert json.loads(got[0][1]) == again
    (odd,) = [json.loads(body) for _, body in got if b'"odd"' in body]
    assert odd["reason"] == "items 20, usually 50"
    assert again["link"] == "https://admin.example/job?name=broken"
    assert "실패" in again["ko"]


def test_a_post_goes_over_tls_to_whom_the_certificate_names(jobs, tmp_path, monkeypatch, caplog):
    """Neither a certificate of another host nor one that nobody vouches for is enough."""
    authority = Authority(tmp_path / "ours")
    ours, other = authority.issue("hook"), authority.issue("other", host="other.example")
    unknown = Authority(tmp_path / "unknown").issue("hook")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    run(jobs, "broken", "why", "failed")
    got = []
    for certificate in (unknown, other, ours):
        with Receiver(*certificate) as receiver:
            address = f"https://localhost:{receiver.server_port}/hook?t={TOKEN}"
            config = settings(
                monkeypatch, notify_webhook_url=address, notify_webhook_secret=KEY,
                allowed_addresses="127.0.0.0/8,::1",
            )  # fmt: skip
            look([jobs], config)
            make_due(jobs)
            got.append([json.loads(body)["job"] for _, body in receiver.got])

    assert got == [[], [], ["broken"]]
    assert caplog.text.count("webhook: SSLCertVerificationError") == 2
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_is_sent_over_tls_with_a_login(jobs, tmp_path, monkeypatch, security):
    context = server_context(*Authority(tmp_path).issue("smtp"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    way: dict[str, Any] = (
        {"tls_context": context, "require_starttls": True, "auth_required": True}
        if security == "starttls"
        else {"ssl_context": context, "auth_require_tls": False}  # it is over TLS from the start
    )
    mailbox = Mailbox()
    right = (b"robot", b"mail-password")
    server = Controller(
        mailbox, hostname="127.0.0.1", port=free_ports(1)[0], **way,
        authenticator=lambda *a: AuthResult(success=(a[4].login, a[4].password) == right),
    )  # fmt: skip
    server.start()
    try:
        config = settings(
            monkeypatch, notify_email_to="kim@example.org,lee@example.org",
            notify_smtp_host="localhost", notify_smtp_port=str(server.port),
            notify_smtp_username="robot", notify_smtp_password="mail-password",
            notify_smtp_security=security,
        )  # fmt: skip
        run(jobs, "broken", "exit\nBcc: all@example.org", "failed")
        look([jobs], config)
    finally:
        server.stop()

    (mail,) = mailbox.got
    assert mail["Subject"] == ("[Gleanery] Job broken failed. / 작업 broken: 실패했습니다.")
    assert mail["To"] == "kim@example.org, lee@example.org"
    assert mail["Bcc"] is None
    assert "exit Bcc: all@example.org" in mail.get_content()
    assert TOKEN not in mail.as_string()


def test_an_internal_address_is_never_posted_to(jobs, monkeypatch, caplog):
    with Receiver() as receiver:
        address = f"http://localhost:{receiver.server_port}/"
        config = settings(monkeypatch, notify_webhook_url=address, notify_webhook_secret=KEY)
        run(jobs, "broken", "why", "failed")
        look([jobs], config)

    assert receiver.got == []
    assert "an internal address" in caplog.text
    assert address not in caplog.text


@pytest.mark.parametrize(
    "given",
    [{"notify_webhook_url": "https://example.org/"}, {"notify_events": "failed,fine"},
     {"notify_webhook_url": "file:///etc/passwd", "notify_webhook_secret": KEY},
     {"notify_email_to": "a@b.c", "notify_smtp_username": "x", "notify_smtp_security": "none"}],
)  # fmt: skip
def test_settings_that_do_not_fit_are_refused(monkeypatch, given):
    with pytest.raises(ConfigError):
        ways(settings(monkeypatch, **given))


@pytest.mark.slow
def test_a_node_starts_what_is_due_and_tells_of_its_limit(tmp_path):
    """The whole way: a schedule, a real scrapyd, a real crawl that reaches its budget, a post."""
    tree: dict[int, list[int | str]] = {0: [1, 2, 3, 4]}
    with GraphSite(tree) as web, Receiver() as receiver:
        schedule = Schedule(
            name="nightly", spider="google", arguments={"urls": f"{web.url}/page/0"},
            settings={"FRONTIER_MAX_PAGES": "1"}, cron="0 3 * * *",
        )  # fmt: skip
        jobs = ledger(tmp_path)
        Schedules(jobs).add(schedule)
        change = update(jobs.tables.schedules).values(next_at=instant(60))
        jobs.transact(lambda db: db.execute(change).rowcount)
        hook = f"http://127.0.0.1:{receiver.server_port}/"
        told = {"GLEANERY_NOTIFY_WEBHOOK_URL": hook, "GLEANERY_NOTIFY_WEBHOOK_SECRET": KEY}
        with Node(tmp_path, **told):
            wait_until(lambda: receiver.got, seconds=90)

    message = json.loads(receiver.got[0][1])
    facts = (message["event"], message["spider"], message["node"], message["reason"])
    assert facts == ("budget", "google", "one", "max_pages")
    assert message["job"].startswith("nightly-")
    assert web.fetched == [0]
