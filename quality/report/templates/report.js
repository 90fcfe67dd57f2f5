// Charts stand in the page as drawings. Where scripts run they are drawn again with tooltips, when they come in sight.
async function unpacked(name) {
  const bytes = Uint8Array.from(atob(document.getElementById(name).textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

let specs;
const narrow = window.matchMedia("(max-width: 46rem)");
const options = { actions: false, renderer: "svg", ast: true, logLevel: 1 };

async function draw(chart) {
  const shape = narrow.matches ? "narrow" : "wide";
  const stage = document.createElement("div");
  const drawing = chart.querySelector("." + shape);
  stage.style.display = "none";
  drawing.append(stage);
  try {
    await window.vegaEmbed(stage, specs[chart.dataset.chart][shape], options);
    // The picture as a whole has a name; names on every mark would be read one by one.
    for (const part of [stage, ...stage.querySelectorAll("[role], [aria-label], [tabindex]")]) {
      for (const name of ["role", "aria-label", "aria-roledescription", "tabindex"]) part.removeAttribute(name);
    }
    stage.style.display = "";
    stage.classList.add("live"); // the drawing stays for paper
    drawing.prepend(stage);
  } catch (fault) {
    stage.remove(); // the drawing stays
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) {
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }
}, { rootMargin: "200px" });

// A browser without DecompressionStream keeps the drawings.
if (document.getElementById("vega").textContent && window.DecompressionStream) {
  specs = JSON.parse(await unpacked("charts"));
  const vega = document.createElement("script");
  vega.textContent = await unpacked("vega");
  document.head.append(vega);
  if (window.vegaEmbed) document.querySelectorAll("[data-chart]").forEach((chart) => seen.observe(chart));
}
