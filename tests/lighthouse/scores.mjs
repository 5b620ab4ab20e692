// `COOKIE=… node scores.mjs CHROMIUM URL…`: a line of JSON a page, with its scores of 0 to 100 and what cost it any.
import * as chromeLauncher from "chrome-launcher";
import lighthouse from "lighthouse";

const [chromePath, ...urls] = process.argv.slice(2);
const onlyCategories = ["performance", "accessibility", "best-practices"];
const extraHeaders = process.env.COOKIE ? { Cookie: process.env.COOKIE } : undefined;
const chrome = await chromeLauncher.launch({
  chromePath,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"],
});
try {
  for (const url of urls) {
    const { lhr } = await lighthouse(url, {
      port: chrome.port, logLevel: "error", onlyCategories, extraHeaders,
    });
    const scores = onlyCategories.map((name) => Math.round(100 * lhr.categories[name].score));
    const counted = onlyCategories.flatMap((name) => lhr.categories[name].auditRefs)
      .filter(({ id, weight }) => weight > 0 && lhr.audits[id].score < 0.9 && lhr.audits[id].score !== null);
    const costly = counted.map(({ id }) => `${id} ${lhr.audits[id].displayValue ?? ""}`.trim());
    console.log(JSON.stringify({ url: lhr.finalDisplayedUrl, scores, costly, error: lhr.runtimeError?.message }));
  }
} finally {
  await chrome.kill();
}
