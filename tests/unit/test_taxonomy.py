"""The taxonomy file: what the issue asks for, and what its readers rely on."""

from __future__ import annotations

import pytest

from gleanery.errors import ConfigError
from items import load_taxonomy

WANTED = {
    "life_lifestyle": "여행 후기·맛집 리뷰·인테리어 아이디어·가정/육아 팁",
    "finance": "주식 시세·투자 리포트·가계부 샘플·금융 상품 비교",
    "product_shopping": "전자제품 사양·패션 아이템 리뷰·신제품 출시 정보·가격비교",
    "news_media": "시사 뉴스·연예 소식·지역 뉴스·인터뷰 기사",
    "education": "온라인 강의·교과서 요약·문제 풀이·학습 자료 다운로드 링크",
    "social_community": "블로그 포스트·포럼 토론·Q&A 게시글·SNS 피드",
    "entertainment": "드라마/영화 줄거리·음악 차트·게임 공략·웹툰/소설 연재",
    "tech_it": "프로그래밍 튜토리얼·소프트웨어 문서·API 레퍼런스·IT 뉴스",
    "health_medicine": "운동법 영상·다이어트 식단표·질병 정보·의료 논문 요약",
    "sports_leisure": "경기 결과·선수 인터뷰·장비 리뷰·레저/취미 가이드",
    "food": "레시피·조리법 영상·식재료 비교·음식 트렌드 분석",
    "fashion_beauty": "스타일링 팁·메이크업 튜토리얼·뷰티 브랜드 리뷰·패션 트렌드",
    "cars_traffic": "차종 비교·시승기·교통 정보·유지비 계산기",
    "real_estate": "매물 정보·임대/매매 팁·집 꾸미기 아이디어·인테리어 자재 소개",
    "science_research": "학술 논문 요약·실험 데이터·연구 동향 보고서·학회 발표 자료",
    "art_culture": "전시회 안내·미술 작품 감상평·공연 일정·문화재 정보",
    "environment_energy": "기후 변화 리포트·재생에너지 사례·친환경 생활 가이드",
    "government_public": "정책 자료·통계 데이터·공공 서비스 안내·법령/규제 해설",
    "non_profit": "NGO 보고서·자원봉사 정보·사회문제 사례 연구·기부처 소개",
}


def test_it_holds_the_19_categories_and_their_sub_categories_in_order():
    """The Korean names are the project owner's own words."""
    taxonomy = load_taxonomy()

    assert {c.key: "·".join(s.name_ko for s in c.subcategories) for c in taxonomy.categories} == (
        WANTED
    )
    assert taxonomy.keys == tuple(WANTED)


def test_every_description_is_one_line_in_its_own_language():
    for category in load_taxonomy().categories:
        for entry in (category, *category.subcategories):
            texts = (entry.name_ko, entry.name_en, entry.description_ko, entry.description_en)
            assert all(t.strip() == t and t and "\n" not in t for t in texts), entry.key
            assert any("가" <= c <= "힣" for c in entry.description_ko), entry.key
            assert not any("가" <= c <= "힣" for c in entry.description_en), entry.key


def test_sub_category_keys_are_unique_over_all_categories():
    """So a sub-category can be named alone in searches and exports."""
    keys = [s.key for c in load_taxonomy().categories for s in c.subcategories]

    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "text",
    [
        "version: 1",
        "[]",
        "version: 1\ncategories: {a: {name_ko: x}}",
        "{",
        "version: 1\ncategories:",
    ],
    ids=["no categories", "a list", "fields missing", "no YAML", "empty categories"],
)
def test_a_malformed_file_is_a_configuration_error_that_names_it(tmp_path, text):
    path = tmp_path / "taxonomy.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"taxonomy\.yaml"):
        load_taxonomy(path)
