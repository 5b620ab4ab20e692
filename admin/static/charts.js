// Draws a job's charts in place of the pictures that the server sent, and goes on with each point.
const place = document.querySelector("[data-charts]");
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 5]];  // as in admin.css
const OTHERS = "other";
const HEIGHT = 180;
const MOST = 600;  // points; then the server is asked again, who leaves some out
let plots = new Map();
let times = [];
let missed = null;  // the newest point that came while the charts were being made

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = (second) => new Date(second * 1000).toISOString().slice(11, 19);
const written = (value) => (value === null || value === undefined ? "–" : String(Math.round(value * 100) / 100));

function tell(figure, chart, index) {
  const last = index === null;
  figure.querySelector("[data-time]").textContent = last ? "" : `${clock(times[index])} UTC`;
  for (const [name, values] of Object.entries(chart.series)) {
    const known = last ? values.findLast((value) => value !== null) : values[index];
    figure.querySelector(`[data-series="${CSS.escape(name)}"]`).textContent = written(known);
  }
}

function options(figure, chart) {
  const [ink, line] = [colour("--soft"), colour("--line")];
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  return {
    width: figure.querySelector(".plot").clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { y: { range: (_, least, most) => [0, most > 0 ? most * 1.05 : 1] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map(clock), space: 80 },
      { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")) },
    ],
    series: [{}, ...Object.keys(chart.series).map((name, number) => ({
      label: name, stroke: colour(`--line-${number}`), width: 2, dash: DASHES[number], spanGaps: false,
    }))],
    hooks: { setCursor: [(plot) => tell(figure, chart, plot.cursor.idx ?? null)] },
  };
}

function step(event, plot) {
  const last = times.length - 1;
  const at = plot.cursor.idx ?? last;
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const index = Math.min(Math.max(to, 0), last);
  plot.setCursor({ left: plot.valToPos(times[index], "x"), top: HEIGHT / 3 });
}

function make(figure, chart) {
  const room = figure.querySelector(".plot");
  room.replaceChildren();
  const plot = new uPlot(options(figure, chart), [times, ...Object.values(chart.series)], room);
  figure.onkeydown = (event) => step(event, plot);
  figure.onblur = () => plot.setCursor({ left: -10, top: -10 });
  return plot;
}

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) show(plots.get(target.dataset.chart));
});

async function show(drawing) {
  await (library ??= fetched("/static/uplot.min.js"));
  if (plots.get(drawing?.chart.name) !== drawing || drawing.plot) return;  // drawn anew meanwhile
  seen.unobserve(drawing.figure);
  drawing.plot = make(drawing.figure, drawing.chart);
}

let library = null;
function fetched(url) {
  return new Promise((done, fail) => {
    document.head.append(Object.assign(document.createElement("script"), { src: url, onload: done, onerror: fail }));
  });
}

function forget() {
  seen.disconnect();
  plots.forEach(({ plot }) => plot?.destroy());
  plots = new Map();
}

async function draw() {
  const answer = await fetch(place.dataset.charts);
  if (!answer.ok) return;
  const found = await answer.json();
  const figureOf = ({ name }) => place.querySelector(`[data-chart="${name}"]`);
  const keysOf = (figure) => [...figure.querySelectorAll("[data-series]")].map((each) => each.dataset.series);
  if (found.charts.some((chart) => String(keysOf(figureOf(chart))) !== String(Object.keys(chart.series)))) {
    return anew();
  }
  forget();
  times = found.at;
  plots = new Map(found.charts.map((chart) => [chart.name, { chart, figure: figureOf(chart), plot: null }]));
  for (const { figure, chart } of plots.values()) {
    tell(figure, chart, null);
    seen.observe(figure);  // a picture becomes a chart when it comes into view: a slow phone draws few
  }
  place.dataset.drawn = times.length;
  catchUp();
}

let asking = false;
async function anew() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(place.dataset.anew);
    if (!answer.ok) return;
    const held = document.activeElement?.dataset.chart;  // who reads by keyboard goes on reading
    forget();
    place.innerHTML = await answer.text();
    await draw();
    if (held) place.querySelector(`[data-chart="${held}"]`)?.focus();
  } finally {
    asking = false;
    catchUp();
  }
}

function catchUp() {
  const point = missed;
  missed = null;
  if (point) add(point);
}

function valueOf(point, name, series) {
  if (name !== OTHERS) return name in point ? point[name] : 0;
  const others = Object.entries(point).filter(([other]) => !(other in series));
  return others.reduce((sum, [, value]) => sum + value, 0);
}

function add(point) {
  const { at, charts } = point;
  if (asking || plots.size === 0) missed = point;
  if (missed || at < times.at(-1)) return;
  const fits = ({ chart: { name, series } }) => OTHERS in series || Object.keys(charts[name]).every((key) => key in series);
  if (times.length >= MOST || ![...plots.values()].every(fits)) return void anew();
  const index = at > times.at(-1) ? times.push(at) - 1 : times.length - 1;  // a later look at the same second counts
  for (const { figure, chart, plot } of plots.values()) {
    for (const [name, values] of Object.entries(chart.series)) values[index] = valueOf(charts[chart.name], name, chart.series);
    plot?.setData([times, ...Object.values(chart.series)]);
    if (plot?.cursor.idx == null) tell(figure, chart, null);
  }
  place.dataset.drawn = times.length;
}

addEventListener("point", (event) => add(event.detail));
addEventListener("resize", () => {
  for (const { figure, plot } of plots.values()) {
    plot?.setSize({ width: figure.querySelector(".plot").clientWidth, height: HEIGHT });
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
