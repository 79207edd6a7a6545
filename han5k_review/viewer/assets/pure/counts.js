// @ts-check
// Numbers with their nouns: `1 stroke`, `3 strokes`; as texts/counts.py for the pages. No DOM.

/**
 * The number and its noun; `several` where that is not the noun with an s.
 * @param {number} count
 * @param {string} one
 */
export const sayCount = (count, one, several = `${one}s`) => `${count} ${chooseForm(count, one, several)}`;

/**
 * A noun without its number, or a verb.
 * @param {number} count
 * @param {string} one
 * @param {string} several
 */
export const chooseForm = (count, one, several) => (count === 1 ? one : several);
