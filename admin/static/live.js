// Replaces what a page shows by what the server sends, while the page is open.
for (const place of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(place.dataset.live);
  source.addEventListener("facts", (event) => { place.innerHTML = event.data; });
  source.addEventListener("ended", () => source.close());
  addEventListener("pagehide", () => source.close());
}
