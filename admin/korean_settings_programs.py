"""What settings mean, in Korean, by name: scrapyd, jobs, notices, and programs that people call."""

PROGRAMS = {
    "API_HOST": (
        "`gleanery serve-api`가 여는 주소. 다른 사람이 접속한다면 앞에 TLS 프록시를 두세요."
    ),
    "API_PORT": "클라이언트 API의 포트. 0이면 비어 있는 것.",
    "API_THREADS": "클라이언트 API가 저장소에 동시에 하는 질문 수.",
    "API_TIMEOUT_SECONDS": "클라이언트 API 요청 하나의 최대 시간(초). 넘으면 503으로 답합니다.",
    "API_MAX_BODY_BYTES": "클라이언트 API 요청 본문의 최대 바이트.",
    "SCRAPYD_HOST": "scrapyd가 여는 주소. 루프백이 아니면 이름과 비밀번호가 필요합니다.",
    "SCRAPYD_PORT": "scrapyd의 포트.",
    "SCRAPYD_USERNAME": "scrapyd가 묻는 이름.",
    "SCRAPYD_PASSWORD": "scrapyd가 묻는 비밀번호.",
    "SCRAPYD_NODE": "이 노드의 이름. 비우면 호스트의 이름. 두 노드가 같은 이름을 쓸 수 없습니다.",
    "SCRAPYD_NODE_URL": (
        "다른 컴퓨터의 로그를 읽는 곳: 노드의 scrapyd. {node}는 노드의 이름. 예: "
        "http://{node}.crawl:6800. 비우면 이 컴퓨터의 로그만 보입니다."
    ),
    "SCRAPYD_SLOTS": "노드가 동시에 실행하는 작업 수. 0이면 프로세서마다 넷.",
    "SCRAPYD_DRAIN_SECONDS": (
        "노드를 멈출 때 수집이 제대로 끝날 시간(초). 그 뒤에는 강제로 끝냅니다."
    ),
    "SCRAPYD_SETTINGS": "작업이 가져올 수 있는 Scrapy 설정(`schedule.json`의 `setting=`).",
    "JOBS_LOST_SECONDS": "작업과 노드가 모두 이 시간(초) 동안 소식이 없으면 작업을 유실로 봅니다.",
    "JOBS_STALLED_MINUTES": (
        "페이지나 항목 없이 이 시간(분)이 지나면 정체로 봅니다. 0이면 보지 않음."
    ),
    "JOBS_ATTEMPTS": "거듭 유실되는 작업을 시작하는 횟수. 그 뒤에는 유실로 남습니다.",
    "JOBS_HISTORY_DAYS": "관리 페이지가 작업의 차트와 나무를 보관하는 날수.",
    "NOTIFY_EVENTS": (
        "알리는 일. `budget`: 한도에 이르러 끝남. `anomaly`: 이전 실행과 크게 다르게 끝남."
    ),
    "NOTIFY_WEBHOOK_URL": (
        "알릴 일을 JSON으로 보내는 곳. 비우면 보내지 않음. 내부 주소는 "
        "`GLEANERY_ALLOWED_ADDRESSES`가 열지 않으면 거부합니다."
    ),
    "NOTIFY_WEBHOOK_SECRET": "보내는 것에 붙이는 서명(HMAC-SHA256)의 키. 주소를 정하면 필요합니다.",
    "NOTIFY_EMAIL_TO": "알릴 일을 메일로 받는 사람. 비우면 없음.",
    "NOTIFY_EMAIL_FROM": "그 메일의 보내는 사람.",
    "NOTIFY_SMTP_HOST": "메일을 받는 서버.",
    "NOTIFY_SMTP_PORT": "그 포트. 보통 `starttls`는 587, `tls`는 465.",
    "NOTIFY_SMTP_SECURITY": "메일 서버로 가는 길의 암호화. 로그인은 TLS로만 보냅니다.",
    "NOTIFY_SMTP_USERNAME": "로그인하는 이름. 비우면 로그인하지 않음.",
    "NOTIFY_SMTP_PASSWORD": "로그인하는 비밀번호.",
    "SERVE_MODELS_PORT": "`gleanery serve`가 시작하는 모델 서버의 포트.",
    "SERVE_ADMIN_PORT": "`gleanery serve`가 시작하는 관리 페이지의 포트.",
    "ADMIN_URL": (
        "사람들이 관리 페이지에 접속하는 주소. 예: `https://gleanery.example`. 비우면 접속한 "
        "호스트. `https`면 쿠키를 TLS로만 보냅니다."
    ),
    "ADMIN_IDLE_MINUTES": "요청 없이 이 시간(분)이 지나면 관리 페이지에서 로그아웃됩니다.",
    "ADMIN_SESSION_HOURS": "로그인한 뒤 이 시간이 지나면 세션이 끝납니다.",
    "ADMIN_TRUSTED_PROXIES": "관리 페이지가 `X-Forwarded-For`를 믿는 프록시의 주소.",
    "OIDC_ISSUER": (
        "관리 페이지의 로그인 서비스(OpenID Connect)가 스스로 부르는 주소. 비우면 이곳의 사용자만."
    ),
    "OIDC_CA": "시스템이 아는 것 말고 그 서비스를 보증할 인증서(PEM).",
    "OIDC_CLIENT_ID": (
        "관리 페이지가 그곳에 등록된 이름. 돌아오는 주소는 "
        "`<GLEANERY_ADMIN_URL>/login/oidc/callback`."
    ),
    "OIDC_CLIENT_SECRET": "그 등록의 비밀 키. 비우면 PKCE만 쓰는 공개 클라이언트.",
    "OIDC_SCOPE": "로그인 서비스에 요청하는 범위. 그룹을 따로 요청해야 주는 서비스도 있습니다.",
    "OIDC_ROLE_CLAIM": "역할을 정하는 ID 토큰의 항목. 점은 안쪽을 뜻합니다: `realm_access.roles`.",
    "OIDC_ROLES": (
        '그 항목의 값 → 역할(JSON): `{"crawl-team": "operator"}`. 가장 높은 것이 맞고, 없으면 '
        "거부합니다."
    ),
    "METRICS_TOKEN": (
        "Prometheus가 관리 페이지, 내보내기 프로그램, 작업자에게 보이는 토큰. 비우면 프록시를 "
        "거치지 않은 이 컴퓨터에만 숫자를 알립니다."
    ),
    "METRICS_HOST": "`gleanery serve-metrics`와 작업자의 지표를 여는 주소.",
    "METRICS_PORT": "`gleanery serve-metrics`의 포트. 0이면 비어 있는 것.",
    "WORK_METRICS_PORT": "`gleanery work`가 숫자를 알리는 포트. 0이면 열지 않음.",
    "METRICS_ITEMS_SECONDS": "저장된 모든 항목을 세는 간격(초). 0이면 세지 않음.",
    "METRICS_CERTIFICATES": "끝나는 날을 알릴 다른 인증서 파일(PEM). 예: 관리 페이지의 것.",
}
