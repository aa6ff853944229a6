// The inputs: what the scenario says, what is changed of it, and the saved base.

const EXPECTED = "expected";

export class State {
  constructor(scenario) {
    this.scenario = scenario;
    this.changes = new Map();
    this.objective = EXPECTED;
    this.saved = { changes: new Map(), objective: EXPECTED };
    this.written = originals(scenario);
  }

  /** The text of a field: as changed, else as written in the scenario. */
  text(path) {
    return this.changes.get(path) ?? this.written.get(path) ?? "";
  }

  changed(path) {
    return this.changes.has(path);
  }

  set(path, text) {
    const plain = text.trim();
    if (plain === this.written.get(path)) this.changes.delete(path);
    else this.changes.set(path, plain);
  }

  undo(path) {
    this.changes.delete(path);
  }

  reset() {
    this.changes.clear();
    this.objective = EXPECTED;
  }

  save() {
    this.saved = { changes: new Map(this.changes), objective: this.objective };
  }

  /** "in", "out" or "" for a technique at any of its levels. */
  lock(id) {
    if (list(this.text("rules.fund")).some((choice) => own(choice, id))) return "in";
    return list(this.text("rules.exclude")).includes(id) ? "out" : "";
  }

  setLock(id, where) {
    for (const [path, kind] of [["rules.fund", "in"], ["rules.exclude", "out"]]) {
      const others = list(this.text(path)).filter((choice) => !own(choice, id));
      const all = where === kind ? [...others, id].sort() : others;
      this.set(path, all.join(", "));
    }
  }

  /** What the planner is asked. */
  asked(part, client) {
    const pairs = (changes) => [...changes].map(([path, text]) => [path, text]);
    return {
      scenario: this.scenario.digest,
      client,
      part,
      changes: pairs(this.changes),
      objective: this.objective,
      saved: { changes: pairs(this.saved.changes), objective: this.saved.objective },
    };
  }

  /** The state as a fragment of the address: paths and values. */
  fragment() {
    const found = new URLSearchParams();
    found.append("scenario", this.scenario.digest.replace("sha256:", ""));
    if (this.objective !== EXPECTED) found.append("objective", this.objective);
    for (const [path, text] of this.changes) found.append(path, text);
    if (this.saved.objective !== EXPECTED) found.append("base:objective", this.saved.objective);
    for (const [path, text] of this.saved.changes) found.append(`base:${path}`, text);
    return found.toString();
  }

  restore(fragment) {
    this.changes.clear();
    this.saved = { changes: new Map(), objective: EXPECTED };
    this.objective = EXPECTED;
    for (const [key, text] of new URLSearchParams(fragment)) {
      const base = key.startsWith("base:");
      const path = base ? key.slice(5) : key;
      const target = base ? this.saved : this;
      if (path === "objective") target.objective = text;
      else if (path !== "scenario" && path !== "") target.changes.set(path, text);
    }
  }
}

export function wantedScenario(fragment) {
  const found = new URLSearchParams(fragment).get("scenario");
  return found ? `sha256:${found}` : null;
}

function originals(scenario) {
  const found = new Map();
  for (const slider of scenario.sliders) found.set(slider.path, slider.text);
  if (scenario.reading) found.set("reading", scenario.reading);
  for (const technique of scenario.techniques) {
    for (const cost of technique.costs) found.set(cost.path, cost.text);
  }
  for (const mode of scenario.modes) found.set(mode.path, mode.text);
  const matrix = scenario.matrix;
  if (matrix) {
    matrix.rows.forEach((row, i) =>
      matrix.columns.forEach((column, j) =>
        found.set(`${matrix.table}.${row.id}.${column.id}`, matrix.cells[i][j].text),
      ),
    );
  }
  found.set("rules.fund", scenario.fund.join(", "));
  found.set("rules.exclude", scenario.exclude.join(", "));
  return found;
}

const list = (text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part);

const own = (choice, id) => choice === id || choice.startsWith(`${id}:`);
