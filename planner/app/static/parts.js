// Long lists in parts: a filter over ids and names, and buttons for what comes before and after.

import { el } from "./build.js";

/** Shows `items` ({id, name}) through `draw(places)`, at most `most` at a time; `what` names them. */
export class Parts {
  constructor(what, items, most, draw) {
    this.items = items;
    this.most = most;
    this.draw = draw;
    this.start = 0;
    this.places = items.map((_, place) => place);
    this.said = el("span", { class: "small muted", role: "status" });
    const id = `filter-${what}`;
    this.filter = el("input", { type: "text", id, autocomplete: "off", spellcheck: "false",
      maxlength: 100, "data-filter": what, oninput: () => this.choose() });
    this.before = this.button(`${what} before`, "‹ before", -1);
    this.after = this.button(`${what} after`, "after ›", 1);
    this.node = items.length <= most ? null : el("div", { class: "parts" },
      el("label", { for: id, text: `Only ${what} with` }), this.filter, this.before, this.after, this.said);
    this.tell();
  }

  button(label, text, step) {
    return el("button", { type: "button", class: "tiny", "aria-label": `The ${label}`, text,
      onclick: () => {
        this.start += step * this.most;
        this.tell();
        this.draw();
      } });
  }

  choose() {
    const wanted = this.filter.value.trim().toLowerCase();
    const has = (text) => text.toLowerCase().includes(wanted);
    this.places = this.items.map((_, place) => place)
      .filter((place) => has(this.items[place].id) || has(this.items[place].name));
    this.start = 0;
    this.tell();
    this.draw();
  }

  /** The places of the items that are shown now. */
  shown() {
    return this.places.slice(this.start, this.start + this.most);
  }

  tell() {
    const count = this.places.length;
    const end = Math.min(this.start + this.most, count);
    this.said.textContent = count ? `${this.start + 1} to ${end} of ${count}` : "None has that.";
    this.before.disabled = this.start === 0;
    this.after.disabled = end >= count;
  }
}
