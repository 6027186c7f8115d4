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
