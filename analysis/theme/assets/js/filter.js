// Puts a filter above each `table[data-choose]`: words, and a choice for each facet that it names. An entry is what carries
// `data-facets`, the values of its facets by name. Without scripts the table is whole.
document.addEventListener("DOMContentLoaded", () => {
  const made = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  for (const table of document.querySelectorAll("table[data-choose]")) {
    const entries = [...table.querySelectorAll("[data-facets]")].map((row) => {
      const facets = JSON.parse(row.dataset.facets);
      return {row, facets, text: `${row.textContent} ${Object.values(facets).flat().join(" ")}`.toLowerCase()};
    });
    const words = made("input", {type: "search", placeholder: "words", autocomplete: "off"});
    const choices = table.dataset.choose.split(" ").map((name) => {
      const values = [...new Set(entries.flatMap((entry) => entry.facets[name] ?? []))].sort();
      const options = ["", ...values].map((value) => made("option", {value, textContent: value || "all"}));
      return {name, values, select: made("select", {}, ...options)};
    }).filter((choice) => choice.values.length > 1);
    const count = made("output", {});
    const apply = () => {
      const wanted = words.value.toLowerCase().split(/\s+/);
      for (const {row, facets, text} of entries) {
        row.hidden = !(wanted.every((word) => text.includes(word))
          && choices.every(({name, select}) => !select.value || (facets[name] ?? []).includes(select.value)));
      }
      count.textContent = `${entries.filter(({row}) => !row.hidden).length} of ${entries.length} shown`;
    };
    const box = table.closest(".g-table");
    const form = made("form", {className: "g-filter"}, made("label", {}, "Find ", words),
      ...choices.map(({name, select}) => made("label", {}, `${name[0].toUpperCase()}${name.slice(1)} `, select)), count);
    form.setAttribute("aria-label", `Filter: ${box.getAttribute("aria-label")}`);
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    box.before(form);
    apply();
  }
});
