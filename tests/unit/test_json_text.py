"""Reading and writing JSON: what ``json`` wrote is read as it was."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleanery.foreign_json import read_foreign
from gleanery.json_text import read_json, write_json, write_json_lines

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_json_wrote_is_read_as_it_was(value):
    text = json.dumps(value, ensure_ascii=False)
    assert read_json(text) == read_json(text.encode()) == value


@given(VALUES)
def test_what_is_written_json_reads(value):
    def finite(of):
        if isinstance(of, dict):
            return {key: finite(inner) for key, inner in of.items()}
        if isinstance(of, list):
            return [finite(inner) for inner in of]
        return None if isinstance(of, float) and not math.isfinite(of) else of

    assert json.loads(write_json(value)) == finite(value)
    assert write_json_lines([value, value]) == 2 * (write_json(value) + b"\n")


def test_halves_of_surrogate_pairs_and_nan_are_kept_or_marked():
    assert read_json('["\\ud83d", "\\ud83d\\ude00"]') == ["\ud83d", "😀"]
    assert read_json('"\ud83d"') == "\ud83d"
    assert math.isnan(read_json("NaN"))
    assert write_json({"국": "\ud83d", "n": 5}) == '{"국":"?","n":5}'.encode()
    assert write_json_lines(["\ud83d", "국"]) == '"?"\n"국"\n'.encode()
    with pytest.raises(ValueError, match="line 1"):
        read_json("{")


@given(VALUES, st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_what_others_wrote_is_read_as_json_reads_it(value, encoding):
    written = json.dumps(value, ensure_ascii=False)

    assert read_foreign(written.encode(encoding)) == value
    assert read_foreign(json.dumps(value)) == value


@pytest.mark.parametrize(
    "written",
    ['["a\\ud83d", "\\uD83D\\uDE00"]', '["a\ud83d", "😀"]',
     b'["a\xed\xa0\xbd", "\xf0\x9f\x98\x80"]'],
    ids=["escaped", "text", "bytes"],
)  # fmt: skip
def test_halves_of_surrogate_pairs_of_others_are_left_out(written):
    assert read_foreign(written) == ["a", "😀"]
