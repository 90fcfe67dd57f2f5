"use strict";
/* Search: every word must begin a word of the name or the description; names count more. Filters narrow the result. */
(() => {
  const MOST = 50; // results that are shown
  const place = (id) => document.getElementById(id);
  const split = (text) => text.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9]+/).filter(Boolean);
  const rows = window.catalogue.rows.map((row) => {
    const [table, name, description, concept, phases, sensitivity, years, held, packages, may] = row;
    return { table, name, description, concept, phases, sensitivity, years, held, packages, may,
      inName: [name.toLowerCase(), ...split(name)], inText: [...split(description), ...split(concept), ...split(table)] };
  });
  const begins = (word) => (one) => one.startsWith(word);

  function isHeldIn(years, year) {
    return years.split(", ").some((span) => {
      const [first, last] = span.split("-").map((text) => Number(text.slice(0, 4)));
      return first <= year && year <= (last || first);
    });
  }

  function passes(row) {
    const value = (id) => place(id).value;
    return (!value("dataset") || row.table.startsWith(`${value("dataset")}.`))
      && (!value("concept") || row.concept === value("concept"))
      && (!value("phase") || row.phases.includes(value("phase")))
      && (!value("sensitivity") || row.sensitivity === value("sensitivity"))
      && (!value("package") || row.packages.includes(value("package")))
      && (!value("year") || isHeldIn(row.years, Number(value("year"))))
      && (!place("held").checked || row.held);
  }

  function score(row, words) {
    let sum = 0;
    for (const word of words) {
      if (row.inName.includes(word)) sum += 4;
      else if (row.inName.some(begins(word))) sum += 3;
      else if (row.inText.some(begins(word))) sum += 1;
      else return 0;
    }
    return sum + row.held / 2;
  }

  function result(row) {
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: `variable/${row.table}.${row.name}.html`, textContent: row.name });
    const text = document.createElement("p");
    text.append(link, ` (${row.table}): ${row.description}${row.held ? "" : " Not held here."}`);
    item.append(text);
    if (row.may !== "no") {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.dataset.add = `${row.table}.${row.name}`;
      item.append(button);
    }
    return item;
  }

  function search() {
    const words = split(place("words").value);
    const filters = ["dataset", "concept", "phase", "sensitivity", "package", "year"].some((id) => place(id).value);
    const found = !words.length && !filters && !place("held").checked ? [] : rows
      .filter(passes).map((row) => [words.length ? score(row, words) : 1, row]).filter(([points]) => points)
      .sort((one, other) => other[0] - one[0]).map(([, row]) => row);
    const more = found.length > MOST ? `, the first ${MOST} of which are shown` : "";
    place("count").textContent = words.length || filters || found.length ? `${found.length} found${more}` : "";
    place("found").replaceChildren(...found.slice(0, MOST).map(result));
    window.picked.show();
  }

  place("search").hidden = false;
  place("search").addEventListener("input", search);
  place("search").addEventListener("reset", () => setTimeout(search));
  place("search").addEventListener("submit", (event) => event.preventDefault());
  search();
})();
