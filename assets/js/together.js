// All tabs of a browser leave together. The main part of a page says which session it shows; a page whose
// session is over, or is not the browser's any more, is fetched anew, and the server says what comes then.
{
  // Whoever holds it listens for all. Over HTTP/1.1 browsers open six connections to a host: with a stream in
  // each tab, the seventh would wait for ever.
  const LISTENER = "exeunt-listener";

  // Held together by all who wait for the answer to a form, and taken alone by whoever fetches a page anew. That
  // answer may bring a new cookie, and the one to a page that was asked for with the old cookie would take it away
  // again. A cookie is in the browser before a script sees the answer that it came with.
  const ANSWERS = "exeunt-answers";

  // In milliseconds. Nothing is waited for any longer, and a server that gave no stream is asked again after it.
  const PATIENCE = 5000;

  // Browsers have no locks on plain http, but for localhost. A tab then asks when somebody comes to look at it.
  const { locks } = navigator;
  const canTell = locks && "BroadcastChannel" in window;

  let channel;

  // Aborted as the page is left: browsers keep no page for the Back button that listens or waits for a lock.
  let here;

  // When something began to lead away from this page, to one that says what happened. That may take a while, and
  // may come to nothing.
  let left;

  const isLeaving = () => left !== undefined && performance.now() - left < PATIENCE;

  const leave = () => {
    left = performance.now();
  };

  // The session that this page shows. There is none before a login, nor on a page that says that it is over.
  const shown = () => document.querySelector("main").dataset.session;

  const isStale = ({ over, now }) => !isLeaving() && shown() && (over ? over === shown() : now !== shown());

  const hide = (hidden) => document.documentElement.classList.toggle("unsure", hidden);

  // Not `reload`, which would send a form again that led here.
  const fetchAnew = () => {
    leave();
    location.replace(location.pathname + location.search);
  };

  // `{ over: id }`, or `{ now: id }`, which is null while nobody is logged in. Channels do not tell whoever
  // speaks.
  const tell = (news) => {
    channel?.postMessage(news);
    heed(news);
  };

  const heed = async (news) => {
    if (!isStale(news)) return;
    await answers();
    if (isStale(news)) fetchAnew();
  };

  // Completes when nobody waits for the answer to a form, or has for too long.
  const answers = async () => {
    const patience = new AbortController();
    setTimeout(() => patience.abort(), PATIENCE);
    await locks?.request(ANSWERS, { signal: patience.signal }, () => {}).catch(() => {});
  };

  // Hears what the server says until the session is over, the server gives no such stream or the page is left;
  // or only whose session it is. Answers the session that it last heard of.
  const hear = (signal, { once }) =>
    new Promise((done) => {
      const events = new EventSource("/events");
      let now;
      const stop = () => {
        events.close();
        done(now);
      };
      signal.addEventListener("abort", stop);
      events.addEventListener("session", ({ data }) => {
        now = data;
        tell({ now });
        if (once) stop();
      });
      events.addEventListener("logout", ({ data }) => {
        now = null;
        tell({ over: data });
        stop();
      });
      // What breaks off the browser opens again by itself; after any status but 200 it never tries again, and
      // does not say which it was.
      events.addEventListener("error", async () => {
        if (events.readyState !== EventSource.CLOSED && !once) return;
        events.close();
        const answer = await fetch("/events", { method: "HEAD", signal }).catch(() => undefined);
        if (answer?.status === 204) tell({ now: (now = null) });
        stop();
      });
    });

  // Asks only whose session it is: an id, null for nobody's, or nothing when there is no answer in time.
  let asked;
  const ask = () => {
    asked ??= hearOnce(here.signal).finally(() => (asked = undefined));
    return asked;
  };

  const hearOnce = (signal) => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    signal.addEventListener("abort", () => patience.abort());
    return hear(patience.signal, { once: true }).finally(() => clearTimeout(timer));
  };

  const listen = async (signal) => {
    while (!signal.aborted && shown()) {
      await hear(signal, { once: false });
      if (!signal.aborted) await pause(signal);
    }
  };

  const pause = (signal) =>
    new Promise((done) => {
      setTimeout(done, PATIENCE);
      signal.addEventListener("abort", done);
    });

  addEventListener("pageshow", async ({ persisted }) => {
    if (persisted && (left !== undefined || !shown())) return location.reload();
    if (!shown()) return;
    here = new AbortController();
    const { signal } = here;
    if (canTell) {
      channel = new BroadcastChannel("exeunt");
      channel.addEventListener("message", ({ data }) => heed(data));
    }
    if (persisted) {
      // Kept whole by the browser since it was left, and its session may have ended since.
      if ((await ask()) !== shown()) return fetchAnew();
      hide(false);
    } else {
      // Fetched a moment ago: the other tabs can tell by it whether they are of another session.
      channel?.postMessage({ now: shown() });
    }
    if (canTell) locks.request(LISTENER, { signal }, () => listen(signal)).catch(() => {});
  });

  addEventListener("pagehide", () => {
    here?.abort();
    channel?.close();
    channel = undefined;
    // Nobody sees it again before the server has been asked.
    if (shown()) hide(true);
  });

  // A stream that broke off while the machine slept looks open for minutes, and a tab in the background may be
  // told late.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && shown() && here?.signal.aborted === false) {
      ask();
    }
  });

  addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (!locks) return;
    ctx.fetch = (...request) =>
      new Promise((resolve, reject) => {
        locks
          .request(ANSWERS, { mode: "shared" }, () => {
            fetch(...request).then(resolve, reject);
            // Until the page has taken in the answer.
            return new Promise((done) => (ctx.answered = done));
          })
          .catch(reject);
      });
  });

  addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    if (ctx.hx?.redirect) leave();
    ctx.answered?.();
  });

  addEventListener("exeunt:leave", leave);
}
