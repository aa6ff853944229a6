// The fields: sliders with their boxes, costs, locks, the matrix, and what is changed.

import { byId, el, show, table } from "./build.js";
import { Parts } from "./parts.js";

const OBJECTIVES = [
  ["expected", "expected loss"],
  ["cvar:0.9", "mean of the worst 10 % (cvar:0.9)"],
  ["cvar:0.95", "mean of the worst 5 % (cvar:0.95)"],
  ["cvar:0.99", "mean of the worst 1 % (cvar:0.99)"],
  ["worst:1", "worst case, one mode (worst:1)"],
  ["worst:2", "worst case, two modes (worst:2)"],
  ["depth", "depth: needs no probability"],
];

/** Rows and columns of the matrix that are shown at a time. */
const ROWS = 25;
const COLUMNS = 25;
/** Cells up to which the matrix is open from the start. */
const OPEN = 150;

/** All fields of the page, by path. */
export class Fields {
  constructor(state, changed) {
    this.state = state;
    this.changed = changed;
    this.known = new Map();
    this.count = 0;
    this.shades = new Map(state.scenario.scale.map((item) => [item.symbol, item.shade]));
  }

  /** A text box for a path; `props` name it for those who hear it. */
  box(path, props, follow = null) {
    const id = `field-${(this.count += 1)}`;
    const note = el("p", { class: "finding", id: `${id}-note`, hidden: true });
    const input = el("input", {
      type: "text",
      id,
      autocomplete: "off",
      spellcheck: "false",
      "data-path": path,
      maxlength: 400,
      ...props,
    });
    const refresh = () => {
      if (document.activeElement !== input) input.value = this.state.text(path);
      dress();
    };
    const dress = () => {
      input.classList.toggle("changed", this.state.changed(path));
      input.classList.toggle("long", input.value.length > 7);
      if (follow) follow(input.value);
    };
    input.addEventListener("input", () => {
      this.state.set(path, input.value);
      dress();
      this.changed();
    });
    input.addEventListener("blur", refresh);
    this.known.set(path, { input, note, refresh });
    refresh();
    return { input, note };
  }

  /** Fields that are no longer on the page. */
  drop(paths) {
    for (const path of paths) this.known.delete(path);
  }

  refresh() {
    for (const field of this.known.values()) field.refresh();
  }

  /** Put findings beside their fields; those that have none come back. */
  mark(findings) {
    this.clear();
    const rest = [];
    for (const finding of findings) {
      const field = this.known.get(finding.file.replace(/^--/, ""));
      const text = `${finding.message} ${finding.cure}`.trim();
      if (!field) {
        rest.push(finding);
        continue;
      }
      field.note.textContent = text;
      field.note.hidden = false;
      field.input.setAttribute("aria-invalid", "true");
      field.input.setAttribute("aria-describedby", field.note.id);
    }
    return rest;
  }

