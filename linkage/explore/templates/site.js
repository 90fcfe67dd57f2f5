"use strict";
/* My list: kept by the browser for these pages, or, where it keeps nothing, for this page alone. */
const myList = (() => {
  const key = "leo-linkage-list";
  let kept = [];
  let keeps = true;

  /* Another page may have changed the list since this one read it, and this one may have been left and come back to. */
  const read = () => {
    if (!keeps) return;
    try { kept = JSON.parse(localStorage.getItem(key) || "[]"); } catch { keeps = false; }
    if (!Array.isArray(kept)) kept = [];
  };
  const save = () => {
    try { localStorage.setItem(key, JSON.stringify(kept)); } catch { keeps = false; }
    shown();
  };
  const shown = () => {
    for (const place of document.querySelectorAll("[data-listed]")) place.textContent = `(${kept.length})`;
    document.querySelectorAll("[data-add]").forEach(say);
    dispatchEvent(new Event("listed"));
  };
  /* What a button is for, hearers learn from its name. */
  const say = (button) => {
    const name = button.dataset.add;
    button.textContent = kept.includes(name) ? "Take off my list" : "Add to my list";
    button.setAttribute("aria-label", `${button.textContent}: ${name.replace("package:", "package ")}`);
  };
  addEventListener("storage", (event) => { if (event.key === key || event.key === null) { read(); shown(); } });
  addEventListener("pageshow", (event) => { if (event.persisted) { read(); shown(); } });
  read();
  return {
    all: () => [...kept],
    keeps: () => keeps,
    shown,
    say,
    put(name, isOn) { read(); kept = [...kept.filter((other) => other !== name), ...(isOn ? [name] : [])]; save(); },
    clear() { kept = []; save(); },
  };
})();

/* A button that adds a variable to the list or takes it off: what it said when it was pressed is what is done. */
function listButton(button, name) {
  button.dataset.add = name;
  button.addEventListener("click", () => myList.put(name, button.textContent.startsWith("Add")));
  button.hidden = false;
  myList.say(button);
  return button;
}

for (const button of document.querySelectorAll("[data-add]")) listButton(button, button.dataset.add);
myList.shown();
