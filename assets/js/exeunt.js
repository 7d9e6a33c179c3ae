// Ours, beside htmx. Everything works without it.

// A page that the browser kept whole and shows again (its back/forward cache) may be of a session that
// has ended, or may have a button that a request disabled. Asking the server again settles both.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
