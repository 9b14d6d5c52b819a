"use strict";
{
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const rowsOf = (table) => [...table.tBodies[0].rows];

  // Sorting: a button in each heading. Numbers are in data-value; what has none comes last either way.
  const valueOf = (cell) => {
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    const text = cell.textContent.trim();
    const number = Number(text.replace("−", "-").replaceAll(",", ""));
    return text === "" || text === "–" ? null : Number.isNaN(number) ? text : number;
  };
  const collator = new Intl.Collator(undefined, { numeric: true });
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));

  const sort = (table, heading) => {
    const column = heading.cellIndex;
    const down = heading.getAttribute("aria-sort") === "ascending";
    const keyed = rowsOf(table).map((row) => [valueOf(row.cells[column]), row]);
    const known = keyed.filter(([value]) => value !== null);
    known.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
    const unknown = keyed.filter(([value]) => value === null);
    table.tBodies[0].append(...[...known, ...unknown].map(([, row]) => row));
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
  for (const table of all("table.sortable")) {
    for (const heading of all("thead th", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, heading));
    }
  }

  // Filtering: each word must be in the row, and one of the ticked tags.
  const form = document.querySelector("form.filter");
  const table = document.querySelector("table.main");
  if (form && table) {
    form.hidden = false;
    const rows = rowsOf(table).map((row) => ({
      row,
      text: row.textContent.toLowerCase().replaceAll("\u00a0", " "),
      tags: (row.dataset.tags || "").split(" "),
    }));
    const filter = () => {
      const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      const ticked = all("input[name=tag]:checked", form).map((box) => box.value);
      let shown = 0;
      for (const { row, text, tags } of rows) {
        const kept = words.every((word) => text.includes(word)) && ticked.every((tag) => tags.includes(tag));
        row.hidden = !kept;
        shown += kept;
      }
      form.querySelector("output").textContent = `${shown} of ${rows.length}`;
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  // Views: one batch size at a time.
  const tabs = document.querySelector(".tabs");
  const show = (number) => {
    for (const view of all(".view")) view.hidden = view.dataset.view !== number;
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", tab.dataset.view === number);
  };
  if (tabs) {
    tabs.hidden = false;
    tabs.addEventListener("click", ({ target }) => target.dataset.view && show(target.dataset.view));
    show("1");
  }

  // Tooltips: under the pointer, or with the arrow keys on a chart that has the focus.
  const tip = document.getElementById("tip");
  let marked = null;
  const leave = () => {
    if (marked) marked.classList.remove("marked");
    marked = null;
    tip.hidden = true;
  };
  const tell = (mark) => {
    leave();
    marked = mark;
    mark.classList.add("marked");
    const lines = mark.dataset.tip.split("\n").map((line) => {
      const at = line.indexOf(": ");
      const row = document.createElement("div");
      const name = document.createElement("span");
      name.textContent = `${line.slice(0, at)} `;
      row.append(name, line.slice(at + 2));
      return row;
    });
    tip.replaceChildren(...lines);
    tip.hidden = false;
    const box = mark.getBoundingClientRect();
    const left = Math.min(box.right + 10, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const below = box.bottom + 10 + tip.offsetHeight < window.innerHeight;
    tip.style.left = `${Math.max(8, left) + window.scrollX}px`;
    tip.style.top = `${(below ? box.bottom + 10 : box.top - tip.offsetHeight - 10) + window.scrollY}px`;
  };
  document.addEventListener("pointerover", ({ target }) => {
    const mark = target.closest("[data-tip]");
    if (mark) tell(mark);
    else if (marked && !target.closest("#tip")) leave();
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && leave());
  for (const plot of all(".plot")) {
    const left = (mark) => mark.getBoundingClientRect().left;
    if (!plot.querySelector("[data-tip]")) continue;
    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", "Chart; the arrow keys go from mark to mark");
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const marks = all("[data-tip]", plot).sort((a, b) => left(a) - left(b));
      const at = marks.indexOf(marked);
      tell(marks[at < 0 ? 0 : (at + step + marks.length) % marks.length]);
    });
    plot.addEventListener("blur", leave);
  }

  // Commands to copy, where the browser lets a page do so.
  for (const button of all(".copy")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
    });
  }

  // Paper has no folds.
  window.addEventListener("beforeprint", () => {
    for (const fold of all("details")) fold.open = true;
    for (const view of all(".view")) view.hidden = false;
  });
  window.addEventListener("afterprint", () => tabs && show("1"));
}
