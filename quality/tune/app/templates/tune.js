// What a button asked for is shown as it came: a box that was ticked by hand would otherwise stay as it is.
document.addEventListener("htmx:after:swap", (event) => {
  if (event.target.closest?.("button")) document.querySelector("form[data-tried]").reset();
});
