// The answer: every number and sentence comes from the planner as text.

import { bar, byId, el, show, table } from "./build.js";
import { costCell, lockCell } from "./inputs.js";

export function drawPlan(found, glossary) {
  const stack = found.stack.map((item) =>
    el(
      "li",
      {},
      el("b", { text: item.label }),
      item.name === item.label ? null : el("span", { class: "muted", text: ` ${item.name}` }),
      el("span", { class: "price", text: item.cost }),
    ),
  );
  const facts = found.facts.map((fact) =>
    el(
      "div",
      { class: fact.label === "How it is known" && !found.proven ? "fact warn" : "fact" },
      el("dt", { text: fact.label, title: glossary[fact.word] || null }),
      el("dd", { text: fact.text }),
    ),
  );
  const band = found.band.map((row) =>
    el(
      "tr",
      { class: row.model ? "model" : null },
      el("th", { scope: "row", text: row.name }),
      el("td", { class: "bars" }, bar(row.share, row.model)),
      el("td", { class: "number", text: row.text }),
    ),
  );
  // A long stack is a list below what is known of it.
  const many = stack.length > 12;
  const list = el("ul", { class: many ? "stack many" : "stack" }, stack);
  show(
    "plan",
    el("p", { class: "headline", text: found.headline }),
    many ? null : list,
    found.committed.length
      ? el("p", { class: "small", text: `Paid by others: ${found.committed.join(", ")}.` })
      : null,
    el("dl", { class: "facts" }, facts),
    many ? el("h3", { text: "The stack, with what each costs" }) : null,
    many ? list : null,
    el("h3", { text: "Risk of this stack, by how its techniques fail together" }),
    el("table", { class: "band" }, el("tbody", {}, band)),
    found.warnings.length
      ? el("details", { class: "notes" },
          el("summary", { text: `${found.warnings.length} notes` }),
          el("ul", { class: "plain small" }, found.warnings.map((text) => el("li", { text }))))
      : null,
  );
}

export function drawBeside(found, saved) {
  const heads = [["number", ""], ["saved base", ""], ["now", ""]];
  const rows = found.rows.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", text: row.label }),
      el("td", { text: row.base }),
      el("td", { class: row.base === row.now ? null : "differs", text: row.now }),
    ),
  );
  const chips = [
    ...found.enters.map((label) => el("li", { class: "enters", text: `+ ${label}`, "aria-label": `${label} enters` })),
    ...found.leaves.map((label) => el("li", { class: "leaves", text: `− ${label}`, "aria-label": `${label} leaves` })),
  ];
  show(
    "beside",
    el("p", { class: "muted small", text: `The base: ${saved}.` }),
    chips.length ? el("ul", { class: "moves" }, chips) : null,
    el("p", { text: found.sentence }),
    table("Beside the saved base", heads, rows, { kind: "beside" }),
  );
}

/** The ranked table. Its rows live as long as the scenario, so that a field keeps its focus. */
export class RankTable {
  constructor(fields) {
    const { scenario } = fields.state;
    this.rows = new Map(scenario.techniques.map((t) => [t.id, this.row(fields, t)]));
    const heads = [
      ["#", "number"],
      ["technique", ""],
      ["in the stack", ""],
      [`cost, ${scenario.currency}`, ""],
      ["lock", ""],
      ["fails alone", "number extra"],
      ["rise if dropped", "number extra"],
      ["fall if added", "number extra"],
      ["best risk if locked the other way", "number extra"],
    ];
    this.node = table("Techniques, ranked", heads, [], {
      kind: "ranking",
      bodies: [...this.rows.values()].map((row) => row.body),
    });
    this.references = el("div");
    show("ranking", this.node, this.references);
  }

  row(fields, technique) {
    const cell = (kind) => el("td", { class: kind, text: "–" });
    const rank = cell("number");
    const state = cell("state");
    const numbers = ["alone", "dropped", "added", "locked"].map((key) => [key, cell("number extra")]);
    const reason = el("td", { class: "reason", colspan: 8 });
    const level = el("span", { class: "muted small" });
    const cost = costCell(fields, technique);
    const name = technique.name === technique.id ? null : el("span", { class: "name", text: technique.name });
    const body = el(
      "tbody",
      {},
      el(
        "tr",
        {},
        rank,
        el("th", { scope: "row" }, el("span", { class: "id", text: technique.id }), level, name),
        state,
        el("td", {}, cost.node),
        el("td", {}, lockCell(fields, technique)),
        numbers.map(([, node]) => node),
      ),
      el("tr", { class: "why" }, el("td"), reason),
    );
    const several = technique.costs.length > 1;
    return { body, rank, state, numbers, reason, level, cost, several };
  }

  fill(found) {
    const active = document.activeElement;
    const inside = this.node.contains(active);
    const holder = this.node.querySelector("table");
    for (const row of found.rows) {
      const own = this.rows.get(row.technique);
      if (!own) continue;
      own.rank.textContent = row.rank;
      own.state.textContent = row.state === "in" ? "✓ in" : row.state;
      own.body.className = row.state === "in" ? "chosen" : "";
      for (const [key, node] of own.numbers) node.textContent = row[key];
      own.reason.textContent = row.reason;
      own.level.textContent = own.several ? `:${row.level}` : "";
      if (!inside) own.cost.place(row.level);
      holder.append(own.body);
    }
    const sources = found.references.map((text, k) => el("li", { text: `[${k + 1}]  ${text}` }));
    this.references.replaceChildren(
      ...(sources.length ? [el("h3", { text: "Sources" }), el("ul", { class: "bare small muted" }, sources)] : []),
    );
    if (inside && document.activeElement !== active) active.focus({ preventScroll: true });
  }

