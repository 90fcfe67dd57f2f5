// A single key presses the button that names it, unless a modifier is pressed or the focus is in a text field. The page has a
// form that turns this off (WCAG 2.1.4). A key pressed twice must not answer a pair that was not seen: for SETTLE
// milliseconds after a page appears keys are ignored, and the page says so.
const SETTLE = 250;
const shown = performance.now();
let isSent = false;

document.body.classList.add("scripted");
addEventListener("pageshow", () => { isSent = false; });
addEventListener("submit", () => { isSent = true; });

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.matches("input, textarea, select")) return;
  const button = document.querySelector(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button || isSent) return;
  event.preventDefault();
  if (performance.now() < shown + SETTLE) {
    document.getElementById("ignored").textContent = `${event.key.toUpperCase()} was ignored: this pair had only just appeared. Press it again.`;
  } else {
    button.click();
  }
});
