"""Connections to the databases are encrypted to the right server, or there are none."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from gleanery.errors import ConfigError, StoreError, StoreUnavailableError
from storage import StoreOptions, open_store
from storage.mysql.database import Database
from tests.authority import Authority
from tests.conftest import missing_server
from tests.contracts.store_items import POST
from tests.ports import free_ports
from tests.store_servers import (
    SETTINGS,
    has_mongodb,
    mariadb_program,
    prepare_mariadb,
    running_mariadb,
    running_mongodb,
    skip_without,
)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("others"))


def over_tcp(port: int) -> tuple[str, ...]:
    return (*SETTINGS, "--skip-networking=0", "--bind-address=127.0.0.1", f"--port={port}")


@pytest.fixture(scope="module")
def mysql(tmp_path_factory, ours):
    """The address of a MariaDB with a certificate of ``ours``, and one of the same without any."""
    skip_without("pymysql")
    if mariadb_program() is None:
        missing_server("mariadb-server")
    folder = tmp_path_factory.mktemp("m")
    prepare_mariadb(folder)
    cert, key = ours.issue("server")
    port, plain_port = free_ports(2)
    tls = (f"--ssl-ca={ours.ca}", f"--ssl-cert={cert}", f"--ssl-key={key}")
    with running_mariadb(folder, settings=(*over_tcp(port), *tls)) as (_, socket):
        url = f"mysql://root@localhost:{port}/gleanery"
        open_store("mysql", "", StoreOptions(mysql_url=socket)).init()
        plain = tmp_path_factory.mktemp("p")
        prepare_mariadb(plain)
        with running_mariadb(plain, settings=over_tcp(plain_port)):
            yield url, f"mysql://root@localhost:{plain_port}/gleanery"


def asked(options: StoreOptions, sql: str):
    database = Database(options)
    try:
        return database.transact(lambda db: db.exec_driver_sql(sql).all())
    finally:
        database.close()


def test_mysql_is_spoken_to_encrypted_once_its_authority_is_named(mysql, ours):
    options = StoreOptions(mysql_url=mysql[0], mysql_ca=str(ours.ca))

    ((_, cipher),) = asked(options, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    with open_store("mysql", "", options) as store:
        store.save([POST])
        found = store.find(POST.identity)

    assert cipher.startswith("TLS_")
    assert found is not None


@pytest.mark.filterwarnings("ignore:unclosed <socket")  # PyMySQL's own, of a refused handshake
def test_mysql_with_a_certificate_of_others_is_refused(mysql, others):
    options = StoreOptions(mysql_url=mysql[0], mysql_ca=str(others.ca))

    with pytest.raises(StoreUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
        open_store("mysql", "", options).open()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed <socket")
def test_mysql_under_another_name_is_refused(tmp_path, ours):
    folder = tmp_path / "m"
    folder.mkdir()
    prepare_mariadb(folder)
    cert, key = ours.issue("elsewhere", host="db.example.org")
    (port,) = free_ports(1)
    settings = (*over_tcp(port), f"--ssl-cert={cert}", f"--ssl-key={key}")
    with running_mariadb(folder, settings=settings):
        options = StoreOptions(
            mysql_url=f"mysql://root@localhost:{port}/gleanery", mysql_ca=str(ours.ca)
        )
        with pytest.raises(StoreUnavailableError, match=r"[Hh]ostname mismatch"):
            open_store("mysql", "", options).open()


@pytest.mark.filterwarnings("ignore:unclosed <socket")
def test_mysql_that_speaks_no_tls_is_not_spoken_to_in_the_clear(mysql, ours):
    options = StoreOptions(mysql_url=mysql[1], mysql_ca=str(ours.ca))

    with pytest.raises(StoreUnavailableError, match="SSL is required"):
        open_store("mysql", "", options).open()


@pytest.mark.filterwarnings("ignore:unclosed <socket")
def test_an_account_that_must_show_a_certificate_needs_one(mysql, ours):
    administrator = StoreOptions(mysql_url=mysql[0], mysql_ca=str(ours.ca))
    asked_for = "CREATE OR REPLACE USER shown@localhost REQUIRE SUBJECT '/CN=crawl'"
    database = Database(administrator)
    with database.engine.begin() as db:
        db.exec_driver_sql(asked_for)
        db.exec_driver_sql("GRANT SELECT ON gleanery.* TO shown@localhost")
    database.close()
    cert, key = ours.issue("crawl")
    url = mysql[0].replace("root@", "shown@")
    with_one = StoreOptions(
        mysql_url=url, mysql_ca=str(ours.ca), mysql_cert=str(cert), mysql_key=str(key)
    )

    with open_store("mysql", "", with_one) as store:
        store.stats(classified_kinds=[])
    with pytest.raises(StoreError, match="Access denied"):
        open_store("mysql", "", StoreOptions(mysql_url=url, mysql_ca=str(ours.ca))).open()


@pytest.mark.filterwarnings("ignore:unclosed <socket")
def test_an_account_that_must_be_encrypted_is_refused_in_the_clear(mysql, ours, tmp_path):
    import pymysql  # noqa: PLC0415 - an extra

    from storage.mysql.accounts import MysqlAccounts  # noqa: PLC0415

    options = StoreOptions(mysql_url=mysql[0], mysql_ca=str(ours.ca))
    accounts = MysqlAccounts(options, require_tls=True)
    accounts.create("client", "secret-of-client")
    accounts.grant("client")
    port = int(mysql[0].partition("localhost:")[2].partition("/")[0])
    account = {"host": "localhost", "port": port, "user": "gleanery_client",
               "password": "secret-of-client", "database": "gleanery"}  # fmt: skip

    with pymysql.connect(**account, ssl_ca=str(ours.ca), ssl_verify_identity=True):
        pass
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        pymysql.connect(**account, ssl_disabled=True)


# --- MongoDB


@pytest.fixture(scope="module")
def mongodb(tmp_path_factory, ours):
    """The address of a server that wants certificates of ``ours``, and of one that speaks plain."""
    skip_without("pymongo")
    if not has_mongodb():
        missing_server("secantusdb")
    cert, key = ours.issue("mongodb")
    both = ours.ca.parent / "client-pair.pem"
    both.write_bytes(b"".join(path.read_bytes() for path in ours.issue("worker")))
    options = (
        *("--tls-cert-file", str(cert), "--tls-key-file", str(key)),
        *("--tls-ca-file", str(ours.ca), "--tls-require-client-cert"),
    )
    query = f"&tls=true&tlsCAFile={ours.ca}&tlsCertificateKeyFile={both}"
    folder = tmp_path_factory.mktemp("mongodb")
    with (
        running_mongodb(folder, options=options, query=query) as (_, url),
        running_mongodb(tmp_path_factory.mktemp("plain")) as (_, plain),
    ):
        yield url.partition("&tls")[0], plain, str(both)


def test_mongodb_is_spoken_to_with_both_certificates(mongodb, ours):
    url, _, cert = mongodb
    options = StoreOptions(mongodb_url=url, mongodb_ca=str(ours.ca), mongodb_cert=cert)
    open_store("mongodb", "", options).init()

    with open_store("mongodb", "", options) as store:
        store.save([POST])
        assert store.find(POST.identity) is not None


@pytest.mark.filterwarnings("ignore:unclosed <socket")  # PyMongo's own, of a refused handshake
@pytest.mark.parametrize("what", ["of others", "no certificate of ours", "in the clear"])
def test_mongodb_that_cannot_be_trusted_or_does_not_trust_us_is_refused(
    mongodb, ours, others, what
):
    url, plain, cert = mongodb
    options = {
        "of others": {"mongodb_url": url, "mongodb_ca": str(others.ca), "mongodb_cert": cert},
        "no certificate of ours": {"mongodb_url": url, "mongodb_ca": str(ours.ca)},
        "in the clear": {"mongodb_url": plain, "mongodb_ca": str(ours.ca)},
    }[what]

    with pytest.raises(StoreUnavailableError):
        open_store("mongodb", "", StoreOptions(**options, store_timeout_seconds=1)).open()

    gc.collect()  # here, where the warning is expected


# --- mistakes


@pytest.mark.parametrize("server", ["mysql", "mongodb"])
def test_certificates_that_cannot_be_read_are_named_by_their_setting(tmp_path, ours, server):
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    url = {f"{server}_url": f"{server}://u@localhost/gleanery"}

    for name, path in ((f"{server}_ca", tmp_path / "none"), (f"{server}_cert", broken)):
        with pytest.raises(ConfigError, match=f"GLEANERY_{name.upper()}"):
            open_store(server, "", StoreOptions(**url, **{name: str(path)})).open()


def test_a_key_alone_is_refused(ours):
    _, key = ours.issue("alone")
    options = StoreOptions(mysql_url="mysql://u@localhost/gleanery", mysql_key=str(key))

    with pytest.raises(ConfigError, match="GLEANERY_MYSQL_KEY needs GLEANERY_MYSQL_CERT"):
        open_store("mysql", "", options).open()


def test_a_key_with_a_password_is_refused_without_asking_for_it(tmp_path, ours):
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    cert, key = ours.issue("locked")
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        loaded.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    code = (
        "from storage import StoreOptions, open_store; import sys\n"
        "o = StoreOptions(mysql_url='mysql://u@localhost/x', mysql_cert=sys.argv[1],"
        " mysql_key=sys.argv[2])\n"
        "open_store('mysql', '', o).open()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(cert), str(key)],
        capture_output=True, text=True, timeout=180, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert "GLEANERY_MYSQL_CERT: its key has a password" in done.stderr
