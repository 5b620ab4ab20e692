"""The sites of ``benchmarks.frontier*`` and a proxy that makes Redis look far away; all asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys

BREADTH, LINKS = 5, 20
SLOW_HOST = "127.0.0.2"
FAST_HOSTS = ("127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6")

FAST_SECONDS = 0.5


def page(number: int, pages: int) -> bytes:
    """Return the answer for a page: links to 5 children and to 15 pages further up."""
    chance = random.Random(number)
    children = [c for c in range(number * BREADTH + 1, number * BREADTH + BREADTH + 1) if c < pages]
    others = [
        chance.randrange(min(pages, number * BREADTH + 2)) for _ in range(LINKS - len(children))
    ]
    items = "".join(f'<li><a href="/{n}">page {n}</a></li>' for n in [*children, *others])
    body = f"<html><title>{number}</title><ul>{items}</ul></html>".encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve_site(pages: int, seconds: float = 0.0) -> None:
    """Serve on a free port, printed first; each answer takes about ``seconds``."""
    answers = [page(n, pages) for n in range(pages)]
    chance = random.Random(7)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if seconds:
                    await asyncio.sleep(seconds * (0.5 + chance.random()))
                writer.write(answers[int(head.split(b" ", 2)[1].strip(b"/") or 0)])
                await writer.drain()

    await _forever(answer)


async def serve_hosts(hosts: int, fast: int, slow: int, delay: float, seconds: float) -> None:
    """Serve ``fast`` pages on some hosts and ``slow`` ones on another; all are this machine.

    Args:
        hosts: How many fast ones, at most 4.
        fast: Their pages, linked from ``/0`` of any host; each takes about ``FAST_SECONDS``.
        slow: Pages of the slow one, linked from there too.
        delay: Crawl-delay that the slow host asks for, in seconds; 0 = none.
        seconds: Time that it takes for each answer.
    """
    chance = random.Random(7)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here, port = writer.get_extra_info("sockname")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
                text = "<html>a page"
                if path == b"/robots.txt":
                    text = f"User-agent: *\nCrawl-delay: {delay if here == SLOW_HOST else 0}\n"
                elif path == b"/0":
                    where = [SLOW_HOST] * slow + [FAST_HOSTS[n % hosts] for n in range(fast)]
                    links = (f"http://{host}:{port}/{n + 1}" for n, host in enumerate(where))
                    text = "".join(f"<a href='{link}'></a>" for link in links)
                else:
                    pace = FAST_SECONDS * (0.5 + chance.random())
                    await asyncio.sleep(seconds if here == SLOW_HOST else pace)
                kind = "plain" if path == b"/robots.txt" else "html"
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/{kind}\r\n"
                writer.write(f"{head}Content-Length: {len(text)}\r\n\r\n{text}".encode())
                await writer.drain()

    await _forever(answer, "0.0.0.0")


async def serve_proxy(target: str, delay: float) -> None:
    """Pass on to ``target`` (a unix socket), each request ``delay`` seconds late."""

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(target)
        loop = asyncio.get_running_loop()

        async def there() -> None:
            while data := await reader.read(1 << 16):
                loop.call_later(delay, far_writer.write, data)

        async def back() -> None:
            while data := await far_reader.read(1 << 16):
                writer.write(data)

        tasks = [asyncio.create_task(there()), asyncio.create_task(back())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        writer.close()
        far_writer.close()

    await _forever(connect)


async def _forever(answer: object, address: str = "127.0.0.1") -> None:
    server = await asyncio.start_server(answer, address, 0)  # type: ignore[arg-type]
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "site":
        asyncio.run(serve_site(int(sys.argv[2]), *map(float, sys.argv[3:])))
    elif sys.argv[1] == "hosts":
        numbers, pace = map(int, sys.argv[2:5]), map(float, sys.argv[5:7])
        asyncio.run(serve_hosts(*numbers, *pace))
    else:
        asyncio.run(serve_proxy(sys.argv[2], float(sys.argv[3])))
