// @ts-check
// The component's door: Streamlit calls the default export on every rerun that changes the data.
//
// Stable selectors (data-testid): workspace, case, progress, save-state, load-state, sign-in, next-case,
// help-button, help, help-close, banner, banner-close, try-again, stage, view-main, view-upper,
// view-lower (each with -canvas, -title, -readout, -notice, -cross-h, -cross-v, -scale, -ruler, -left,
// -right, -top, -bottom), structures, structure (data-structure, data-grade), search, order, filter,
// next-ungraded, structure-title, structure-facts, alert, warnings, grade-<code>, tags, tag (data-tag),
// comment, hint, published, window-select, compare, label-set (data-set), difference-text, thickness,
// opacity, slice-bar, plane-<name>, edit-panel, edit-state, edit-alert, edit-figures, edit-question,
// edit-confirm, edit-decline, question, question-words, answer-<id>, solid-pane, solid-words,
// solid-canvas, edit-discard, edit-take-over, edit-advice, aside, aside-try, aside-download,
// aside-discard, edit-mm, combine, smart-tools (data-working), smart-mm, combine-with, combine-mm,
// subtract, keep-inside, add-other, crop-skin, margin-<side>, margin-grow, margin-shrink, edit-hu-low,
// edit-hu-high, brush-size, unsaved-sign, unsaved, unsaved-row, unsaved-reason, unsaved-mend, decision,
// decision-candidate (data-set), decide-accept, decide-reject, decide-next, decide-reason,
// decision-told, unsaved-again, unsaved-drop, unsaved-confirm, unsaved-keep, keys-change, keys-reset,
// keys-status, key-replace, dose, doseLines, doseWash, dose-words, dose-legend, dose-settings,
// dose-settings-button, dose-unit, dose-levels, dose-prescription, dose-wrong, edit-dose (data-voxels),
// band (data-ready, data-must-look), band-words. Each action's button has
// data-action. The workspace carries data-first-slice-ms, data-draw-ms, data-loaded, data-chosen and
// data-in-sight (may be graded); each view data-plane, data-slice, data-drags.

import { takeKey } from "./keys.js";
import { closeAll } from "./net/cases.js";
import { watchPage } from "./net/page_connection.js";
import { Workspace } from "./workspace.js";

/** @import { ViewerPayload } from "./pure/payload.js" */
/** @import { Trigger } from "./grader.js" */

/**
 * What Streamlit calls a component with.
 * @typedef {object} Component
 * @property {ViewerPayload} data
 * @property {HTMLElement} parentElement
 * @property {(name: string, value: Record<string, unknown>) => void} setTriggerValue
 *
 * @typedef {{ workspace: Workspace | null, trigger: Component["setTriggerValue"], leave: AbortController }} Mount
 */

const RELEASE_MS = 5000;
const SIGN_IN_MS = 3000;
/** @type {WeakMap<HTMLElement, Mount>} */
const mounted = new WeakMap();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let release;

/**
 * The same case again: a rerun of the page, not a new task.
 * @param {ViewerPayload} one
 * @param {ViewerPayload} other
 */
const sameCase = (one, other) =>
  one.addresses.volume === other.addresses.volume &&
  one.assignment === other.assignment &&
  one.read_only === other.read_only &&
  JSON.stringify(one.label_sets[0]) === JSON.stringify(other.label_sets[0]) &&
  JSON.stringify(one.decision) === JSON.stringify(other.decision) &&
  JSON.stringify(one.structures) === JSON.stringify(other.structures);

/** @param {Component} component */
export default function viewer({ data, parentElement, setTriggerValue }) {
  clearTimeout(release);
  const mount = mounted.get(parentElement) ?? begin(parentElement, setTriggerValue);
  mount.trigger = setTriggerValue;
  /** @type {Trigger} */
  const trigger = (kind, detail = {}) => {
    mount.trigger("event", { kind, ...detail });
    if (kind === "sign_in") setTimeout(signIn, SIGN_IN_MS, data);
  };
  if (mount.workspace && sameCase(mount.workspace.data, data)) {
    mount.workspace.grader.merge(data.grades);
    if (JSON.stringify(mount.workspace.data.label_sets) !== JSON.stringify(data.label_sets))
      mount.workspace.takeSets(data.label_sets);
  } else {
    mount.workspace?.close();
    mount.workspace = new Workspace(data, trigger);
    parentElement.append(mount.workspace.root);
    mount.workspace.stage.focus();
  }
  fillPage(mount.workspace.root);
  return () => {
    mount.leave.abort();
    mount.workspace?.close();
    mount.workspace = null;
    mounted.delete(parentElement);
    // The page may mount the next case in a new place: what is prefetched waits a moment for it.
    release = setTimeout(closeAll, RELEASE_MS);
  };
}

/**
 * @param {HTMLElement} parentElement
 * @param {Component["setTriggerValue"]} trigger
 * @returns {Mount}
 */
function begin(parentElement, trigger) {
  const mount = { workspace: null, trigger, leave: new AbortController() };
  mounted.set(parentElement, mount);
  listen(mount);
  return mount;
}

/**
 * The page answers a sign-in by itself; when its own connection is gone too, go there directly.
 * @param {ViewerPayload} data
 */
function signIn(data) {
  const here = `${location.pathname}${location.search}`;
  location.assign(`${data.addresses.sign_in}?next=${encodeURIComponent(here)}`);
}

/**
 * The workspace reaches from where it begins to the bottom of the window.
 * @param {HTMLElement} root
 */
function fillPage(root) {
  const { top } = root.getBoundingClientRect();
  root.style.setProperty("--top", `${Math.max(0, Math.round(top + globalThis.scrollY))}px`);
}

/** @param {Mount} mount */
function listen(mount) {
  watchPage(() => mount.workspace, mount.leave.signal);
  const options = { signal: mount.leave.signal, capture: true };
  globalThis.addEventListener(
    "keydown",
    (event) => {
      if (!mount.workspace || !takeKey(mount.workspace, event)) return;
      // Streamlit has keys of its own (r, c): a key that is ours goes no further.
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    options,
  );
  globalThis.addEventListener("pointermove", () => mount.workspace?.touch(), { ...options, passive: true });
  globalThis.addEventListener("online", () => mount.workspace?.wake(), options);
  globalThis.addEventListener("focus", () => mount.workspace?.wake(), options);
  globalThis.addEventListener(
    "resize",
    () => {
      if (mount.workspace) fillPage(mount.workspace.root);
    },
    options,
  );
  globalThis.addEventListener(
    "pagehide",
    () => {
      mount.workspace?.position.send();
      mount.workspace?.editor.close();
    },
    options,
  );
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.hidden) mount.workspace?.pause();
      else mount.workspace?.wake();
    },
    options,
  );
}