  clear() {
    for (const { input, note } of this.known.values()) {
      if (note.hidden) continue;
      note.hidden = true;
      note.textContent = "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  }

  place(path) {
    return this.known.get(path)?.input.getAttribute("aria-label") || path;
  }
}

// Key inputs.

export function drawSliders(fields) {
  const { state } = fields;
  show("sliders", state.scenario.sliders.map((slider) => drawSlider(fields, slider)));
}

function drawSlider(fields, slider) {
  const { state } = fields;
  const range = el("input", {
    type: "range",
    min: slider.min,
    max: slider.max,
    step: slider.step,
    "aria-label": `${slider.label}, slider`,
    "data-slider": slider.path,
  });
  const decimals = (String(slider.step).split(".")[1] || "").length;
  const follow = (text) => {
    const plain = /^[0-9.eE+-]+$/.test(text) ? Number(text) : NaN;
    const written = text === slider.text ? slider.value : text === "independent" ? 0 : plain;
    if (Number.isFinite(written)) range.value = String(written);
    range.setAttribute("aria-valuetext", text || "not given");
  };
  const { input, note } = fields.box(slider.path, { inputmode: "decimal", class: "number" }, follow);
  range.addEventListener("input", () => {
    const text = String(Number(Number(range.value).toFixed(decimals)));
    input.value = text;
    state.set(slider.path, text);
    input.classList.toggle("changed", state.changed(slider.path));
    range.setAttribute("aria-valuetext", text);
    fields.changed();
  });
  return el(
    "div",
    { class: "slider" },
    el("label", { for: input.id, text: slider.label }),
    el("div", { class: "slide" }, range, input),
    el("p", { class: "muted small", text: slider.help }),
    note,
  );
}

export function drawChoices(fields) {
  const { state } = fields;
  const explicit = state.scenario.kind === "worlds";
  const known = OBJECTIVES.filter(([name]) => !explicit || name !== "depth");
  if (!known.some(([name]) => name === state.objective)) {
    known.push([state.objective, state.objective]);
  }
  const note = el("p", { class: "finding", id: "objective-note", hidden: true });
  const objective = el(
    "select",
    {
      id: "objective",
      "aria-label": "Objective",
      onchange: () => {
        state.objective = objective.value;
        fields.changed();
      },
    },
    known.map(([name, text]) => el("option", { value: name, text })),
  );
  const refresh = () => {
    if (![...objective.options].some((option) => option.value === state.objective)) {
      objective.append(el("option", { value: state.objective, text: state.objective }));
    }
    objective.value = state.objective;
  };
  fields.known.set("objective", { input: objective, note, refresh });
  refresh();
  const parts = [
    el("div", {}, el("label", { for: "objective", text: "What to make least" }), objective, note),
  ];
  if (state.scenario.reading) parts.push(drawReading(fields));
  show("choices", parts);
}

function drawReading(fields) {
  const { state } = fields;
  const note = el("p", { class: "finding", id: "reading-note", hidden: true });
  const reading = el(
    "select",
    {
      id: "reading",
      "aria-label": "Reading",
      onchange: () => {
        state.set("reading", reading.value);
        fields.changed();
      },
    },
    el("option", { value: "together", text: "together: one technique withstands all" }),
    el("option", { value: "by-mode", text: "by-mode: each mode by some technique" }),
  );
  const refresh = () => {
    reading.value = state.text("reading");
    reading.classList.toggle("changed", state.changed("reading"));
  };
  fields.known.set("reading", { input: reading, note, refresh });
  refresh();
  return el("div", {}, el("label", { for: "reading", text: "How modes strike" }), reading, note);
}

/** The scenario's own questions, each one click. */
export function drawNamed(fields) {
  const { state } = fields;
  const named = state.scenario.named;
  if (!named.length) {
    show("named");
    return;
  }
  const buttons = named.map((item) =>
    el("button", {
      type: "button",
      class: "chip",
      text: item.name,
      disabled: item.problem !== "",
      title: item.problem || item.changes.map(([path, text]) => `${path} = ${text}`).join(", "),
      onclick: () => {
        for (const [path, text] of item.changes) state.set(path, text);
        fields.refresh();
        fields.changed(true);
      },
    }),
  );
  show("named", el("h3", { text: "Questions of the scenario" }), el("p", { class: "chips" }, buttons));
}

export function drawRules(scenario) {
  const rules = scenario.rules;
  const paid = scenario.committed;
  show(
    "rules",
    paid.length ? el("p", { class: "small", text: `Others pay for: ${paid.join(", ")}.` }) : null,
    rules.length ? el("h3", { text: "Rules of the scenario" }) : null,
    rules.length ? el("ul", { class: "plain small" }, rules.map((r) => el("li", { text: r }))) : null,
  );
}

/** What differs from the scenario as written, each with its way back. */
export function drawChanges(fields) {
  const { state } = fields;
  const rows = [...state.changes].map(([path, text]) => {
    const before = state.written.get(path);
    const was = before === undefined ? "" : ` (was ${before || "none"})`;
    return el(
      "li",
      {},
      el("span", {}, el("b", { text: path }), ` = ${text || "none"}`, el("span", { class: "muted", text: was })),
      undo(`Undo the change of ${path}`, () => {
        state.undo(path);
        fields.refresh();
        fields.changed(true);
        byId("changes-title").focus();
      }),
    );
  });
  const none = el("p", { class: "muted small", text: "None: this is the scenario as it is written." });
  show("changes", rows.length ? el("ul", { class: "changes small" }, rows) : none);
  byId("reset").disabled = !rows.length && state.objective === "expected";
}

const undo = (label, onclick) =>
  el("button", { type: "button", class: "tiny", "aria-label": label, text: "undo", onclick });

// Costs and locks, in the rows of the ranking.

export function costCell(fields, technique) {
  const several = technique.costs.length > 1;
  const boxes = technique.costs.map((cost) => {
    const { input, note } = fields.box(cost.path, {
      "aria-label": `Cost of ${cost.label}`,
      inputmode: "decimal",
      class: "number",
      size: 6,
    });
    const level = several ? cost.label.split(":")[1] : "";
    const label = several ? el("span", { class: "level", "aria-hidden": "true", text: level }) : null;
    return { level, node: el("div", { class: "cost" }, label, input, note) };
  });
  if (!several) return { node: boxes[0].node, place: () => {} };
  const shown = el("div");
  const others = el("div");
  const more = el("details", { class: "levels" }, el("summary", { text: "other levels" }), others);
  const place = (level) => {
    const own = boxes.find((box) => box.level === level) || boxes[0];
    if (own.node.parentNode === shown) return;
    shown.replaceChildren(own.node);
    others.replaceChildren(...boxes.filter((box) => box !== own).map((box) => box.node));
  };
  place(boxes[0].level);
  return { node: el("div", {}, shown, more), place };
}

export function lockCell(fields, technique) {
  const { state } = fields;
  const { id } = technique;
  const make = (kind, text, words) =>
    el("button", {
      type: "button",
      class: "lock",
      text,
      "aria-label": `${words} ${id}`,
      "data-lock": `${kind}:${id}`,
      onclick: () => {
        state.setLock(id, state.lock(id) === kind ? "" : kind);
        refresh();
        fields.changed(true);
      },
    });
  const inside = make("in", "in", "Lock in");
  const outside = make("out", "out", "Lock out");
  const refresh = () => {
    const now = state.lock(id);
    inside.setAttribute("aria-pressed", String(now === "in"));
    outside.setAttribute("aria-pressed", String(now === "out"));
  };
  refresh();
  fields.known.set(`lock:${id}`, {
    input: inside,
    note: el("p", { hidden: true }),
    refresh,
  });
  return el("div", { class: "locks" }, inside, outside);
}

// The modes and the matrix.

export function drawModes(fields) {
  const { modes } = fields.state.scenario;
  byId("modes-card").hidden = !modes.length;
  if (!modes.length) {
    show("modes");
    return;
  }
  const rows = modes.map((mode) => {
    const { input, note } = fields.box(mode.path, {
      "aria-label": `Probability of ${mode.id}`,
      inputmode: "decimal",
      class: "number",
      size: 8,
    });
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, el("span", { class: "id", text: mode.id }),
        mode.name === mode.id ? null : el("span", { class: "name", text: mode.name })),
      el("td", {}, input, note),
    );
  });
  const about = "How likely each is to strike, as a number or a range such as 0.1 to 0.4.";
  const heads = [["mode", ""], ["probability", ""]];
  const body = el("div", {}, el("p", { class: "muted small", text: about }),
    table("Probabilities of the modes", heads, rows, { kind: "modes" }));
  show("modes", el("details", { open: modes.length <= 8 },
    el("summary", { text: `Probabilities of ${modes.length} modes` }), body));
}

