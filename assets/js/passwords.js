// Beside each password a button that shows what is typed, and hides it again. Only where scripts run: the
// pages come without it.
{
  const offer = () => {
    for (const field of document.querySelectorAll(".secret:not(:has(button)) input")) {
      const button = document.createElement("button");
      // Or it would send the form.
      button.type = "button";
      button.className = "quiet";
      button.setAttribute("aria-controls", field.id);
      button.addEventListener("click", () => show(field, field.type === "password"));
      field.after(button);
      show(field, false);
    }
  };

  const show = (field, shown) => {
    field.type = shown ? "text" : "password";
    // A text field would be corrected as one types, and some browsers send what they check to a service.
    field.spellcheck = false;
    field.autocapitalize = "none";
    // The label changes and `aria-pressed` does not: with both, "Hide, pressed" would say the opposite.
    const button = field.nextElementSibling;
    const of = document.createElement("span");
    of.className = "visually-hidden";
    of.textContent = ` ${field.labels[0].textContent.toLowerCase()}`;
    button.replaceChildren(shown ? "Hide" : "Show", of);
  };

  const hideAll = () => {
    for (const field of document.querySelectorAll(".secret input[type=text]")) show(field, false);
  };

  offer();
  // What htmx puts in has none yet.
  addEventListener("htmx:after:swap", offer);

  // Browsers keep what was typed into text fields, and password managers look for password fields when a form is
  // sent. `submit` is told first, before anybody reads the form; `formdata` also where a script sends it.
  addEventListener("submit", hideAll, { capture: true });
  addEventListener("formdata", hideAll, { capture: true });

  // Browsers keep whole pages for the Back button, as they were left.
  addEventListener("pagehide", hideAll);
}
