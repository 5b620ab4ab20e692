// Puts a line into the clipboard, where the browser has one for us: not over plain HTTP from elsewhere.
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
    button.setAttribute("aria-label", button.dataset.done);
  });
}
