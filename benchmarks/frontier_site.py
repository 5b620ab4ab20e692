"""The site of ``benchmarks.frontier`` and a proxy that makes Redis look far away; both asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys

BREADTH, LINKS = 5, 20


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


async def serve_site(pages: int) -> None:
    """Serve on a free port, printed first."""
    answers = [page(n, pages) for n in range(pages)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(answers[int(head.split(b" ", 2)[1].strip(b"/") or 0)])
                await writer.drain()

    await _forever(answer)


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


async def _forever(answer: object) -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)  # type: ignore[arg-type]
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "site":
        asyncio.run(serve_site(int(sys.argv[2])))
    else:
        asyncio.run(serve_proxy(sys.argv[2], float(sys.argv[3])))