export function drawMatrix(fields) {
  const { matrix, scale, kind } = fields.state.scenario;
  if (!matrix) {
    const text = "The matrix is too large to edit in a page; change it in the scenario's files.";
    show("matrix", el("p", { class: "muted", text }));
    return;
  }
  const size = matrix.rows.length * matrix.columns.length;
  const symbols = scale.map((item) => `${item.symbol} = ${item.text}`).join(", ");
  const about =
    kind === "modes"
      ? "Probability that the technique fails to protect when the mode is active; 1: certainly fails."
      : "Probability that the technique fails in the world.";
  const note = el("p", {
    class: "muted small",
    text: `${about} Write a number${symbols ? ` or a symbol: ${symbols}` : ""}.`,
  });
  const body = el("div");
  let drawn = [];
  const draw = () => {
    fields.drop(drawn);
    const shown = [rows.shown(), columns.shown()];
    drawn = shown[0].flatMap((i) => shown[1].map((j) => cellPath(matrix, i, j)));
    body.replaceChildren(...(drawn.length ? [drawCells(fields, matrix, ...shown)] : []));
  };
  const rows = new Parts("techniques", matrix.rows, ROWS, draw);
  const columns = new Parts(kind, matrix.columns, COLUMNS, draw);
  const details = el(
    "details",
    { open: size <= OPEN, ontoggle: (event) => event.target.open && !drawn.length && draw() },
    el("summary", { text: `${matrix.rows.length} techniques by ${matrix.columns.length} ${kind}` }),
    note,
    el("datalist", { id: "symbols" }, scale.map((item) => el("option", { value: item.symbol }))),
    rows.node,
    columns.node,
    body,
  );
  if (size <= OPEN) draw();
  show("matrix", details);
}

const cellPath = (matrix, i, j) => `${matrix.table}.${matrix.rows[i].id}.${matrix.columns[j].id}`;

function drawCells(fields, matrix, shownRows, shownColumns) {
  const heads = shownColumns.map((j) => {
    const column = matrix.columns[j];
    return el("th", { scope: "col" }, el("span", { text: column.id, title: column.name }));
  });
  const rows = shownRows.map((i) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", text: matrix.rows[i].id, title: matrix.rows[i].name }),
      shownColumns.map((j) => {
        const cell = matrix.cells[i][j];
        const td = el("td");
        const follow = (text) => {
          td.className = `shade-${text === cell.text ? cell.shade : shadeOf(fields, text)}`;
        };
        const { input, note } = fields.box(
          cellPath(matrix, i, j),
          { "aria-label": `${matrix.rows[i].id} against ${matrix.columns[j].id}`, list: "symbols",
            size: 7, class: "cell" },
          follow,
        );
        td.append(input, note);
        return td;
      }),
    ),
  );
  return el(
    "div",
    { class: "scroll matrix", role: "region", "aria-label": "Matrix of vulnerabilities", tabindex: "0" },
    el("table", {}, el("thead", {}, el("tr", {}, el("td"), heads)), el("tbody", {}, rows)),
  );
}

/** The tint of a cell that was edited: of its symbol or number, else none. */
function shadeOf(fields, text) {
  const known = fields.shades.get(text.trim());
  if (known !== undefined) return known;
  const number = text.trim() === "" ? NaN : Number(text);
  return number >= 0 && number <= 1 ? Math.round(number * 10) : "none";
}
