// What GOV.UK Frontend's own script does for a page, done again for what htmx puts in its place. An answer that has an
// address of its own is read as a new page: from its top.
import { createAll, ErrorSummary, Tabs } from "/assets/govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
let isNewPage = false;

function dress() {
  for (const part of [ErrorSummary, Tabs]) createAll(part);
}

document.addEventListener("htmx:after:history:push", () => { isNewPage = true; });
document.addEventListener("htmx:after:swap", () => {
  dress();
  if (!isNewPage) return;
  isNewPage = false;
  document.getElementById("main").focus({ preventScroll: true });
  window.scrollTo(0, 0);
});
dress();
