"""What settings mean, in Korean, by name: the store, models, crawls, platforms, media."""

from admin.korean_settings_programs import PROGRAMS

CRAWLING = {
    "HOME": "모든 상태를 두는 폴더: 저장소, 작업 보고서, 이어 갈 수 있는 대기열, 캐시.",
    "LOG_LEVEL": "보여 줄 로그의 최소 수준.",
    "LOG_FORMAT": "로그 줄의 모양: 사람이 읽는 글, 또는 수집 도구를 위한 한 줄에 하나의 JSON.",
    "STORE": (
        "항목을 두는 저장소: `sqlite`, `mysql`, `mongodb`, `mysql+mongodb`. 둘 다면 목록은 "
        "MySQL에, 문서는 MongoDB에 둡니다."
    ),
    "STORE_PATH": "내장 저장소의 파일. 기본은 `HOME/gleanery.db`.",
    "MYSQL_URL": "MySQL 또는 MariaDB의 데이터베이스: `mysql://user@host:3306/name`.",
    "MYSQL_PASSWORD": "주소에 없을 때 그 사용자의 비밀번호.",
    "MYSQL_CA": "그 서버를 보증할 인증서(PEM). 설정하면 TLS를 쓰고 호스트 이름을 확인합니다.",
    "MYSQL_CERT": "그 서버에 보일 우리 인증서(PEM). 설정하면 TLS를 씁니다.",
    "MYSQL_KEY": "그 인증서의 키(PEM, 비밀번호 없음)가 따로 있을 때의 파일.",
    "MONGODB_URL": "MongoDB의 데이터베이스: `mongodb://user@host:27017/name`.",
    "MONGODB_PASSWORD": "주소에 없을 때 그 사용자의 비밀번호.",
    "MONGODB_CA": "그 서버를 보증할 인증서(PEM). 설정하면 TLS를 쓰고 호스트 이름을 확인합니다.",
    "MONGODB_CERT": (
        "그 서버에 보일 인증서와 키(PEM, 한 파일, 비밀번호 없음). 설정하면 TLS를 씁니다."
    ),
    "STORE_POOL_SIZE": "한 프로세스가 이 서버마다 유지하는 연결의 최대 수.",
    "STORE_TIMEOUT_SECONDS": "이 서버의 응답, 연결, 빈 연결을 기다리는 최대 시간(초).",
    "SPOOL_MAX_BYTES": (
        "저장소가 응답하지 않을 때 항목이 기다리는 `HOME/spool`의 바이트 한도. 차면 수집이 "
        "멈춥니다."
    ),
    "RAW_KEEP_DAYS": (
        "MongoDB가 원본 페이지를 잊는 날수. 0이면 잊지 않음. `gleanery db init`이 적용합니다."
    ),
    "REVISIT_MIN_HOURS": "한 항목을 다시 찾아가는 최소 간격(시간). docs/revisits.md 참조.",
    "REVISIT_MAX_HOURS": "최대 간격(시간). 그동안에도 변화가 없으면 더 찾아가지 않습니다.",
    "REVISIT_TARGET": "다음 방문 때 보려는 조회수, 추천, 댓글의 변화 비율.",
    "REVISIT_PATIENCE": "변화가 없는 방문이 이만큼 이어지면 더 찾아가지 않습니다.",
    "REVISIT_POINTS": "항목의 시계열에 남기는 점의 수. 오래된 것부터 솎아 냅니다.",
    "SEED_FADING": "성과가 적은 파일·프로필의 시드에 요청을 줄이고 쉬게 할지.",
    "SEED_TARGET": (
        "요청당 좋은 항목이 이만큼이면 시드가 예산을 다 받습니다. docs/revisits.md 참조."
    ),
    "SEED_FLOOR": "성과가 적은 시드가 받는 요청의 최소 비율.",
    "SEED_HALF_LIFE_DAYS": "시드의 지난 성과가 절반으로 잊히는 날수.",
    "SEED_REST_DAYS": "그래도 성과가 없는 시드가 쉬는 최대 날수. 0이면 쉬지 않음.",
    "MODEL_ENGINE": "모델 서버의 엔진: `이름`, `이름:주요_옵션`, 또는 아래 파일에 있는 이름.",
    "MODEL_ENGINES_FILE": (
        "엔진의 옵션과, 어떤 엔진이 어떤 도구를 맡는지 적은 파일. docs/engines.md에 예가 있습니다."
    ),
    "VIDEO_ENGINE": (
        "동영상을 벡터로 바꾸는 엔진. 예: `timesformer`, `timesformer:폴더`. 비우면 위 파일에서 "
        "할 수 있는 것."
    ),
    "TRANSCRIBE_ENGINE": "말을 받아쓰는 엔진: `faster_whisper:large-v2`, `openai_whisper:파일` …",
    "DENOISE_ENGINE": "말에서 잡음을 없애는 엔진: `conv_tasnet:파일`.",
    "SEPARATE_ENGINE": "목소리와 음악을 나누는 엔진: `spleeter:폴더`, `demucs:파일`.",
    "SUMMARIZE_ENGINE": "글을 요약하는 엔진. 예: `pegasus:google/pegasus-large`. 비우면 주 엔진.",
    "OPENAI_API_KEY": "엔진 `openai`가 제 서버에 보이는 키.",
    "MODEL_SERVER_URL": (
        "실행 중인 모델 서버들. 예: `http://127.0.0.1:8765/mcp`. 쉼표로 나눕니다. 비어 있는 "
        "서버가 일을 맡습니다. 비우면 수집 안에서 실행합니다."
    ),
    "MODEL_SERVER_TOKEN": "그 서버의 Bearer 토큰.",
    "MODEL_TIMEOUT_SECONDS": "모델 서버의 응답 하나를 기다리는 최대 시간(초).",
    "MODEL_PATIENCE_SECONDS": (
        "모델 서버가 모두 응답하지 않을 때 항목이 기다리는 시간(초). 그 뒤에는 분류하지 않고 "
        "지나갑니다."
    ),
    "MODEL_BATCH_SIZE": "한 번에 보내는 문서 수.",
    "TAXONOMY_FILE": (
        "직접 만든 분류 파일. 기본은 있으면 `HOME/taxonomy.yaml`, 없으면 기본 제공. 수집과 모델 "
        "서버가 같은 것을 읽어야 합니다. `gleanery proposals accept`가 씁니다."
    ),
    "CLASSIFY_ENABLED": "수집이 모델 서버에 물을지. 나중에 `gleanery reenrich`로 할 수 있습니다.",
    "CLASSIFY_KINDS": "분류와 제목을 받는 항목의 종류.",
    "AUDIO_PLAN": (
        "소리를 처리하는 방법: `none`, 또는 `separate+denoise+transcribe+summarize`의 일부를 이 "
        "순서로. `summarize`에는 `transcribe`가 필요합니다."
    ),
    "WORK_LEASE_SECONDS": (
        "작업자가 이 시간(초) 동안 소식이 없으면 죽은 것으로 보고 작업을 되돌립니다."
    ),
    "WORK_ATTEMPTS": "끝낸 단계 없이 이만큼 실패하면 작업을 포기합니다.",
    "WORK_LIMIT": "기다리는 작업의 최대 수. 넘으면 수집이 느려집니다. 0이면 한도 없음.",
    "WORK_PATIENCE_SECONDS": (
        "항목이 자리를 기다리는 최대 시간(초). 그 뒤에는 작업 없이 저장하고 셉니다."
    ),
    "WORK_DOWNLOADS": "작업자 하나가 동시에 내려받는 동영상 수.",
    "WORK_MODEL_CALLS": "작업자 하나가 동시에 하는 모델 서버 호출 수.",
    "WORK_RETRY_SECONDS": "첫 실패 뒤 기다리는 시간(초). 그다음부터는 네 배씩 늘어납니다.",
    "WORK_DRAIN_SECONDS": (
        "작업자를 멈출 때 진행 중인 단계를 마칠 시간(초). 그 뒤에는 작업을 되돌립니다."
    ),
    "WORK_KEY_FRAMES": "동영상마다 그림으로 남기는 대표 장면 수, 서로 다른 것부터. 0이면 없음.",
    "WORK_KEY_FRAMES_SVG": "대표 장면을 벡터 그림으로도 그릴지. `gleanery[media]`가 필요합니다.",
    "REDIS_URL": (
        "작업자들이 함께 쓰는 Redis 또는 Valkey. 예: `redis://127.0.0.1:6379/0`. 클러스터는 "
        "`redis+cluster://node:6379`. 비우면 한 컴퓨터의 작업자들이 `HOME/frontier/<수집>.db` "
        "파일을 함께 씁니다."
    ),
    "FRONTIER_CRAWL": (
        "수집의 이름. 같은 이름의 작업자가 함께 합니다. 비우면 스파이더, 인자, 시드로 이름을 "
        "짓고, 끝난 뒤에는 새로 시작합니다."
    ),
    "FRONTIER_KEEP_DAYS": (
        "멈춘 수집의 파일 `HOME/frontier/<스파이더>-….db`를 지우는 날수. 0이면 지우지 않음."
    ),
    "FRONTIER_ORDER": "`strict`는 모든 작업자가 단계를 맞추고, `relaxed`는 기다리지 않습니다.",
    "FRONTIER_PREFETCH": "작업자가 미리 들고 있는 요청 수. 0이면 `CONCURRENT_REQUESTS`의 두 배.",
    "FRONTIER_LEASE_SECONDS": (
        "작업자가 이 시간(초) 동안 소식이 없으면 죽은 것으로 보고 요청을 되돌립니다."
    ),
    "FRONTIER_HOST_CONCURRENCY": (
        "모든 작업자를 합쳐 한 호스트에 동시에 진행하는 요청 수(저장될 때까지). 0이면 각자."
    ),
    "FRONTIER_MAX_ATTEMPTS": "이만큼 실패하면 요청을 포기합니다.",
    "FRONTIER_MAX_PAGES": "모든 작업자가 합쳐 이만큼 페이지를 가져오면 끝납니다. 0이면 한도 없음.",
    "FRONTIER_MAX_ITEMS": "모든 작업자가 합쳐 이만큼 항목을 저장하면 끝납니다. 0이면 한도 없음.",
    "FRONTIER_MAX_BYTES": "모든 작업자가 합쳐 이만큼 바이트를 가져오면 끝납니다. 0이면 한도 없음.",
    "FRONTIER_MAX_SECONDS": "시작한 뒤 이 시간(초)이 지나면 끝납니다. 0이면 한도 없음.",
    "FRONTIER_IDLE_SECONDS": (
        "어느 작업자에게도 대기나 진행 중인 것이 없이 이 시간(초)이 지나면 수집이 끝납니다."
    ),
    "FRONTIER_START_URLS": (
        "수집이 실행되는 동안 Redis 목록 `<스파이더>:start_urls`에서 시드를 받을지."
    ),
    "FOCUS_POLICY": "원하는 분류가 아닌 항목을 둘지, 버릴지, 검토 표시를 하고 둘지.",
    "FOCUS_PATIENCE": "원하는 항목 없이 이만큼 깊어지면 가지를 잘라 냅니다.",
    "REDDIT_CLIENT_ID": "Reddit 앱의 클라이언트 id.",
    "REDDIT_CLIENT_SECRET": "Reddit 앱의 비밀 키.",
    "REDDIT_URL": "토큰을 주는 곳.",
    "REDDIT_OAUTH_URL": "API가 답하는 곳.",
    "GOOGLE_NEWS_URL": "뉴스 RSS 피드가 있는 곳.",
    "GOOGLE_NEWS_ACCEPT_TERMS": (
        "Google이 이 피드를 개인용 피드 리더에만 제공한다는 것을 운영자가 읽었다는 뜻."
    ),
    "GOOGLE_NEWS_DECODE_BUDGET": "한 수집에서 네트워크로 풀어 보는 숨은 링크의 최대 수.",
    "CSE_URL": "Custom Search JSON API (새 고객은 받지 않으며 2027-01-01에 끝남).",
    "CSE_KEY": "그 API의 키.",
    "CSE_CX": "그 API의 검색 엔진 id.",
    "SEARXNG_URL": "JSON 형식을 켠 SearXNG의 기본 주소.",
    "WEB_PROXY": "웹 페이지, 피드, 검색에 쓰는 HTTP 프록시.",
    "PLAYWRIGHT": "아무것도 나오지 않은 페이지를 Chromium으로 한 번 더 그려 볼지.",
    "PLAYWRIGHT_EXECUTABLE": (
        "브라우저의 경로. 비우면 있으면 `/usr/bin/chromium`, 없으면 Playwright의 것."
    ),
    "YOUTUBE_API_KEY": "Data API v3의 키. 있으면 yt-dlp 대신 씁니다.",
    "YOUTUBE_API_URL": "그 API가 답하는 곳.",
    "YOUTUBE_PROXY": "yt-dlp가 쓰는 HTTP 프록시.",
    "YOUTUBE_EXTRACTOR_ARGS": (
        "yt-dlp의 `--extractor-args`(JSON). 기본값은 메타데이터만 받고, 동영상에만 필요한 것은 "
        "받지 않습니다."
    ),
    "YOUTUBE_VERIFY_TLS": "제 인증서를 쓰는 재생 프록시에서만 끄세요.",
    "MEDIA_URL": (
        "미디어 파일을 두는 곳: 폴더, `s3://bucket/prefix`, `memory://name`(시험용). 비우면 "
        "`HOME/media`. S3의 주소와 키는 AWS 도구와 같습니다(`AWS_…`)."
    ),
    "DOWNLOAD_MEDIA": (
        "내려받는 것: `images`, `videos`, 또는 둘 다. 정하지 않으면 내려받지 않습니다. 약관과 "
        "저작권이 허락하는지는 운영자가 판단해야 합니다: docs/media.md."
    ),
    "MEDIA_LICENCE": "내려받는 동영상: 모두, 또는 Creative Commons로 표시된 것만.",
    "MEDIA_MAX_HEIGHT": "플랫폼에서 고를 수 있을 때 동영상 화면의 최대 높이(픽셀).",
    "MEDIA_MAX_BYTES": "미디어 파일의 최대 바이트.",
    "MEDIA_MAX_SECONDS": "동영상이나 소리의 최대 길이(초).",
    "MEDIA_BYTES_PER_SECOND": "동영상 하나를 내려받는 최대 속도(초당 바이트). 0이면 한도 없음.",
    "MEDIA_EXTRACTOR_ARGS": "내려받을 때 yt-dlp의 `--extractor-args`(JSON).",
    "MEDIA_VIDEOS_BY": "동영상을 누가 내려받는지: `gleanery work`, 또는 항목이 기다리는 수집 자신.",
    "MEDIA_VIDEO_CONCURRENCY": "수집 하나가 동시에 내려받는 동영상 수.",
    "MEDIA_IMAGES_PER_ITEM": "항목마다 순서대로 가져오는 그림의 최대 수.",
    "MEDIA_IMAGE_CONCURRENCY": "수집 하나가 동시에 가져오는 그림 수.",
    "MEDIA_KEEP_DAYS": (
        "항목이 쓰고 있어도 `gleanery media gc`가 파일을 지우는 날수. 0이면 지우지 않음."
    ),
    "MEDIA_KEEP_BYTES": "`gleanery media gc`가 새것부터 남기는 모든 파일의 바이트. 0이면 모두.",
    "MEDIA_GRACE_HOURS": (
        "이보다 새로운 파일은 `gleanery media gc`가 건드리지 않습니다. 항목이 아직 저장되지 "
        "않았을 수 있습니다(시간)."
    ),
    "USER_AGENT": "모든 사이트에 우리를 알리는 이름. 연락할 방법을 넣으세요.",
    "ALLOWED_ADDRESSES": "그래도 여는 사설망이나 루프백(CIDR). 예: 시험에는 `127.0.0.0/8`.",
    "DOWNLOAD_MAXSIZE": "압축을 푼 응답의 최대 바이트.",
}
SETTINGS = CRAWLING | PROGRAMS
"""All of them."""
