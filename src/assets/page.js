// Runs on every page: the globals that JupyterHub's scripts and tests rely on, and what all pages
// do with scripts.

const data = document.body.dataset;

window.jhdata = {
  base_url: data.baseUrl,
  prefix: data.prefix,
  user: data.user,
  admin_access: data.adminAccess === "true",
  options_form: false,
  xsrf_token: data.xsrfToken,
};

const warning = document.getElementById("insecure-login-warning");
if (warning && !window.isSecureContext) {
  warning.hidden = false;
}

// Whoever points at an instant is told it in their own zone.
document.addEventListener("mouseover", (event) => {
  const time = event.target.closest?.("time[datetime]");
  if (time) {
    time.title = new Date(time.dateTime).toLocaleString();
  }
});

// A form is sent once: a second click while the answer is awaited would ask for the same again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
  }
});

// What is shown once can be copied, if the browser lets a page do that.
for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const secret = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(secret.textContent);
      button.textContent = button.dataset.copied;
    } catch {
      // The browser refused; what is selected can be copied by hand.
      getSelection().selectAllChildren(secret);
    }
  });
}

// A menu that is left closes; Escape gives the focus back to the word that opens it.
const menus = document.querySelectorAll("details.menu");
for (const happening of ["click", "focusin", "keydown"]) {
  document.addEventListener(happening, (event) => {
    for (const menu of menus) {
      const escapes = event.key === "Escape" && menu.open;
      if (escapes || (event.type !== "keydown" && !menu.contains(event.target))) {
        menu.open = false;
      }
      if (escapes) {
        menu.querySelector("summary").focus();
      }
    }
  });
}

window._jupyterhub_page_loaded = true;