  /** While numbers are worked out, those of the last answer are not shown as if they were new. */
  wait() {
    this.node.classList.add("old");
  }

  ready() {
    this.node.classList.remove("old");
  }
}

export function drawAlternatives(found) {
  if (found.note) {
    show("alternatives", el("p", { class: "muted", text: found.note }));
    return;
  }
  const heads = [["stack", ""], ["cost", "number"], ["risk", "number"], ["rise", "number"]];
  const rows = found.rows.map((row) =>
    el(
      "tr",
      {},
      el("td", {}, el("b", { text: row.stack }), el("span", { class: "name", text: row.sentence })),
      el("td", { class: "number", text: row.cost }),
      el("td", { class: "number", text: row.risk }),
      el("td", { class: "number", text: row.rise }),
    ),
  );
  show("alternatives", table("Alternatives", heads, rows));
}

export function drawWhy(found) {
  const parts = found.sentences.map((text) => el("p", { text }));
  parts.push(el("h3", { text: "Does the advice depend on how failures hang together?" }), dependence(found));
  if (found.readings.length) {
    parts.push(el("h3", { text: "Does it depend on how modes strike?" }), readings(found));
  }
  if (found.cuts) parts.push(el("h3", { text: "Which modes defeat the whole stack" }), ...cuts(found.cuts));
  if (found.drivers.rows.length) {
    parts.push(el("h3", { text: "Which modes the rest of the risk comes from" }), ...drivers(found.drivers));
  }
  parts.push(el("h3", { text: "How failures of techniques go together" }), ...correlation(found.correlation));
  show("why", parts);
}

function dependence(found) {
  const heads = [["reading", ""], ["this stack leaves", "number"], ["it would choose", ""], ["regret", "number"]];
  const rows = found.dependence.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", text: row.reading }),
      el("td", { class: "number", text: row.headline }),
      el("td", { text: row.stack }),
      el("td", { class: "number", text: row.regret }),
    ),
  );
  return table("Choices by reading of dependence", heads, rows);
}

function readings(found) {
  const heads = [["reading", ""], ["it would choose", ""], ["that leaves together", "number"], ["and by-mode", "number"]];
  const rows = found.readings.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", text: row.reading }),
      el("td", { text: row.stack }),
      el("td", { class: "number", text: row.together }),
      el("td", { class: "number", text: row.by_mode }),
    ),
  );
  return table("Choices by reading of the modes", heads, rows);
}

function cuts(found) {
  const parts = [el("p", { text: found.head })];
  if (found.sets.length) {
    const items = found.sets.map((text) => el("li", { text }));
    if (found.more) items.push(el("li", { class: "muted", text: found.more }));
    parts.push(el("ul", { class: "sets" }, items));
  }
  if (found.deciding.length) {
    parts.push(el("p", { text: `Unsure cells that change this by themselves: ${found.deciding.join("; ")}.` }));
  }
  parts.push(el("p", { class: "muted small", text: found.threshold }));
  return parts;
}

function drivers(found) {
  const heads = [["mode", ""], ["share of the risk", "number"], ["as a bar", "bars"], ["risk if it strikes", "number"]];
  const rows = found.rows.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("span", { class: "id", text: row.mode }),
        row.name === row.mode ? null : el("span", { class: "name", text: row.name })),
      el("td", { class: "number", text: row.share }),
      el("td", { class: "bars" }, bar(row.bar, true)),
      el("td", { class: "number", text: row.given }),
    ),
  );
  const parts = [found.note, found.more].filter(Boolean).map((text) => el("p", { class: "muted small", text }));
  return [table("Modes that drive the risk", heads, rows), ...parts];
}

function correlation(found) {
  const parts = [];
  if (found.labels.length) {
    const heads = found.labels.map((_, k) => el("th", { scope: "col", text: String(k + 1) }));
    const rows = found.rows.map((row, i) =>
      el(
        "tr",
        {},
        el("th", { scope: "row", class: found.inside[i] ? "chosen" : null,
          text: `${i + 1}  ${found.labels[i]}${found.inside[i] ? " ✓" : ""}` }),
        row.map((cell) => el("td", { class: `number shade-${cell.shade}`, text: cell.text })),
      ),
    );
    parts.push(
      el("div", { class: "scroll heat", role: "region", "aria-label": "Correlation of failures", tabindex: "0" },
        el("table", {}, el("thead", {}, el("tr", {}, el("td"), heads)), el("tbody", {}, rows))),
      el("p", { class: "muted small",
        text: `Correlation (phi) of failures of ${found.whose}; 1: they fail together. ✓ in the stack.` }),
    );
  }
  if (found.pairs.length) {
    const heads = [["technique", ""], ["with", ""], ["correlation (phi)", "number"]];
    const rows = found.pairs.map((pair) =>
      el("tr", {}, el("td", { text: pair.one }), el("td", { text: pair.other }), el("td", { class: "number", text: pair.phi })),
    );
    parts.push(el("p", { class: "muted small", text: "The pairs of the stack that fail together most:" }), table("The pairs that fail together most", heads, rows));
  }
  parts.push(el("p", { text: found.clusters }));
  return parts;
}

export function drawWords(glossary) {
  const items = Object.entries(glossary).map(([word, text]) =>
    el("div", {}, el("dt", { text: word }), el("dd", { text })),
  );
  show("words", el("details", {}, el("summary", { text: "What the words mean" }), el("dl", { class: "words" }, items)));
}

export function spoken(text) {
  byId("spoken").textContent = text;
}
