// Ours, beside htmx. Everything works without it.

// A page that the browser kept whole and shows again (its back/forward cache) may be of a session that
// has ended, or may have a button that a request disabled. Asking the server again settles both.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Where htmx gets no answer, or one that is no page of ours (a proxy's error), it would say nothing or
// show nothing. The browser sends the form itself then, and shows whatever comes of it.
addEventListener("htmx:error", (event) => sendWithoutHtmx(event));
addEventListener("htmx:before:swap", (event) => {
  if (/<main\b/.test(event.detail.ctx.text)) return;
  event.preventDefault();
  sendWithoutHtmx(event);
});

function sendWithoutHtmx(event) {
  event.target.closest?.("form")?.submit();
}

// A swap takes the button that was clicked away, and the focus with it: the new content takes it on.
addEventListener("htmx:after:swap", () => {
  if (document.activeElement === document.body) document.querySelector("main").focus();
});
