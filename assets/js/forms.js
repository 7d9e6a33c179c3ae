// Forms, beside htmx. Everything works without it.

// Where htmx gets no answer, or one that is no page of ours (a proxy's error), it would say nothing or
// show nothing. The browser sends the form itself then, and shows whatever comes of it.
addEventListener("htmx:error", (event) => sendWithoutHtmx(event));
addEventListener("htmx:before:swap", (event) => {
  if (/<main\b/.test(event.detail.ctx.text)) return;
  event.preventDefault();
  sendWithoutHtmx(event);
});

function sendWithoutHtmx(event) {
  const form = event.target.closest?.("form");
  if (!form) return;
  dispatchEvent(new Event("exeunt:leave"));
  form.submit();
}

// A swap takes the button that was clicked away, and the focus with it: what the new content has to say
// first takes it on, and a screen reader says it.
addEventListener("htmx:after:swap", () => {
  if (document.activeElement !== document.body) return;
  const main = document.querySelector("main");
  (main.querySelector("[role=status], [role=alert]") ?? main).focus();
});
