"use strict";
/* The list of picked variables and packages, kept by the browser for all pages of the site. */
window.picked = (() => {
  const key = "leo-catalogue-list";
  const read = () => {
    try { return JSON.parse(localStorage.getItem(key)) || []; } catch { return []; }
  };
  let names = read();

  function show() {
    for (const place of document.querySelectorAll("[data-listed]")) place.textContent = `(${names.length})`;
    for (const button of document.querySelectorAll("[data-add]")) {
      const name = button.dataset.add;
      button.hidden = false;
      button.textContent = names.includes(name) ? "Remove from my list" : "Add to my list";
      button.setAttribute("aria-label", `${button.textContent}: ${name.replace("package:", "package ")}`);
    }
    dispatchEvent(new Event("picked"));
  }

  function set(changed) {
    names = changed;
    try { localStorage.setItem(key, JSON.stringify(names)); } catch { /* kept for this page only */ }
    show();
  }

  document.addEventListener("click", (event) => {
    const name = event.target.dataset?.add;
    if (!name) return;
    const before = read();
    set(before.includes(name) ? before.filter((one) => one !== name) : [...before, name]);
  });
  addEventListener("storage", () => { names = read(); show(); });
  addEventListener("DOMContentLoaded", show);
  return { all: () => names, clear: () => set([]), show };
})();
