// @ts-check
// In the edit panel: mean and near maximum of the structure in hand, and how much the edit changed them.

import { h, setText } from "../panels/dom.js";
import { DoseEffect } from "./dose_effect.js";

/** @import { DoseShown } from "../dose_shown.js" */
/** @import { Reading } from "../reading.js" */
/** @import { EditMask } from "./edit_mask.js" */

const TITLE =
  "The planned dose stays as it is; only what is counted changes. Mean, and D0.03cc as near maximum, as in the table of the case; in brackets the change since the contour under review.";

/**
 * `23.41 Gy (+0.12)`; without the change where there was no contour before.
 * @param {number} gy
 * @param {number | null} before
 */
export function sayGy(gy, before) {
  if (before === null) return `${gy.toFixed(2)} Gy`;
  const change = (gy - before).toFixed(2);
  const word = Number(change) === 0 ? "±0.00" : Number(change) > 0 ? `+${change}` : change.replace("-", "−");
  return `${gy.toFixed(2)} Gy (${word})`;
}

export class DoseEffectPanel {
  /**
   * @param {Reading} reading
   * @param {DoseShown} dose
   * @param {() => void} tell
   */
  constructor(reading, dose, tell) {
    this.dose = dose;
    this.effect = new DoseEffect(reading, dose, tell);
    this.root = h("p", { class: "figures dose-effect", "data-testid": "edit-dose", title: TITLE });
  }

  /** @param {EditMask | null} mask the contour in hand */
  update(mask) {
    this.effect.follow(mask);
    this.root.hidden = mask === null;
    setText(this.root, this.words);
    this.root.dataset.voxels = String(this.effect.answer?.now.voxels ?? "");
  }

  get words() {
    const { answer, trouble } = this.effect;
    if (trouble) return trouble;
    if (!answer) return this.dose.file.trouble || "Loading the dose ...";
    const { now, before } = answer;
    const beyond = now.outsideCc > 0 ? `; ${now.outsideCc.toFixed(2)} cc lie beyond it` : "";
    const fixed = `Fixed dose: the plan is not calculated again${beyond}.`;
    if (now.meanGy === null || now.nearMaximumGy === null)
      return `No dose is known in this contour.\n${fixed}`;
    return [
      `Mean dose ${sayGy(now.meanGy, before.meanGy)}`,
      `Near maximum ${sayGy(now.nearMaximumGy, before.nearMaximumGy)}`,
      fixed,
    ].join("\n");
  }
}
