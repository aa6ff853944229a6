// The page: reads the state, asks the planner, shows the answer. The newest question wins.

import {
  drawAlternatives, drawBeside, drawPlan, drawWhy, drawWords, RankTable, spoken,
} from "./answer.js";
import { byId, el, show } from "./build.js";
import {
  drawChanges, drawChoices, drawMatrix, drawModes, drawNamed, drawRules, drawSliders, Fields,
} from "./inputs.js";
import { ask, client, fetchFile, readFile, Refused } from "./server.js";
import { State, wantedScenario } from "./state.js";

/** Milliseconds after the last key or step of a slider before the planner is asked. */
const PAUSE = 120;
/** Milliseconds of waiting before the page says that it waits. */
const PATIENCE = 200;
const LARGEST_UPLOAD = 5 * 2 ** 20;

let start = null;
let state = null;
let fields = null;
let ranking = null;
let turn = 0;
let timer = 0;
let controller = new AbortController();

await open();

async function open() {
  wire();
  try {
    start = await ask("/api/start", { scenario: wantedScenario(location.hash.slice(1)) });
  } catch (error) {
    problem(error);
    return;
  }
  byId("assumption").textContent = `${start.assumption} Planner ${start.version}, on this machine.`;
  drawWords(start.glossary);
  if (start.scenario) use(start.scenario, location.hash.slice(1));
  else byId("facts").textContent = "Open a scenario to begin.";
}

function wire() {
  byId("file").addEventListener("change", upload);
  byId("skip").addEventListener("click", () => byId("answer").focus());
  byId("cancel").addEventListener("click", cancel);
  byId("reset").addEventListener("click", () => {
    state.reset();
    fields.refresh();
    changed(true);
    byId("changes-title").focus();
  });
  byId("save").addEventListener("click", () => {
    state.save();
    spoken("Saved as the base.");
    changed(true);
  });
  window.addEventListener("hashchange", () => {
    const fragment = location.hash.slice(1);
    if (!state || fragment === state.fragment()) return;
    if (fragment.includes("=")) {
      state.restore(fragment);
      fields.refresh();
    }
    changed(true);
  });
}

/** Draw a scenario's inputs, restore a fragment's changes, and ask. */
function use(scenario, fragment) {
  state = new State(scenario);
  const wanted = wantedScenario(fragment);
  if (fragment.includes("=")) state.restore(fragment);
  fields = new Fields(state, changed);
  document.title = `${scenario.name} – planner`;
  byId("title").textContent = scenario.name;
  byId("facts").textContent = scenario.facts.join(", ");
  byId("main").hidden = false;
  drawSliders(fields);
  drawChoices(fields);
  drawNamed(fields);
  drawRules(scenario);
  drawModes(fields);
  drawMatrix(fields);
  ranking = new RankTable(fields);
  drawTake();
  show("problem");
  if (wanted && wanted !== scenario.digest) {
    notice("The link was made for another scenario; its changes are applied to the one that is open.");
  }
  changed(true);
}

async function upload() {
  const chosen = [...byId("file").files];
  byId("file").value = "";
  if (!chosen.length) return;
  const size = chosen.reduce((sum, file) => sum + file.size, 0);
  if (size > LARGEST_UPLOAD) {
    problem(new Refused({ code: 4, message: "The files are larger than 5 MB, the most that the page takes." }));
    return;
  }
  show("problem");
  spoken("Opening the scenario.");
  try {
    const files = [];
    for (const file of chosen) files.push({ name: file.name, data: await readFile(file) });
    use(await ask("/api/open", { files }), "");
  } catch (error) {
    problem(error);
  }
}

/** Something was changed: ask again, after a pause unless it was a click. */
function changed(now = false) {
  clearTimeout(timer);
  turn += 1;
  controller.abort();
  timer = setTimeout(solve, now ? 0 : PAUSE);
}

