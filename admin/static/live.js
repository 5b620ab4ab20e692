// Replaces what a page shows by what the server sends, while the page is open.
for (const place of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(place.dataset.live);
  for (const part of place.querySelectorAll("[data-part]")) {
    source.addEventListener(part.dataset.part, (event) => { part.innerHTML = event.data; });
  }
  source.addEventListener("point", (event) => {
    dispatchEvent(new CustomEvent("point", { detail: JSON.parse(event.data) }));
  });
  source.addEventListener("log", () => {
    const log = document.querySelector("#log-lines[hx-get]");
    if (log) htmx.trigger(log, "grown");
  });
  source.addEventListener("ended", () => source.close());
  addEventListener("pagehide", () => source.close());
}
