// Ask before something is deleted, and count what has been written.
for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}
for (const output of document.querySelectorAll("output[data-for]")) {
  const field = document.querySelector(`[name="${output.dataset.for}"]`);
  const show = () => { output.value = `${field.value.length} / ${field.maxLength}`; };
  field.addEventListener("input", show);
  show();
}
