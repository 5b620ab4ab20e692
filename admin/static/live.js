// Replaces what a page shows by what the server sends, while the page is open.
for (const place of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(place.dataset.live);
  for (const part of place.querySelectorAll("[data-part]")) {
    source.addEventListener(part.dataset.part, (event) => { part.innerHTML = event.data; });
  }
  for (const name of ["point", "log"]) {
    source.addEventListener(name, (event) => {
      dispatchEvent(new CustomEvent(name, { detail: JSON.parse(event.data) }));
    });
  }
  source.addEventListener("ended", () => source.close());
  addEventListener("pagehide", () => source.close());
}
