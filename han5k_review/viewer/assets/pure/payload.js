// @ts-check
// What the page hands to the viewer, as viewer/payload.py of the Python side has it; a test compares both.
// Types only.

/** @typedef {"solid" | "dashed" | "dotted" | "dash-dot"} LabelLine How the outlines of a set are drawn. */

/**
 * One set of masks.
 * @typedef {object} LabelSet
 * @property {string} key
 * @property {string} name
 * @property {LabelLine} line
 * @property {string} url
 * @property {string | null} color
 */

/**
 * One row of the structure list.
 * @typedef {object} ViewerStructure
 * @property {string} name
 * @property {string} title
 * @property {string} color
 * @property {string | null} color_safe
 * @property {string} window
 * @property {string} group
 * @property {number | null} label_version
 * @property {string | null} tier
 * @property {string | null} pair
 * @property {string | null} side
 * @property {string | null} inside
 * @property {string | null} hint
 * @property {string | null} hint_source
 * @property {number | null} reference_dsc
 * @property {number | null} reference_hd95_mm
 * @property {string[]} warnings
 */

/**
 * A CT window by name.
 * @typedef {object} ViewerWindow
 * @property {string} name
 * @property {number} centre_hu
 * @property {number} width_hu
 */

/**
 * One grade of the scale; `key` gives it.
 * @typedef {object} ViewerScaleGrade
 * @property {string} code
 * @property {string} key
 * @property {string} title
 * @property {string} level
 * @property {string} definition
 */

/**
 * The study's scale and its issue tags.
 * @typedef {object} ViewerScale
 * @property {string} name
 * @property {ViewerScaleGrade[]} grades
 * @property {string[]} tags
 */

/**
 * A grade that stands in the database.
 * @typedef {object} GivenGrade
 * @property {number} turn
 * @property {string} code
 * @property {string} graded_at_utc
 * @property {string[]} tags
 * @property {string} comment
 * @property {number[]} flagged_slices
 * @property {number | null} confidence
 * @property {string | null} source_guess
 */

/**
 * Where the reader stopped.
 * @typedef {object} Resume
 * @property {string} structure
 * @property {number | null} slice
 */

/**
 * Where the viewer asks and tells.
 * @typedef {object} Addresses
 * @property {string} volume
 * @property {string} label_sets
 * @property {string | null} grades
 * @property {string | null} position
 * @property {string | null} drafts
 * @property {string | null} signature
 * @property {string} sign_in
 * @property {string | null} dose
 */

/**
 * The reader's next case.
 * @typedef {object} NextCase
 * @property {number} assignment
 * @property {string} volume
 * @property {LabelSet[]} label_sets
 */

/**
 * A rule of anatomy: its sentence is said from `at_least` of `unit` on.
 * @typedef {object} ViewerRule
 * @property {number} at_least
 * @property {string} unit
 * @property {number} decimals
 * @property {string} sentence
 */

/**
 * A revision or a proposal that waits.
 * @typedef {object} DecisionCandidate
 * @property {number} revision
 * @property {string} set
 * @property {string} name
 * @property {string} facts
 * @property {string | null} refusal
 */

/**
 * What an adjudicator is asked.
 * @typedef {object} Decision
 * @property {string} structure
 * @property {DecisionCandidate[]} candidates
 * @property {number} waiting
 * @property {string | null} told
 * @property {boolean} proposal
 */

/**
 * How far from a contour's border accepted revisions ended: `share` of the next, of `n`.
 * @typedef {object} ViewerBand
 * @property {number} margin_mm
 * @property {number} share
 * @property {number} n
 */

/**
 * Everything the viewer needs to open a case; voxels come by the addresses in it.
 * @typedef {object} ViewerPayload
 * @property {number | null} assignment
 * @property {string} case
 * @property {Addresses} addresses
 * @property {NextCase | null} next
 * @property {LabelSet[]} label_sets
 * @property {ViewerStructure[]} structures
 * @property {ViewerWindow[]} windows
 * @property {ViewerScale} scale
 * @property {Record<string, GivenGrade>} grades
 * @property {boolean} read_only
 * @property {Resume | null} resume
 * @property {number | null} edit_base
 * @property {boolean} start_editing
 * @property {string | null} compare
 * @property {boolean} side_by_side
 * @property {Record<string, ViewerRule>} rules
 * @property {Decision | null} decision
 * @property {string | null} account
 * @property {string[]} source_guesses
 * @property {number | null} most_confident
 * @property {boolean} choice
 * @property {boolean} manual
 * @property {string | null} meaning
 * @property {string | null} signed
 * @property {boolean} assistance
 * @property {Record<string, ViewerBand>} bands
 */

export {};
