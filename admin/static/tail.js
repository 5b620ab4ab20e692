// Keeps a growing log's end in view, and lets it stand while somebody reads further up or marks text in it.
const isLog = (place) => place.id === "log-lines";
const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 8;
const toEnd = (log) => { log.scrollTop = log.scrollHeight; };
const isMarked = (log) => !getSelection().isCollapsed && log.contains(getSelection().anchorNode);

for (const log of document.querySelectorAll("#log-lines")) toEnd(log);
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (isLog(detail.target)) detail.shouldSwap &&= atEnd(detail.target) && !isMarked(detail.target);
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const log = document.querySelector("#log-lines");
  if (log && (isLog(detail.target) || detail.target.id === "log")) toEnd(log);
});
