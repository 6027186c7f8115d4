// Lets the columns of a table be sorted: each body of `table[data-sortable]` is one entry, and the cells of its last row carry what
// to sort by in `data-sort`. Without scripts the table stays in the order in which it was built.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const bodies = [...table.tBodies];
    const heads = [...table.tHead.rows[0].cells];
    const key = (body, column) => {
      const row = body.rows[body.rows.length - 1];
      const text = row.cells.length === heads.length ? row.cells[column].dataset.sort : undefined;
      return text === undefined || text === "" ? NaN : Number(text.replace("inf", "Infinity"));
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sorted = [...bodies].sort((one, other) => {
          const a = key(one, column), b = key(other, column);
          if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
          return (a === b ? 0 : a < b ? -1 : 1) * (down ? -1 : 1);
        });
        table.append(...sorted);
      });
    });
  }
});

// Fills `[data-filter]` with a choice of the words that mark the page's rows, and hides the rows, tables and headings without the
// chosen one. Without scripts every row stays.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-filter]");
  if (!place) return;
  const rows = [...document.querySelectorAll(".g-table tbody tr[id]")];
  const words = (row) => [...row.querySelectorAll(".g-chip")].map((chip) => chip.textContent.trim());
  const tables = new Set(rows.map((row) => row.closest(".g-table")));
  const select = document.createElement("select");
  select.append(new Option(place.dataset.filter, ""));
  for (const word of [...new Set(rows.flatMap(words))].sort()) select.append(new Option(word));
  const label = document.createElement("label");
  label.append("Show ", select);
  place.append(label);
  select.addEventListener("change", () => {
    for (const row of rows) row.hidden = select.value !== "" && !words(row).includes(select.value);
    for (const table of tables) {
      table.hidden = [...table.querySelectorAll("tbody tr")].every((row) => row.hidden);
      if (table.previousElementSibling) table.previousElementSibling.hidden = table.hidden;
    }
  });
});
