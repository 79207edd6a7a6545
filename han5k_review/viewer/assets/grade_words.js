// What the header and the grade panel say of grades on their way.

/** { word, tone, sentence } of what was stored or not, while `waiting` grades are in the queue. */
export function sayGrades(save, waiting) {
  const { state, at, sentence } = save;
  const clock = at?.toLocaleTimeString([], { hour12: false });
  if (state === "waiting")
    return {
      word: `waiting for the ${sentence ? "server" : "network"} (${waiting})`,
      tone: "warn",
      sentence: sentence
        ? `${sentence} It is kept in this browser and sent again.`
        : "Grades are kept in this browser and sent when the network returns.",
    };
  if (state === "expired")
    return {
      word: `signed out (${waiting} kept)`,
      tone: "bad",
      sentence: "Sign in again; nothing is lost.",
    };
  if (state === "foreign") return { word: `kept for another account (${waiting})`, tone: "warn", sentence };
  if (state === "refused") return { word: "not saved", tone: "bad", sentence };
  if (state === "saving") return { word: "saving", tone: "", sentence: "" };
  return { word: clock ? `saved ${clock}` : "all saved", tone: "", sentence: "" };
}
