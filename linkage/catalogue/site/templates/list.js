"use strict";
/* The list as the text of a request that `leo request check` reads. */
(() => {
  const place = (id) => document.getElementById(id);
  const { rows, tables, packages } = window.catalogue;
  const byName = new Map(rows.map((row) => [`${row[0]}.${row[1]}`, row]));
  const quoted = (value) => JSON.stringify(value); // a basic string of TOML is one of JSON

  function span(of) {
    const years = of.flatMap((row) => [...row[6].matchAll(/\d{4}\/\d\d/g)].map((match) => match[0])).sort();
    return years.length ? (years[0] === years.at(-1) ? years[0] : `${years[0]}-${years.at(-1)}`) : "";
  }

  function request(names) {
    const lines = [
      "# Fill in what is empty; `leo request check` says what is missing.",
      'id = ""', 'title = ""', 'organisation = ""', 'organisation_type = ""', 'aims = ""', 'benefit = ""', 'lawful_basis = ""',
      '# special_basis = "research"     # where items are rated A or B',
      "audience = []", "outputs = []", 'setting = ""', "# retention = 2030-12-31",
      "", "# [[person]]", '# name = ""', '# role = ""', '# accreditation = ""', "# accredited_until = 2030-12-31",
    ];
    for (const name of names.filter((one) => one.startsWith("package:")).map((one) => one.slice(8))) {
      const { phases, years } = packages[name];
      lines.push("", "[[package]]", `name = ${quoted(name)}`, ...(phases.length ? [`phases = [${phases.map(quoted).join(", ")}]`] : []),
        ...(years ? [`years = ${quoted(years)}`] : []), 'justification = ""');
    }
    const byTable = Map.groupBy ? Map.groupBy(names.filter((one) => byName.has(one)), (one) => byName.get(one)[0]) : new Map(
      Object.keys(tables).map((table) => [table, names.filter((one) => byName.get(one)?.[0] === table)]).filter(([, of]) => of.length));
    for (const [table, of] of byTable) {
      const picked = of.map((one) => byName.get(one));
      const reasons = picked.filter((row) => row[9] === "reason").map((row) => `${quoted(row[1])} = ""`);
      const years = span(picked);
      lines.push("", "[[table]]", `name = ${quoted(table)}`, ...(years ? [`years = ${quoted(years)}`] : []),
        `variables = [${picked.map((row) => quoted(row[1])).join(", ")}]`, 'justification = ""',
        ...(reasons.length ? [`reasons = { ${reasons.join(", ")} }`] : []));
    }
    return `${lines.join("\n")}\n`;
  }

  function item(name) {
    const line = document.createElement("li");
    const row = byName.get(name);
    const title = row ? `${row[2]}${row[7] ? "" : " Not held here: a request for it is refused."}` : packages[name.slice(8)].title;
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.add = name;
    line.append(`${name.replace("package:", "package ")}: ${title} `, button);
    return line;
  }

  function show() {
    const names = window.picked.all().filter((name) => byName.has(name) || packages[name.replace("package:", "")]);
    const others = window.picked.all().length - names.length;
    place("state").textContent = `${names.length} on your list.${others ? ` ${others} more are from another catalogue, and left out.` : ""}`;
    place("request").hidden = !names.length;
    place("text").value = request(names);
    if (place("picked").dataset.names !== names.join()) {
      place("picked").dataset.names = names.join();
      place("picked").replaceChildren(...names.map(item));
      window.picked.show();
    }
  }

  place("save").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([place("text").value], { type: "application/toml" }));
    Object.assign(document.createElement("a"), { href: address, download: "request.toml" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  });
  place("clear").addEventListener("click", () => window.picked.clear());
  addEventListener("picked", show);
  show();
})();
