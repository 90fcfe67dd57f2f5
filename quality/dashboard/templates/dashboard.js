// Tables are all in the page; where scripts run, any two of its runs can be put side by side.
const held = document.getElementById("held-figures");
if (held) {
  const figures = JSON.parse(held.textContent);
  const [before, after] = ["before", "after"].map((name) => document.getElementById(name));
  const differing = document.getElementById("differing");

  for (const list of [before, after]) figures.runs.forEach((name, place) => list.add(new Option(name, place)));
  before.value = Math.max(0, figures.runs.length - 2);
  after.value = figures.runs.length - 1;

  const made = (name, text, how = {}) => Object.assign(document.createElement(name), { textContent: text, ...how });

  // Of what is shown, so that a change says no more than the two figures do.
  function change(one, other, places) {
    if (one[1] === null || other[1] === null) return "z";
    const by = other[1] - one[1];
    // No finer than the two are shown: a count among shares, a rate among shares of links.
    places = Math.min(places, Math.max(...[one[0], other[0]].map((text) => (text.split(".")[1] || "").length)));
    const digits = by !== 0 && Math.abs(by) < 0.5 * 10 ** -places ? 6 : places;
    const text = Math.abs(by).toLocaleString("en-GB", { minimumFractionDigits: places, maximumFractionDigits: digits });
    return (by < 0 ? "−" : by > 0 ? "+" : "") + text;
  }

  function table(matrix, rows, names) {
    const frame = made("div", "", { className: "scroll", tabIndex: 0 });
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", matrix.title);
    const grid = document.createElement("table");
    grid.append(made("caption", matrix.title));
    const head = grid.createTHead().insertRow();
    matrix.heads.forEach((text) => head.append(made("th", text, { scope: "col" })));
    [...names, "Change"].forEach((text) => head.append(made("th", text, { scope: "col", className: "number" })));
    const body = grid.createTBody();
    for (const [labels, one, other] of rows) {
      const line = body.insertRow();
      labels.forEach((text, place) => line.append(place ? made("td", text, { className: "words" }) : made("th", text, { scope: "row" })));
      [one[0], other[0], change(one, other, matrix.places)].forEach(
        (text) => line.append(made("td", text, { className: "number" })));
    }
    frame.append(grid);
    return frame;
  }

  document.querySelector(".choice").addEventListener("submit", (event) => {
    event.preventDefault();
    const two = [Number(before.value), Number(after.value)];
    const names = two.map((place) => figures.runs[place]);
    const shown = figures.matrices.map((matrix) => {
      const rows = matrix.rows
        .map(([labels, cells]) => [labels, cells[two[0]], cells[two[1]]])
        .filter(([, one, other]) => !differing.checked || one[0] !== other[0]);
      return rows.length ? table(matrix, rows, names) : null;
    }).filter(Boolean);
    document.getElementById("compared").replaceChildren(...shown);
    const count = shown.reduce((sum, frame) => sum + frame.querySelectorAll("tbody tr").length, 0);
    const found = count === 0 ? "no figure that is shown differs" : count === 1 ? "1 figure below" : `${count} figures below`;
    document.getElementById("said").textContent = `${names[1]} beside ${names[0]}: ${found}.`;
  });
  document.getElementById("choosing").hidden = false;
}
