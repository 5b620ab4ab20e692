// Lets a log grow, keeps its end in view, and lets it stand while somebody reads further up or marks text in it.
const PIECES = 500;  // in one place; then the page asks for the last lines alone
const isLog = (place) => place.id === "log-lines";
const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 8;
const toEnd = (log) => { log.scrollTop = log.scrollHeight; };
const isMarked = (log) => !getSelection().isCollapsed && log.contains(getSelection().anchorNode);
const isLeftAlone = (log) => !atEnd(log) || isMarked(log);
let logAsked;  // for its last lines, at most once a second

for (const log of document.querySelectorAll("#log-lines")) toEnd(log);
addEventListener("log", ({ detail: { start, end, text } }) => {
  const log = document.querySelector("#log-lines[hx-get]");
  if (!log || Number(log.dataset.end) === end) return;
  const left = isLeftAlone(log);
  if (Number(log.dataset.end) === start && (left || log.childNodes.length < PIECES)) {
    log.append(text);
    log.dataset.end = end;
    if (!left) toEnd(log);
  } else if (!left) {
    logAsked ??= setTimeout(() => {
      logAsked = undefined;
      const now = document.querySelector("#log-lines[hx-get]");
      if (now) htmx.trigger(now, "grown");
    }, 900);
  }
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (isLog(detail.target)) detail.shouldSwap &&= !isLeftAlone(detail.target);
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const log = document.querySelector("#log-lines");
  if (log && (isLog(detail.target) || detail.target.id === "log")) toEnd(log);
});