async function solve() {
  const own = turn;
  drawChanges(fields);
  history.replaceState(null, "", `#${state.fragment()}`);
  byId("link").value = location.href;
  controller = new AbortController();
  const { signal } = controller;
  const busy = setTimeout(() => working(true), PATIENCE);
  const current = () => own === turn;
  try {
    const plan = await ask("/api/answer", state.asked("plan", client), signal);
    if (!current()) return;
    fields.clear();
    show("problem");
    drawPlan(plan, start.glossary);
    drawBeside(plan.beside, savedWords());
    byId("answer").classList.remove("old");
    byId("ranking-note").textContent = "Every technique is tried in and out…";
    spoken(plan.spoken);
    ranking.wait();
    const ranked = await ask("/api/answer", state.asked("ranking", client), signal);
    if (!current()) return;
    ranking.fill(ranked);
    ranking.ready();
    byId("ranking-note").textContent =
      "Lock a technique in or out with one click; costs can be written over.";
    const others = await ask("/api/answer", state.asked("alternatives", client), signal);
    if (!current()) return;
    drawAlternatives(others);
    const why = await ask("/api/answer", state.asked("explain", client), signal);
    if (!current()) return;
    drawWhy(why);
  } catch (error) {
    if (error.name === "AbortError" || !current()) return;
    problem(error);
  } finally {
    clearTimeout(busy);
    if (current()) working(false);
  }
}

function working(on) {
  byId("busy").hidden = !on;
  byId("main").setAttribute("aria-busy", String(on));
}

function cancel() {
  turn += 1;
  clearTimeout(timer);
  controller.abort();
  ask("/api/cancel", { client }).catch(() => {});
  working(false);
  byId("answer").classList.add("old");
  notice(
    "Stopped. What is shown below belongs to earlier inputs.",
    el("button", { type: "button", text: "Work it out", onclick: () => changed(true) }),
  );
}

/** What the planner said no to: beside the fields where it names them, else above. */
function problem(error) {
  if (!(error instanceof Refused)) throw error;
  byId("answer").classList.add("old");
  ranking?.wait();
  const rest = fields ? fields.mark(error.findings) : error.findings;
  const marked = error.findings.length - rest.length;
  const items = rest.map((finding) => el("li", { text: place(finding) }));
  let head = error.message;
  if (error.code === 2) {
    const count = error.findings.length;
    head = count === 1 ? "One thing to mend" : `${count} things to mend`;
    if (marked) head += rest.length ? ", some beside their fields" : ", beside its field";
    head += rest.length ? ":" : ".";
  }
  show(
    "problem",
    el(
      "div",
      { class: "box bad" },
      el("p", { text: head }),
      items.length && error.code === 2 ? el("ul", { class: "plain" }, items) : null,
      error.ways.length ? el("p", { class: "buttons", id: "ways" }, error.ways.map(wayOut)) : null,
      fields ? el("p", { class: "small", text: "What is shown below belongs to earlier inputs." }) : null,
    ),
  );
  working(false);
}

/** One change that would do; a rule without a field on the page is changed in the files. */
function wayOut(way) {
  if (!way.changes.length) return el("span", { class: "way", text: `${way.text}, in the scenario's files` });
  return el("button", {
    type: "button",
    text: way.text,
    onclick: () => {
      for (const [path, text] of way.changes) state.set(path, text);
      fields.refresh();
      changed(true);
      byId("answer").focus();
    },
  });
}

function place(finding) {
  const where = [finding.file, finding.row && `line ${finding.row}`, finding.column];
  return `${where.filter(Boolean).join(", ")}: ${finding.message} ${finding.cure}`.trim();
}

function notice(text, button = null) {
  show("problem", el("div", { class: "box" }, el("p", {}, text, " ", button)));
}

function savedWords() {
  const { changes, objective } = state.saved;
  const words = [...changes].map(([path, text]) => `${path} = ${text || "none"}`);
  if (objective !== "expected") words.push(objective);
  return words.length ? words.join(", ") : "the scenario as it is written";
}

/** Files, and the link that brings this state back. */
function drawTake() {
  const note = el("p", { class: "small", role: "status", id: "taken" });
  const buttons = start.downloads.map((item) =>
    el("button", {
      type: "button",
      text: item.label,
      "data-download": item.name,
      onclick: async () => {
        note.textContent = "Preparing the file…";
        try {
          note.textContent = `${await fetchFile(item.name, state.asked("plan", client))} is ready.`;
        } catch (error) {
          note.textContent = error.message;
        }
      },
    }),
  );
  const link = el("input", {
    type: "text",
    id: "link",
    readonly: true,
    value: location.href,
    onfocus: (event) => event.target.select(),
  });
  const copy = el("button", {
    type: "button",
    text: "Copy link",
    onclick: async () => {
      link.select();
      try {
        await navigator.clipboard.writeText(link.value);
        note.textContent = "The link is copied.";
      } catch {
        note.textContent = "Copy the marked link.";
      }
    },
  });
  show(
    "take",
    el("div", { class: "buttons" }, buttons),
    el("div", { class: "linked" }, el("label", { for: "link", text: "Link to this state, on this machine" }),
      el("div", { class: "slide" }, link, copy)),
    note,
  );
}
