// @ts-check
// A revision that was made here is shown beside the contour under review.

import { askLabelSets } from "./net/cases.js";
import { messageOf } from "./net/requests.js";

/** @import { Workspace } from "./workspace.js" */

/**
 * The set that holds the revision is fetched and compared with.
 * @param {Workspace} workspace
 * @param {string} name
 * @param {number} labelVersion
 */
export async function showRevision(workspace, name, labelVersion) {
  const { data, reading } = workspace;
  try {
    await workspace.takeSets(await askLabelSets(data), true);
    const holding = data.label_sets
      .slice(1)
      .find(({ key }) => reading.masksOf(key)?.get(name)?.label_version === labelVersion);
    if (holding && reading.state.selected === name) workspace.act("compare", holding.key);
  } catch (error) {
    workspace.say(`The revision of ${name} is stored, but cannot be shown yet: ${messageOf(error)}`);
  }
}
