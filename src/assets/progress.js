// Follows the progress stream of a starting server and loads the page again when the start has
// ended, well or badly: the hub then answers with the server or with what went wrong.

const LOOK_AGAIN_MS = 2000;

const bar = document.getElementById("progress-bar");
const message = document.getElementById("progress-message");
const log = document.getElementById("progress-log");
const root = document.getElementById("progress-root");

const url = new URL(root.dataset.progressUrl, window.location.origin);
url.searchParams.set("_xsrf", document.body.dataset.xsrfToken);

// The stream begins with what the page may already show.
let isFirst = true;

function show(event) {
  if (typeof event.progress === "number") {
    bar.value = Math.max(0, Math.min(100, event.progress));
  }
  if (event.message) {
    if (isFirst) {
      log.replaceChildren();
      isFirst = false;
    }
    message.textContent = event.message;
    const line = document.createElement("li");
    line.textContent = event.message;
    log.append(line);
    log.scrollTop = log.scrollHeight;
  }
}

const stream = new EventSource(url);

stream.addEventListener("message", ({ data }) => {
  let event;
  try {
    event = JSON.parse(data);
  } catch {
    return;
  }
  show(event);
  if (event.ready || event.failed) {
    stream.close();
    window.location.reload();
  }
});

stream.addEventListener("error", () => {
  // The browser connects again by itself, unless the hub refused: then there is nothing to follow.
  if (stream.readyState === EventSource.CLOSED) {
    setTimeout(() => window.location.reload(), LOOK_AGAIN_MS);
  }
});
