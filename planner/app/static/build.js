// Elements made of plain text: no markup is ever read from a string.

const SVG = "http://www.w3.org/2000/svg";

/** An element with properties and children (elements or text; null is left out). */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "text") node.textContent = value;
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Put children in place of what an element holds. */
export function show(id, ...children) {
  byId(id).replaceChildren(...children.flat().filter((child) => child !== null));
}

/** A table in a region that scrolls sideways where it must. `heads` are [text, class] pairs. */
export function table(label, heads, rows, options = {}) {
  const head = el(
    "tr",
    {},
    heads.map(([text, kind]) => el("th", { scope: "col", class: kind, text })),
  );
  return el(
    "div",
    { class: `scroll ${options.kind || ""}`, role: "region", "aria-label": `Table: ${label}`, tabindex: "0" },
    el("table", {}, el("thead", {}, head), options.bodies || el("tbody", {}, rows)),
  );
}

/** A bar of a length from 0 to 100; the number beside it says the same. */
export function bar(share, strong) {
  return svg(
    "svg",
    { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: strong ? "strong" : "faint", width: Math.max(share, 0.4), height: 10 }),
  );
}
