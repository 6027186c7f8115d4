// Shows the computed point that the inputs of a page "What if" choose. Every text and number comes with the page; nothing is
// computed here but the difference to today, and nothing is loaded. The address after # holds the inputs, so a point can be shared.
document.addEventListener("DOMContentLoaded", () => {
  for (const page of document.querySelectorAll("[data-what-if]")) whatIf(page);
});

const ALOUD = ["verdict", "held", "binds", "month_usd"]; // what a screen reader says of each new point; the table has the rest

function whatIf(page) {
  const { command, axes, today, figures, points } = JSON.parse(page.querySelector("script").textContent);
  const form = page.querySelector("form");
  const status = page.querySelector(".g-whatif__said");
  const beyond = page.querySelector(".g-whatif__beyond");
  const inputs = axes.map((axis) => form.elements[axis.name]);
  const row = (name) => page.querySelector(`[data-figure="${name}"]`);
  const chosen = () => inputs.map((input) => Number(input.value));
  const pointAt = (where) => points[where.reduce((place, index, axis) => place * axes[axis].keys.length + index, 0)];

  const number = (value, digits = 0) =>
    value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const count = (value) => (value === null ? "no known limit" : number(value));
  const written = {
    range: ([low, value, high]) => count(value) + (low === high ? "" : ` (${count(low)} to ${count(high)})`),
    usd: (value) => `$${number(Number(value), 2)}`,
    share: (value) => `${(100 * value).toFixed(2)} %`,
    seconds: (value) => `${value.toFixed(2)} s`,
  };
  const central = { range: (value) => value[1], usd: Number, share: (value) => value, seconds: (value) => value };
  const plain = { ...written, range: number };

  // The words of a change: its sign and size; "none" where the two are alike.
  function change(kind, here, before) {
    const difference = central[kind](here) - central[kind](before);
    if (central[kind](here) === null || central[kind](before) === null) return here === before ? "none" : "not comparable";
    if (Math.abs(difference) < 1e-9) return "none";
    return (difference < 0 ? "−" : "+") + plain[kind](Math.abs(difference));
  }

  // Of several prepared texts in a cell, shows the one with this key; null shows none.
  function choose(cell, key) {
    for (const text of cell.querySelectorAll("[data-key]")) text.hidden = text.dataset.key !== key;
  }

  function show(announce) {
    const where = chosen();
    const point = pointAt(where);
    const now = pointAt(today);
    const refused = typeof point === "string";
    axes.forEach((axis, at) => {
      const words = axis.said[where[at]];
      if (axis.number) {
        inputs[at].setAttribute("aria-valuetext", words);
        inputs[at].nextElementSibling.textContent = words;
      }
    });
    ["verdict", "binds"].forEach((name, at) => {
      choose(row(name).querySelector("[data-here]"), refused ? null : point[at]);
      row(name).querySelector("[data-change]").textContent = refused ? "" : point[at] === now[at] ? "same" : "changed";
    });
    figures.forEach((figure, at) => {
      const value = refused ? null : point[at + 2];
      const known = value !== null;
      row(figure.name).querySelector("[data-here]").textContent = known ? written[figure.kind](value) : "not known";
      row(figure.name).querySelector("[data-change]").textContent =
        known && now[at + 2] !== null ? change(figure.kind, value, now[at + 2]) : "";
    });
    const keys = axes.map((axis, at) => [axis.name, axis.keys[where[at]]]);
    page.querySelector("caption").textContent =
      `Inputs: ${axes.map((axis, at) => `${axis.label}: ${axis.said[where[at]]}`).join("; ")}.`;
    page.querySelector(".g-whatif__line code").textContent = [command, ...keys.map((pair) => pair.join("="))].join(" ");
    if (refused) {
      beyond.textContent = `Terraform refuses these inputs: ${point}`;
      beyond.hidden = false;
    }
    if (!announce) return;
    history.replaceState(null, "", `#${new URLSearchParams(keys)}`);
    const said = ALOUD.map((name) => `${row(name).cells[0].textContent} ${row(name).querySelector("[data-here]").innerText.trim()}`);
    status.textContent = refused ? beyond.textContent : `${said.join(". ")}.`;
  }

  // The inputs that an address holds. A value that was not computed is said, and the nearest computed one is shown in its place.
  function restore() {
    const given = new URLSearchParams(location.hash.slice(1));
    if (!axes.some((axis) => given.has(axis.name))) return false;
    const missed = [];
    axes.forEach((axis, at) => {
      const text = given.get(axis.name);
      let index = text === null ? today[at] : axis.keys.indexOf(text);
      if (index < 0) {
        const wanted = text.trim() === "" ? NaN : Number(text);
        index = axis.number && !Number.isNaN(wanted) ? nearest(axis.keys.map(Number), wanted) : today[at];
        missed.push(`${axis.label} of ${text} was not computed; shown is ${axis.said[index]}.`);
      }
      inputs[at].value = index;
    });
    beyond.textContent = missed.length ? `${missed.join(" ")} Nothing is interpolated or extrapolated.` : "";
    beyond.hidden = missed.length === 0;
    return true;
  }

  function nearest(values, wanted) {
    return values.reduce((best, value, at) => (Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? at : best), 0);
  }

  form.addEventListener("input", () => {
    beyond.hidden = true;
    show(true);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  page.querySelector("[data-today]").addEventListener("click", () => {
    axes.forEach((axis, at) => { inputs[at].value = today[at]; });
    beyond.hidden = true;
    show(true);
  });
  window.addEventListener("hashchange", () => restore() && show(false));
  restore();
  show(false);
}
