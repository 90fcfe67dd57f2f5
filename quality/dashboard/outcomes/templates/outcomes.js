// All tables and charts are in the page. Where scripts run, they are chosen among in place.
const choice = document.getElementById("choice");

if (choice) {
  const [horizon, measure, wanted] = ["horizon", "measure", "wanted"].map((name) => document.getElementById(name));
  const sections = [...document.querySelectorAll("section[data-horizon]")];

  function choose() {
    const text = wanted.value.trim().toLowerCase();
    let rows = 0;
    for (const section of sections) {
      section.hidden = horizon.value !== "" && section.dataset.horizon !== horizon.value;
      for (const figure of section.querySelectorAll("figure")) {
        figure.hidden = measure.value !== "" && !figure.id.endsWith("-" + measure.value);
      }
      if (text) section.querySelectorAll("details").forEach((part) => { part.open = true; });
      for (const row of section.querySelectorAll("tbody tr")) {
        row.hidden = text !== "" && !row.textContent.toLowerCase().includes(text);
        if (!row.hidden && !section.hidden && !row.closest("[hidden]")) rows += 1;
      }
    }
    document.getElementById("said").textContent = `${rows} ${rows === 1 ? "row" : "rows"} in the tables below.`;
  }

  for (const control of [horizon, measure]) control.addEventListener("change", choose);
  wanted.addEventListener("input", choose);
  choice.addEventListener("submit", (event) => event.preventDefault());
  choice.hidden = false;
}
