"use strict";
/* The list as a request: years and reasons for each table, saved as TOML, CSV or XLSX. Places as in find.js. */
(() => {
  const [TABLE, NAME, SAYS, , , , , YEARS, HELD, , , MAY] = Array(12).keys();
  const [TITLE, PHASES, SPAN, REASONED] = Array(4).keys();
  const { rows, tables, bundles } = window.catalogue;
  const byName = new Map(rows.map((row) => [`${row[TABLE]}.${row[NAME]}`, row]));
  const place = (id) => document.getElementById(id);
  const made = (tag, text, about = {}) => Object.assign(document.createElement(tag), { textContent: text, ...about });
  const key = "leo-linkage-answers";
  /* What was typed, by the field's id: it lives on when the list changes, and when the page is left for a variable's. */
  const answers = new Map((() => {
    try { return Object.entries(JSON.parse(localStorage.getItem(key)) || {}); } catch { return []; }
  })());

  function answered(id, value) {
    answers.set(id, value);
    try { localStorage.setItem(key, JSON.stringify(Object.fromEntries(answers))); } catch { /* for this page alone */ }
  }

  function picked() {
    const found = new Map();
    for (const name of myList.all()) {
      const row = byName.get(name);
      if (row) found.set(row[TABLE], [...(found.get(row[TABLE]) || []), row]);
    }
    return found;
  }

  const bundled = () => myList.all().filter((name) => name.startsWith("package:"))
    .map((name) => name.slice("package:".length)).filter((name) => name in bundles);

  /* A browser keeps one list for the pages of a catalogue and those of an earlier or another one. */
  const known = new Set([...byName.keys(), ...Object.keys(bundles).map((name) => `package:${name}`)]);
  const strangers = () => myList.all().filter((name) => !known.has(name));

  /* The years that a table's picked variables are held for: from the first to the last of any. */
  function span(of) {
    const years = of.flatMap((row) => [...row[YEARS].matchAll(/\d{4}\/\d\d/g)].map((match) => match[0])).sort();
    return years.length ? (years[0] === years.at(-1) ? years[0] : `${years[0]}-${years.at(-1)}`) : "";
  }

  function field(id, label, value, tag = "input") {
    const box = document.createElement("p");
    const input = document.createElement(tag);
    input.id = id;
    if (tag === "input") input.type = "text";
    input.value = answers.get(id) ?? value;
    input.addEventListener("input", () => answered(id, input.value));
    box.append(made("label", label, { className: "label", htmlFor: id }), input);
    return box;
  }

  const counted = (count, word) => (count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`]);

  function draw() {
    const found = picked();
    const packages = bundled();
    const others = strangers();
    const count = myList.all().length - others.length;
    const said = [...counted(count - packages.length, "variable"), ...counted(packages.length, "package")].join(" and ");
    place("state").textContent = `${said || "Nothing"} ${count > 1 ? "are" : "is"} `
      + `on your list.${myList.keeps() ? "" : " This browser keeps no lists: save before you leave the page."}`;
    place("request").hidden = count === 0;
    place("data-alone").hidden = packages.length === 0;
    place("strangers").hidden = others.length === 0;
    place("strangers-names").textContent = others.map((name) => name.replace("package:", "package ")).join(", ");
    place("tables").replaceChildren(...packages.map(bundle), ...[...found].map(([table, of]) => section(table, of)));
  }

  function bundle(name) {
    const [title, phases, span, reasoned] = [TITLE, PHASES, SPAN, REASONED].map((at) => bundles[name][at]);
    const part = document.createElement("section");
    const heading = made("h2", `${title} (package ${name})`, { id: `title-package-${name}` });
    part.setAttribute("aria-labelledby", heading.id);
    part.append(heading);
    if (phases.length) {
      const group = document.createElement("fieldset");
      group.append(made("legend", "Phases"), ...phases.map((phase) => choice(`phase-${name}-${phase}`, phase)));
      part.append(group);
    }
    part.append(field(`package-years-${name}`, "Years", span),
      field(`package-why-${name}`, "What the package is needed for", "", "textarea"),
      ...reasoned.map((item) => field(`package-reason-${name}-${item}`, `What ${item} is needed for`, "")),
      off(`package:${name}`, `package ${name}`));
    return part;
  }

  function choice(id, label) {
    const box = made("div", "", { className: "choice" });
    const input = made("input", "", { id, type: "checkbox", checked: answers.get(id) ?? false });
    input.addEventListener("change", () => answered(id, input.checked));
    box.append(input, made("label", label, { htmlFor: id }));
    return box;
  }

  function off(name, said) {
    const button = made("button", "Take off", { type: "button", className: "quiet" });
    button.setAttribute("aria-label", `Take off my list: ${said}`);
    button.addEventListener("click", () => {
      myList.put(name, false);
      place("state").scrollIntoView?.({ block: "nearest" });
    });
    return button;
  }

  function section(table, of) {
    const part = document.createElement("section");
    const title = made("h2", `${tables[table]} (${table})`, { id: `title ${table}`.replaceAll(" ", "-") });
    part.setAttribute("aria-labelledby", title.id);
    const items = made("ul", "", { className: "items" });
    items.append(...of.map(item));
    const years = span(of);
    part.append(title, items, ...(years ? [field(`years-${table}`, "Years", years)] : []),
      field(`why-${table}`, "What the table is needed for", "", "textarea"));
    return part;
  }

  function item(row) {
    const name = `${row[TABLE]}.${row[NAME]}`;
    const line = document.createElement("li");
    const link = made("a", row[NAME], { href: `variable/${name}.html` });
    const says = made("p", "");
    says.append(link, `: ${row[SAYS]}`);
    line.append(says);
    if (!row[HELD]) line.append(made("p", "Not held here: a request for it is told so.", { className: "note" }));
    if (row[MAY] === 2) line.append(field(`reason-${name}`, `What ${row[NAME]} is needed for`, ""));
    line.append(off(name, name));
    return line;
  }

  const answer = (id) => (place(id)?.value || "").trim();

  function asked() {
    return [...picked()].map(([table, of]) => ({
      table, years: answer(`years-${table}`), why: answer(`why-${table}`),
      variables: of.map((row) => ({ name: row[NAME], reason: row[MAY] === 2 ? answer(`reason-${table}.${row[NAME]}`) : "" })),
    }));
  }

  const askedBundles = () => bundled().map((name) => ({
    name, years: answer(`package-years-${name}`), why: answer(`package-why-${name}`),
    phases: bundles[name][PHASES].filter((phase) => place(`phase-${name}-${phase}`).checked),
    reasons: bundles[name][REASONED].map((item) => [item, answer(`package-reason-${name}-${item}`)])
      .filter(([, reason]) => reason),
  }));

  const FIELDS = ["organisation", "organisation_type", "aims", "benefit", "lawful_basis", "special_basis", "audience",
    "outputs", "setting", "retention", "sources"];
  const PERSON = ["name", "role", "accreditation", "accredited_until", "reason"];
  const DATA = ["table", "variable", "years", "justification", "reason"];

  /* TOML's basic strings are JSON's. */
  const text = (value) => JSON.stringify(value);
  const inline = (pairs) => `{ ${pairs.map(([name, value]) => `${text(name)} = ${text(value)}`).join(", ")} }`;

  function toml() {
    const lines = [
      "# Fill in what is empty; `leo request check` says what is missing and how it is written.",
      `id = ${text(answer("id"))}`, `title = ${text(answer("title"))}`,
      ...["organisation", "organisation_type", "aims", "benefit", "lawful_basis"].map((name) => `${name} = ""`),
      '# special_basis = "research"     # where items are rated A or B',
      "audience = []", "outputs = []", 'setting = ""', "# retention = 2030-12-31",
      "", "# [[person]]", ...PERSON.map((name) => `# ${name} = ${name === "accredited_until" ? "2030-12-31" : '""'}`),
      "", "# [population]", '# sources = ["npd"]',
    ];
    for (const of of askedBundles()) {
      lines.push("", "[[package]]", `name = ${text(of.name)}`,
        ...(bundles[of.name][PHASES].length ? [`phases = [${of.phases.map(text).join(", ")}]`] : []),
        ...(of.years ? [`years = ${text(of.years)}`] : []), `justification = ${text(of.why)}`,
        ...(of.reasons.length ? [`reasons = ${inline(of.reasons)}`] : []));
    }
    for (const of of asked()) {
      const reasons = of.variables.filter(({ reason }) => reason).map(({ name, reason }) => [name, reason]);
      lines.push("", "[[table]]", `name = ${text(of.table)}`, ...(of.years ? [`years = ${text(of.years)}`] : []),
        `variables = [${of.variables.map(({ name }) => text(name)).join(", ")}]`, `justification = ${text(of.why)}`,
        ...(reasons.length ? [`reasons = ${inline(reasons)}`] : []));
    }
    return `${lines.join("\n")}\n`;
  }

  const dataRows = () => [DATA, ...asked().flatMap((of) =>
    of.variables.map(({ name, reason }) => [of.table, name, of.years, of.why, reason]))];

  const csv = () => dataRows().map((row) =>
    row.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(",")).join("\r\n") + "\r\n";

  const bundleRows = () => [["name", "phases", "years", "justification"],
    ...askedBundles().map(({ name, phases, years, why }) => [name, phases.join("; "), years, why])];

  const reasonRows = () => [["package", "variable", "reason"],
    ...askedBundles().flatMap(({ name }) => bundles[name][REASONED]
      .map((item) => [name, item, answer(`package-reason-${name}-${item}`)]))];

  /* A workbook of the sheets that linkage/requests/sheets.py reads, texts in the cells themselves: the least that every spreadsheet opens. */
  function xlsx() {
    const sheets = {
      request: [["field", "value"], ["id", answer("id")], ["title", answer("title")], ...FIELDS.map((name) => [name, ""])],
      people: [PERSON, ["", "", "", "", ""]],
      packages: bundleRows(),
      reasons: reasonRows(),
      data: dataRows(),
      cohorts: [["table", "years"]],
    };
    const escaped = (value) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
    const cell = (value, column, row) =>
      `<c r="${String.fromCharCode(65 + column)}${row + 1}" t="inlineStr"><is><t xml:space="preserve">${escaped(value)}</t></is></c>`;
    const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
    const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const package_ = "http://schemas.openxmlformats.org/package/2006";
    const types = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    const names = Object.keys(sheets);
    const files = {
      "[Content_Types].xml": `<Types xmlns="${package_}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/>${names.map((_, n) => `<Override PartName="/xl/worksheets/sheet${n + 1}.xml" ContentType="${types}.worksheet+xml"/>`).join("")}</Types>`,
      "_rels/.rels": `<Relationships xmlns="${package_}/relationships"><Relationship Id="rId1" Type="${kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
      "xl/workbook.xml": `<workbook xmlns="${main}" xmlns:r="${kinds}"><sheets>${names.map((name, n) => `<sheet name="${name}" sheetId="${n + 1}" r:id="rId${n + 1}"/>`).join("")}</sheets></workbook>`,
      "xl/_rels/workbook.xml.rels": `<Relationships xmlns="${package_}/relationships">${names.map((_, n) => `<Relationship Id="rId${n + 1}" Type="${kinds}/worksheet" Target="worksheets/sheet${n + 1}.xml"/>`).join("")}</Relationships>`,
    };
    names.forEach((name, n) => {
      const body = sheets[name].map((row, r) => `<row r="${r + 1}">${row.map((value, c) => cell(value, c, r)).join("")}</row>`).join("");
      files[`xl/worksheets/sheet${n + 1}.xml`] = `<worksheet xmlns="${main}"><sheetData>${body}</sheetData></worksheet>`;
    });
    return fflate.zipSync(Object.fromEntries(Object.entries(files).map(([name, xml]) => [name, fflate.strToU8(head + xml)])));
  }

  const kinds = {
    toml: [toml, "application/toml"], csv: [csv, "text/csv"],
    xlsx: [xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  };
  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => {
      const [make, type] = kinds[button.dataset.save];
      const address = URL.createObjectURL(new Blob([make()], { type }));
      const link = made("a", "", { href: address, download: `${answer("id") || "request"}.${button.dataset.save}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    });
  }
  place("request").addEventListener("submit", (event) => event.preventDefault());
  place("clear").addEventListener("click", () => {
    answers.clear();
    try { localStorage.removeItem(key); } catch { /* nothing is kept */ }
    place("request").reset();
    myList.clear();
  });
  place("strangers-off").addEventListener("click", () => strangers().forEach((name) => myList.put(name, false)));
  for (const input of ["id", "title"].map(place)) {
    input.value = answers.get(input.id) ?? "";
    input.addEventListener("input", () => answered(input.id, input.value));
  }
  addEventListener("listed", draw);
  draw();
})();
