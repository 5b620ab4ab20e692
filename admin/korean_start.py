"""What the arguments of spiders and a crawl's budget mean, in Korean."""

START = {
    "Name of a profile: news, daily, trend, health, or a file of your own in HOME/seeds.": (
        "프로필 이름: news, daily, trend, health 또는 HOME/seeds에 둔 파일."
    ),
    "Category wanted; branches that give nothing of it are pruned.": (
        "원하는 분류. 그 분류가 나오지 않는 가지는 잘라 냅니다."
    ),
    "Links to follow from a seed; 0 = only what the seed itself shows.": (
        "시드에서 따라갈 링크 수(깊이). 0이면 시드가 보여 주는 것만."
    ),
    "Stop after so many items; 0 = no limit.": "이만큼 모으면 멈춥니다. 0이면 한도 없음.",
    "Visit so many stored items again that are due, those first that wait longest.": (
        "다시 볼 때가 된 저장 항목을 이만큼 다시 찾아갑니다. 오래 기다린 것부터."
    ),
    "What is done with the sound of videos, e.g. denoise+transcribe; none = nothing.": (
        "동영상 소리를 처리하는 방법. 예: denoise+transcribe. 비우면 하지 않음."
    ),
    "Words to search for with the provider.": "검색 제공자에게 물을 검색어.",
    "Google News topic: top, WORLD, NATION, BUSINESS, TECHNOLOGY, …, or a topic's id.": (
        "Google 뉴스 주제: top, WORLD, NATION, BUSINESS, TECHNOLOGY … 또는 주제 id."
    ),
    "Google News top stories.": "Google 뉴스 주요 기사.",
    "Address of a publisher's RSS or Atom feed.": "매체의 RSS 또는 Atom 피드 주소.",
    "Address of a sitemap or of an index of sitemaps.": "사이트맵 또는 사이트맵 색인의 주소.",
    "Text file of addresses, one a line; or one address.": (
        "주소 하나. (명령에서는 한 줄에 하나씩 적은 파일도)"
    ),
    "Who answers a query: google_news (default), cse or searxng.": (
        "검색 제공자: google_news(기본), cse, searxng."
    ),
    "Language of the results, e.g. ko or pt-BR.": "결과의 언어. 예: ko, pt-BR.",
    "Country of the results, two letters, e.g. KR; by default the language's.": (
        "결과의 국가, 두 글자. 예: KR. 기본은 언어의 국가."
    ),
    "Results followed from each seed, at most.": "시드마다 따라갈 결과의 최대 수.",
    "Regular expression that results and links must match.": (
        "결과와 링크가 맞아야 하는 정규 표현식."
    ),
    "Regular expression that they must not match.": "맞으면 안 되는 정규 표현식.",
    "Links stay on the registered domain of their page.": "링크를 그 페이지의 도메인 안으로 제한.",
    "Subreddits, e.g. news,korea; all and popular too; a+b is one listing.": (
        "서브레딧. 예: news,korea. all, popular도 가능. a+b는 한 목록으로."
    ),
    "Words to search for: everywhere, or inside subreddit if that is given too.": (
        "검색어: 전체에서, subreddit도 주면 그 안에서."
    ),
    "Posts with their comments: ids, fullnames or addresses, share links (/s/…) too.": (
        "댓글을 포함한 게시물: id, fullname, 주소, 공유 링크(/s/…)."
    ),
    "Comments with what is above and below them: fullnames or addresses.": (
        "위아래 댓글을 포함한 댓글: fullname 또는 주소."
    ),
    "User names: what they posted and commented.": "사용자 이름: 올린 글과 댓글.",
    "Domains: posts that link to them, e.g. youtube.com.": (
        "도메인: 그곳을 링크한 게시물. 예: youtube.com."
    ),
    "Multireddits, OWNER/NAME.": "멀티레딧, OWNER/NAME.",
    "An address: the posts that link to it.": "주소 하나: 그것을 링크한 게시물.",
    "Posts: other posts of the same link, and cross-posts.": (
        "게시물: 같은 링크의 다른 게시물과 교차 게시물."
    ),
    "true = the front page.": "true = 첫 페이지.",
    "Order; relevance and comments are for searches.": "순서. relevance와 comments는 검색용.",
    "Span of sort=top, sort=controversial and of searches.": (
        "sort=top, sort=controversial, 검색의 기간."
    ),
    "What subreddits, multireddits and users list; default posts, of users both.": (
        "서브레딧, 멀티레딧, 사용자의 목록. 기본은 게시물, 사용자는 둘 다."
    ),
    "Whether the comment trees of listed posts are fetched, one level below the posts.": (
        "목록의 게시물에 달린 댓글 전체를 한 단계 아래로 가져올지."
    ),
    "Whether what is marked as not safe for work is kept.": "성인용으로 표시된 것을 보관할지.",
    "Words to search videos for.": "동영상 검색어.",
    "Channel: id (UC…), @handle or address; gives the channel and its newest videos.": (
        "채널: id(UC…), @핸들, 주소. 채널과 최신 동영상을 가져옵니다."
    ),
    "Playlist: id (PL…) or address.": "재생 목록: id(PL…) 또는 주소.",
    "Video: id of 11 characters or address.": "동영상: 11자 id 또는 주소.",
    "Videos of each search, channel and playlist, at most.": (
        "검색, 채널, 재생 목록마다 동영상의 최대 수."
    ),
    "Comments of each video, replies included, at most; 0 = none.": (
        "동영상마다 댓글의 최대 수(답글 포함). 0이면 없음."
    ),
    "Order of a search's results: relevance, date, views or rating.": (
        "검색 결과의 순서: relevance, date, views, rating."
    ),
    "Pages fetched by all workers together after which the crawl ends; 0 = no limit.": (
        "모든 작업자가 합쳐 이만큼 페이지를 가져오면 끝납니다. 0이면 한도 없음."
    ),
    "Items stored by all workers together after which the crawl ends; 0 = no limit.": (
        "모든 작업자가 합쳐 이만큼 항목을 저장하면 끝납니다. 0이면 한도 없음."
    ),
    "Time after the crawl's beginning at which it ends; 0 = no limit.": (
        "시작한 뒤 이 시간이 지나면 끝납니다. 0이면 한도 없음."
    ),
    "Bytes fetched by all workers together after which the crawl ends; 0 = no limit.": (
        "모든 작업자가 합쳐 이만큼 바이트를 가져오면 끝납니다. 0이면 한도 없음."
    ),
}
