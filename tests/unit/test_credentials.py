"""Files with the passwords of accounts."""

from __future__ import annotations

import pytest

from gleanery.errors import ConfigError
from storage.credentials import Credentials, given_passwords


def test_two_servers_share_a_services_file_and_keep_each_others_lines(tmp_path):
    path = tmp_path / "accounts" / "crawl.env"
    for name, value in (("MYSQL", "a=b#'\" c"), ("MONGODB", "d"), ("MYSQL", "e")):
        kept = Credentials(path)
        kept.prepare({"GLEANERY_STORE": "mysql+mongodb", f"GLEANERY_{name}_PASSWORD": value})
        kept.commit()

    assert path.read_text() == (
        "GLEANERY_STORE=mysql+mongodb\nGLEANERY_MYSQL_PASSWORD=e\nGLEANERY_MONGODB_PASSWORD=d\n"
    )
    assert (path.stat().st_mode & 0o777, [p.name for p in path.parent.iterdir()]) == (
        0o600, ["crawl.env"],
    )  # fmt: skip


def test_until_the_server_has_a_password_the_file_has_the_old_one(tmp_path):
    path = tmp_path / "crawl.env"
    kept = Credentials(path)
    kept.prepare({"P": "old"})
    kept.commit()
    kept.prepare({"P": "new"})

    assert given_passwords(path) == {"P": "old"}
    assert given_passwords(tmp_path / "crawl.env.new") == {"P": "new"}
    kept.forget()
    assert [p.name for p in tmp_path.iterdir()] == ["crawl.env"]


def test_a_line_that_is_no_pair_is_refused_without_showing_it(tmp_path):
    path = tmp_path / "given"
    path.write_text("crawl=a\nsecret\n")
    path.chmod(0o600)

    with pytest.raises(ConfigError, match=r"a line is no NAME=value") as error:
        given_passwords(path)
    assert "secret" not in str(error.value)
