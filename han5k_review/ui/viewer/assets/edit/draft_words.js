// What the edit panel says of a draft and of the strokes on their way.

const NO_CONNECTION = "There is no connection to the server: editing can begin when it is back.";

/** Why a draft cannot be edited now; fetch throws a TypeError when the network is gone. */
export const sayFailure = (error) => (error instanceof TypeError ? NO_CONNECTION : error.message);

/** { word, tone, sentence } of a draft session of which `waiting` strokes are not journalled yet. */
export function sayDraft(session, waiting) {
  const { state, at, sentence } = session.save;
  if (state === "expired")
    return {
      word: `signed out (${waiting} kept)`,
      tone: "bad",
      sentence: "Sign in again; the strokes are kept in this browser.",
    };
  if (state === "waiting")
    return {
      word: `waiting for the network (${waiting})`,
      tone: "warn",
      sentence: "Strokes are kept in this browser and sent in order when the network returns.",
    };
  if (state === "foreign") return { word: "not yours", tone: "bad", sentence };
  if (session.state === "held") return { word: "held by another tab or reader", tone: "warn", sentence };
  if (session.state === "opening") return { word: "opening", tone: "", sentence: "" };
  if (session.submitting) return { word: "submitting", tone: "", sentence: "" };
  if (state === "refused") return { word: "not saved", tone: "bad", sentence };
  if (waiting || state === "saving") return { word: "saving", tone: "", sentence: "" };
  return {
    word: at ? `saved ${at.toLocaleTimeString([], { hour12: false })}` : "all saved",
    tone: "",
    sentence: "",
  };
}
