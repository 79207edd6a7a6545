// @ts-check
// What Streamlit loads: the viewer itself comes from an address that names its content, which browsers
// keep. Streamlit calls the default export at the mount and on every rerun that changes the data.

/** @import viewer from "./viewer.js" */

const MISSING = "The viewer did not load. Check your connection, then load this page again.";

/** @param {Parameters<typeof viewer>[0] & { data: { viewer: string } }} component */
export default function door(component) {
  const { data, parentElement } = component;
  /** @type {(() => void) | undefined} */
  let leave;
  import(data.viewer).then(
    (loaded) => {
      if (parentElement.isConnected) leave = loaded.default(component);
    },
    () => {
      const said = document.createElement("p");
      said.setAttribute("role", "alert");
      said.textContent = MISSING;
      parentElement.replaceChildren(said);
    },
  );
  return () => leave?.();
}
