"use strict";
/* Search over catalogue.js as one types. Places of a row are those of `_row` in linkage/explore/site.py. */
(() => {
  const [TABLE, NAME, SAYS, CONCEPT, PHASES, IDENTIFIES, SENSITIVITY, YEARS, HELD, WRITTEN, PACKAGES, MAY] = Array(12).keys();
  const { rows, tables } = window.catalogue;
  const PAGE = 25;
  const place = (id) => document.getElementById(id);
  const form = place("search");
  const filters = ["dataset", "concept", "phase", "year", "sensitivity", "package"];

  const split = (text) => text.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Za-z])(\d)/g, "$1 $2");
  const index = new MiniSearch({
    idField: "id",
    fields: ["name", "parts", "says", "concept", "title", "written"],
    extractField: (id, field) => {
      if (field === "id") return id.id;
      const row = rows[id.id];
      return { name: row[NAME], parts: split(row[NAME]), says: row[SAYS], concept: row[CONCEPT],
        title: tables[row[TABLE]], written: row[WRITTEN] }[field];
    },
    /* People say maths, descriptions mathematics, names MATH. */
    processTerm: (term) => term.toLowerCase().replace(/^math(s|ematics)$/, "math"),
    searchOptions: {
      combineWith: "AND", prefix: (term) => term.length > 1, fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      boost: { name: 6, parts: 3, says: 2 },
      boostDocument: (id) => (rows[id][HELD] ? 1.5 : 1),
    },
  });
  index.addAll(rows.map((_, id) => ({ id })));

  const years = rows.map((row) => {
    const found = new Set();
    for (const [, first, last] of row[YEARS].matchAll(/(\d{4})\/\d\d(?:-(\d{4})\/\d\d)?/g)) {
      for (let year = Number(first); year <= Number(last || first); year += 1) found.add(year);
    }
    return found;
  });

  let matches = [];
  let drawn = 0;

  function wanted() {
    const picked = Object.fromEntries(filters.map((name) => [name, place(name).value]));
    const held = place("held").checked;
    const passes = (id) => {
      const row = rows[id];
      return (!picked.dataset || row[TABLE].startsWith(`${picked.dataset}.`))
        && (!picked.concept || row[CONCEPT] === picked.concept)
        && (!picked.phase || row[PHASES].includes(Number(picked.phase)))
        && (!picked.year || years[id].has(Number(picked.year)))
        && (!picked.sensitivity || row[SENSITIVITY] === picked.sensitivity)
        && (!picked.package || row[PACKAGES].includes(Number(picked.package)))
        && (!held || row[HELD]);
    };
    const isFiltered = held || Object.values(picked).some(Boolean);
    return { words: place("words").value.trim(), passes, isFiltered, picked, held };
  }

  function draw() {
    const asked = wanted();
    remember(asked);
    const isAsked = Boolean(asked.words) || asked.isFiltered;
    place("results").hidden = !isAsked;
    matches = !isAsked ? [] : asked.words
      ? index.search(asked.words, { filter: (result) => asked.passes(result.id) }).map((result) => result.id)
      : rows.map((_, id) => id).filter(asked.passes);
    place("count").textContent = !isAsked ? "" : matches.length === 1 ? "1 variable"
      : `${matches.length.toLocaleString("en-GB")} variables`;
    place("found").replaceChildren();
    drawn = 0;
    more();
  }

  function more() {
    const next = matches.slice(drawn, drawn + PAGE).map(result);
    place("found").append(...next);
    drawn += next.length;
    place("more").hidden = drawn >= matches.length;
    return next[0];
  }

  function result(id) {
    const row = rows[id];
    const item = document.createElement("li");
    const title = document.createElement("h3");
    const link = document.createElement("a");
    link.href = `variable/${row[TABLE]}.${row[NAME]}.html`;
    link.textContent = row[NAME];
    title.append(link);
    const says = document.createElement("p");
    says.textContent = row[SAYS];
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = [tables[row[TABLE]] + ` (${row[TABLE]})`, row[YEARS].replaceAll("-", " to "),
      `rating ${row[IDENTIFIES]}${row[SENSITIVITY]}`, row[HELD] ? "" : "not held here"].filter(Boolean).join("; ");
    item.append(title, says, note);
    if (row[MAY]) {
      const name = `${row[TABLE]}.${row[NAME]}`;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      item.append(listButton(button, name));
    }
    return item;
  }

  /* What is asked for is in the address, so that it is there again when one comes back. */
  function remember({ words, picked, held }) {
    const asked = new URLSearchParams(Object.entries({ words, ...picked, held: held ? "1" : "" }).filter(([, v]) => v));
    const hash = asked.toString();
    if (`#${hash}` !== (location.hash || "#")) history.replaceState(null, "", hash ? `#${hash}` : location.pathname);
  }

  function recall() {
    const asked = new URLSearchParams(location.hash.slice(1));
    place("words").value = asked.get("words") || "";
    for (const name of filters) place(name).value = asked.get(name) || "";
    place("held").checked = asked.has("held");
  }

  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(draw));
  place("more").addEventListener("click", () => more()?.querySelector("a").focus());
  recall();
  form.hidden = false;
  draw();
})();
