"""What the pages of a job's progress say, in Korean: comparison, charts."""

PROGRESS = {
    "Beside earlier runs": "이전 실행과 비교",
    "Out of line with the runs before:": "이전 실행과 크게 다릅니다:",
    "usually": "보통",
    "This run": "이번 실행",
    "Of the median": "중앙값 대비",
    "Median": "중앙값",
    "Nobody has asked for the same before.": "같은 조건으로 끝난 이전 실행이 없습니다.",
    "Requests by depth and state, as in the table below": "깊이와 상태별 요청 수 (아래 표와 같음)",
    "Limits": "한도",
    "Bytes": "바이트",
    "no limit": "한도 없음",
    "Seconds": "초",
    "Share wanted": "원하는 분류의 비율",
    "Dry run": "시험 실행",
    "What it would fetch first": "처음에 가져올 것",
    "Stored items visited again first, at most": "먼저 다시 찾아갈 저장된 항목 (최대)",
    "Read by": "읽는 메서드",
    "There are more than these.": "이 밖에 더 있습니다.",
    "Nothing was fetched, nothing was started.": "아무것도 가져오거나 시작하지 않았습니다.",
    "anomaly": "이전 실행과 다름",
}
