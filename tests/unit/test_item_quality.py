"""What a score says of items, and how near-duplicates are found; laws and real texts."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import near_filling as filling
from benchmarks import near_texts
from gleanery.errors import StoreError
from quality import Entry, NearIndex, Twin, assess, fingerprint
from quality.engagement import Standing
from quality.language import identify
from quality.wording import boilerplate_share, is_fragment, is_link_only
from tests.conftest import EVALSET

ENGLISH = (
    "The bridge is scheduled to be fully operational in September, when the customs checkpoints "
    "are expected to be finished, and the ferry across the river will then go out of service."
)
KOREAN = (
    "재생에너지 발전 비중이 올해 처음으로 십 퍼센트를 넘었다고 전력거래소가 밝혔다. 태양광 설비가 "
    "크게 늘어난 데다 바람이 불어 풍력도 지난해보다 오 분의 일가량 늘어난 덕분이라고 했다."
)


def row(text: str = "", **more):
    plain = {
        "identity": "reddit:t1_a",
        "platform": "reddit",
        "kind": "comment",
        "url": "https://e.com",
        "title": "",
        "language": None,
    }
    return plain | {"text": text} | more


def parts(found) -> list[str]:
    return [reason.part for reason in found.reasons]


@pytest.mark.parametrize("text", [ENGLISH, KOREAN], ids=["english", "korean"])
def test_a_whole_paragraph_has_nothing_against_it(text):
    found = assess(row(text))

    assert (found.score > 0.95, found.language) == (True, "ko" if text == KOREAN else "en")


@pytest.mark.parametrize(
    "text",
    ["this", "This!", "ㅋㅋㅋㅋ", "ㅇㅇ", "ㅇㅈ ㅋㅋ", "인정", "👍👍", "100%", "+1", "lol yeah",
     "네 감사합니다!", "..."],
)  # fmt: skip
def test_what_says_nothing_by_itself_is_a_fragment(text):
    found = assess(row(text))

    assert is_fragment(text)
    assert found.score < 0.1
    assert "fragment" in parts(found)


@pytest.mark.parametrize(
    "text", ["The bridge is open", "경복궁 맛집 추천합니다", "thanks to the new law rents fell"]
)
def test_a_short_sentence_is_no_fragment(text):
    assert not is_fragment(text)


def test_a_link_without_words_is_worth_little():
    found = assess(row("https://example.com/a?b=c 참고"))

    assert is_link_only("https://example.com/a?b=c 참고")
    assert found.score < 0.1


def test_a_link_post_has_its_title():
    assert parts(assess(row("", title=ENGLISH, kind="post", link="https://e.com"))) == ["link_only"]


def test_set_phrases_and_repetitions_are_boilerplate():
    notice = "무단 전재 및 재배포 금지. ⓒ 예시일보"
    advert = "Subscribe to our newsletter and follow us for more."

    assert boilerplate_share(KOREAN) == boilerplate_share(ENGLISH) == 0
    assert boilerplate_share(f"{advert}\n{notice}") == 1
    assert 0.05 < boilerplate_share(f"{KOREAN}\n{notice}") < 0.4
    assert 0.4 < boilerplate_share(f"{ENGLISH}\n{ENGLISH}") < 0.6


def test_key_mashing_is_no_language():
    assert "language" in parts(assess(row("asdkj qwlkej zxmcn sdflkj weoriu zxcvmn qpwoe")))


def test_what_its_source_removed_is_worth_nothing():
    assert assess(row("[deleted]")).score == assess(row(ENGLISH, removed="removed")).score == 0


def test_copies_lose_and_name_the_first():
    exact = assess(row(ENGLISH), twin=Twin("youtube:v", 1.0))
    near = assess(row(ENGLISH), twin=Twin("youtube:v", 0.85))

    assert (parts(exact), parts(near)) == (["duplicate"], ["near_duplicate"])
    assert exact.score < near.score < 0.5
    assert exact.twin == near.twin == "youtube:v"
    assert "youtube:v" in near.reasons[0].why


any_row = st.builds(
    row,
    st.text(max_size=300),
    title=st.text(max_size=60),
    language=st.sampled_from([None, "ko", "en"]),
    score=st.none() | st.integers(-(10**6), 10**12),
)


@given(any_row, st.none() | st.floats(0, 1), st.none() | st.floats(0.8, 1))
def test_a_score_is_a_product_of_reasons_in_zero_to_one(item, rank, likeness):
    twin = None if likeness is None else Twin("a:b", likeness)
    found, alone = assess(item, twin=twin, rank=rank), assess(item)

    product = 1.0
    for reason in found.reasons:
        assert 0 <= reason.value < 1
        assert reason.why
        product *= reason.value
    assert found.score == pytest.approx(product, abs=1e-4)
    assert 0 <= found.score <= alone.score <= 1
    json.dumps(found.to_dict())


@given(st.text())
def test_any_text_has_a_share_and_a_certainty(text):
    assert 0 <= boilerplate_share(text) <= 1
    assert 0 <= identify(text)[1] <= 1


@given(st.text(max_size=200))
def test_marks_case_and_links_change_no_fingerprint(text):
    one, other = (
        fingerprint(text),
        fingerprint(f"  {text.swapcase().swapcase()} !! https://e.com/x"),
    )

    if one and other and text == text.swapcase().swapcase():
        assert one.digest == other.digest
        assert (one.signature == other.signature).all()


def test_engagement_is_compared_within_a_source():
    rows = [row(score=n, root="reddit:t3_a") for n in (1, 2, 3, 5, 9, 17, 40, 90, 700)]
    other = row(score=5, root="reddit:t3_b")
    standing = Standing()
    standing.note([*rows, other])

    ranks = [standing.rank(r) for r in rows]
    assert ranks == sorted(ranks)
    assert (0 < ranks[0] < 0.1, 0.9 < ranks[-1] < 1) == (True, True)
    assert standing.rank(other) is None
    assert standing.rank(row(root="reddit:t3_a")) is None
    standing.close()


# --- near-duplicates


@pytest.fixture
def index(tmp_path):
    with NearIndex(tmp_path / "near.db") as opened:
        yield opened


def entry(identity: str, text: str, thread: str = "") -> Entry:
    return Entry(identity, thread or identity, fingerprint(text))


def test_copies_are_found_over_platforms_exact_and_nearly(index):
    edited = KOREAN.replace("크게 늘어난", "늘어난") + " (종합)"
    index.add([entry("web:a", KOREAN), entry("reddit:b", edited), entry("web:c", ENGLISH)])
    index.add([entry("youtube:d", f"{KOREAN.upper()} https://youtu.be/x !!")])

    near, exact = index.twin("reddit:b"), index.twin("youtube:d")
    assert near is not None
    assert (near.identity, 0.8 <= near.likeness < 1) == ("web:a", True)
    assert exact == Twin("web:a", 1.0)
    assert index.twin("web:a") is index.twin("web:c") is None
    assert [t.identity for t in index.check(fingerprint(ENGLISH.lower()))] == ["web:c"]


def test_texts_that_everybody_writes_are_nobodys_copy(index):
    index.add([entry("a:1", "thank you so much"), entry("a:2", "thank you so much")])

    assert len(index) == 0
    assert index.twin("a:2") is None


def test_adding_again_changes_nothing_and_a_changed_text_is_indexed_anew(index):
    assert index.add([entry("a:1", ENGLISH), entry("a:2", ENGLISH)]) == 2
    assert index.add([entry("a:1", ENGLISH), entry("a:2", ENGLISH)]) == 0
    assert index.add([entry("a:1", KOREAN)]) == 1  # the first of two copies says something else now

    assert index.twin("a:2") == Twin("a:1", 1.0)  # as it was when it arrived
    assert [t.identity for t in index.check(fingerprint(ENGLISH + " indeed so"))] == ["a:2"]
    assert index.add([entry("a:1", "too short")]) == 1
    assert index.check(fingerprint(KOREAN)) == []


def test_threads_with_copies_make_up_one_group_whatever_the_order(tmp_path):
    entries = [
        entry("a:1", ENGLISH, "t:1"),
        entry("a:2", ENGLISH, "t:2"),
        entry("a:3", KOREAN, "t:2"),
        entry("a:4", KOREAN, "t:0"),
        entry("a:5", KOREAN[::-1], "t:9"),
    ]
    found = []
    for number, order in enumerate((entries, entries[::-1])):
        with NearIndex(tmp_path / f"{number}.db") as index:
            index.add(order)
            found.append(
                ({t: index.group(t) for t in ("t:0", "t:1", "t:2", "t:9")}, dict(index.groups()))
            )

    assert found[0] == found[1]
    assert found[0][0] == {"t:0": "t:0", "t:1": "t:0", "t:2": "t:0", "t:9": "t:9"}
    assert set(found[0][1]) == {"t:0", "t:1", "t:2"}


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20),
    st.randoms(use_true_random=False),
)
def test_groups_are_the_connected_components(pairs, random):
    with NearIndex(Path(":memory:")) as index:
        shuffled = [tuple(random.sample(pair, 2)) for pair in pairs]
        random.shuffle(shuffled)
        index.join((f"{a:02}", f"{b:02}") for a, b in shuffled)

        roots = {n: int(index.group(f"{n:02}")) for n in range(13)}
    known = {n: n for n in range(13)}
    for _ in pairs:
        for a, b in pairs:
            known[a] = known[b] = min(known[a], known[b])
    assert roots == known


def test_a_batch_that_fails_leaves_nothing(index):
    def broken():
        yield entry("a:1", ENGLISH)
        raise KeyError

    with pytest.raises(KeyError):
        index.add(broken())

    assert len(index) == 0


def test_a_file_that_is_no_index_is_named(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)

    with pytest.raises(StoreError, match=r"letter\.txt is no index of ours"), NearIndex(path):
        pass
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(StoreError, match="newer Gleanery"), NearIndex(newer):
        pass


@pytest.fixture(scope="module")
def real_rows():
    if not EVALSET.is_file():
        pytest.skip("evaluation set: set GLEANERY_FIXTURES to a folder with evalset beside it")
    return [json.loads(line) for line in EVALSET.read_text(encoding="utf-8").splitlines()]


def test_languages_of_real_texts_are_told(real_rows):
    texts = [r for r in real_rows if len(r["text"]) >= 20]

    right = sum(identify(r["text"])[0] == r["lang"] for r in texts)
    assert right / len(texts) >= 0.99


def test_real_texts_that_were_edited_are_found_and_others_are_not(real_rows, index):
    """A word put before it, its end cut: what reposts do."""
    texts = list(dict.fromkeys(r["text"] for r in real_rows if len(r["text"]) >= 200))[:400]
    index.add(entry(f"a:{n}", text) for n, text in enumerate(texts))

    edited = [f"[속보] {text[: int(len(text) * 0.93)]}" for text in texts]
    found = [{t.identity for t in index.check(fingerprint(text))} for text in edited]
    hits = sum(f"a:{n}" in twins for n, twins in enumerate(found))
    alike = sum(index.twin(f"a:{n}") is not None for n in range(len(texts)))
    assert hits / len(texts) >= 0.9
    assert alike <= 5


def test_a_removed_text_leaves_no_mention_and_the_others_stay_together(tmp_path):
    texts = {"a:1": ENGLISH, "a:2": ENGLISH, "a:3": ENGLISH, "a:4": KOREAN}
    with NearIndex(tmp_path / "near.db") as index:
        index.add(Entry(i, i, fingerprint(text)) for i, text in texts.items())
        removed = (index.remove(["a:1", "a:none"]), index.remove(["a:1"]))

        assert removed == (1, 0)
        assert index.traces(["a:1"]) == 0
        assert dict(index.groups()) == {"a:2": "a:2", "a:3": "a:2"}
        assert (index.twin("a:2"), len(index)) == (None, 3)
        assert [twin.identity for twin in index.check(fingerprint(ENGLISH))] == ["a:2"]


@settings(max_examples=25, deadline=None)
@given(gone=st.lists(st.integers(0, 7), unique=True), pairs=st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7))))  # fmt: skip
def test_threads_that_are_left_stay_in_the_groups_they_were_in(tmp_path_factory, gone, pairs):
    with NearIndex(tmp_path_factory.mktemp("n") / "near.db") as index:
        index.join([(f"t{a}", f"t{b}") for a, b in pairs])
        before = {f"t{n}": index.group(f"t{n}") for n in range(8)}
        index.remove([f"t{n}" for n in gone])
        left = [n for n in range(8) if n not in gone]
        after = {f"t{n}": index.group(f"t{n}") for n in left}

    for a in left:
        for b in left:
            together = before[f"t{a}"] == before[f"t{b}"]
            assert (after[f"t{a}"] == after[f"t{b}"]) == together


def test_the_benchmark_fills_an_index_as_adding_does(tmp_path):
    """So that what it measures at a million texts is the index of ``gleanery quality``."""
    filling.write(tmp_path / "bulk.db", map(filling.marks, range(1)), lambda _: None)
    with NearIndex(tmp_path / "own.db") as index:
        index.add(
            Entry(filling.identity(0, n), filling.identity(0, n), fingerprint(text))
            for n, text in enumerate(near_texts.texts(0))
        )

    one, other = (kept_in(tmp_path / name) for name in ("bulk.db", "own.db"))
    assert one == other
    assert 900 < len(one[0]) <= 1000


def kept_in(path):
    """What a check reads."""
    with closing(sqlite3.connect(path)) as db:
        texts = "SELECT id, identity, thread, digest, signature FROM texts ORDER BY id"
        return [db.execute(q).fetchall() for q in (texts, "SELECT * FROM bands ORDER BY 1, 2")]
