// @ts-check
// The page around the viewer has lost its server. Streamlit says so in a dialog over the picture, which would
// take the mouse and the focus: it is put away, and the viewer's own line says the loss until the server
// answers again.

import { patiently } from "./requests.js";

/** @import { Workspace } from "../workspace.js" */

const DIALOG = "[data-testid=stDialog]";
const TITLE = "Connection error";
const ALIVE = "/healthz";

/**
 * Watches the page as long as the viewer is on it.
 * @param {() => Workspace | null} workspaceOf
 * @param {AbortSignal} signal
 */
export function watchPage(workspaceOf, signal) {
  let isLost = false;
  const look = async () => {
    const dialogs = [...document.querySelectorAll(DIALOG)];
    const close = dialogs
      .find((dialog) => dialog.textContent?.includes(TITLE))
      ?.querySelector("button[aria-label=Close]");
    if (!(close instanceof HTMLElement) || !workspaceOf()) return;
    close.click();
    workspaceOf()?.stage.focus();
    if (isLost) return;
    isLost = true;
    workspaceOf()?.hear("network", true);
    try {
      await patiently(ALIVE, (response) => response.text(), { signal, cache: "no-store" });
    } catch {
      return; // the viewer has left the page
    }
    isLost = false;
    workspaceOf()?.hear("network", false);
    workspaceOf()?.wake();
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true });
  signal.addEventListener("abort", () => observer.disconnect());
}
