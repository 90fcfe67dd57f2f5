// Sends the form whenever a field has changed, and puts what follows in the place of what stood there. Without this
// script the buttons do the same with a new page. It asks its own application alone: the form says where.
const form = document.querySelector("form[data-in-place]");
let last = 0;

function replaceWith(page) {
  for (const live of document.querySelectorAll("[data-live]")) {
    const next = page.getElementById(live.id);
    if (!next || next.innerHTML === live.innerHTML) continue;
    const opened = [...live.querySelectorAll("details")].map((details) => details.open);
    live.innerHTML = next.innerHTML;
    [...live.querySelectorAll("details")].forEach((details, place) => { details.open ||= opened[place]; });
  }
  for (const field of form.querySelectorAll("input")) {
    const invalid = page.getElementById(field.id)?.getAttribute("aria-invalid");
    if (invalid) field.setAttribute("aria-invalid", invalid);
    else field.removeAttribute("aria-invalid");
  }
  document.title = page.title;
}

form.addEventListener("change", async () => {
  const turn = ++last;
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const text = await answer.text();
  if (turn === last) replaceWith(new DOMParser().parseFromString(text, "text/html"));
});
