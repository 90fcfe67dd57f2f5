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

// An application that was ended answers nothing: whoever presses a key must not think that it was heard.
document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  if (!ctx || ctx.response || document.getElementById("unheard")) return;
  const told = document.createElement("div");
  told.className = "govuk-error-summary";
  told.id = "unheard";
  told.tabIndex = -1;
  told.innerHTML = `<div role="alert"><h2 class="govuk-error-summary__title">The application does not answer</h2>
    <div class="govuk-error-summary__body"><p>What you did last was not taken in. Start it again with the same command, and
    open the address that it prints.</p></div></div>`;
  document.getElementById("main").prepend(told);
  told.focus();
});
dress();
