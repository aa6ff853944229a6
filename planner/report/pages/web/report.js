"use strict";
// Sortable tables, and plans that follow the budget slider. Without scripts all tables stand.
(() => {
  const value = (cell) => {
    const raw = cell.dataset.value;
    if (raw === undefined) return null;
    const number = Number(raw);
    return raw !== "" && Number.isFinite(number) ? number : raw;
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en");
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows];
        const keys = new Map(rows.map((row) => [row, value(row.cells[column])]));
        rows.sort((a, b) => {
          const x = keys.get(a), y = keys.get(b);
          const order = compare(x, y);
          return x === null || y === null || !down ? order : -order;
        });
        body.append(...rows);
      });
    });
  }
  for (const slider of document.querySelectorAll(".slider")) {
    const steps = JSON.parse(slider.querySelector("script").textContent);
    const input = slider.querySelector("input");
    const show = () => {
      const step = steps[Number(input.value)];
      input.setAttribute("aria-valuetext", step.said);
      for (const [name, text] of Object.entries(step.shown)) {
        slider.querySelector(`[data-field="${name}"]`).textContent = text;
      }
    };
    input.addEventListener("input", show);
    slider.hidden = false;
    show();
  }
  // Paper has no folds: all that a reader would open is printed, but for tables of many rows.
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll("details:not(.closed, .more, [open])")) {
      fold.open = true;
      opened.push(fold);
    }
  });
  addEventListener("afterprint", () => {
    for (const fold of opened.splice(0)) fold.open = false;
  });
})();
