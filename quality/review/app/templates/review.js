// A single key presses the button that names it, unless a modifier is held or something is being typed. The page has a
// form that turns this off (WCAG 2.1.4). For a moment after a page has come nothing happens: a key that was pressed twice
// must not answer a pair that nobody has seen yet.
const SETTLE = 250;
let shown = 0;

document.body.classList.add("js-enabled");
document.addEventListener("htmx:after:swap", () => { shown = performance.now(); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || performance.now() < shown + SETTLE) return;
  if (event.target.matches("input, textarea, select")) return;
  const key = event.key.toLowerCase();
  const button = [...document.querySelectorAll("button[data-key]")].find((found) => found.dataset.key === key);
  if (!button) return;
  event.preventDefault();
  button.click();
});
