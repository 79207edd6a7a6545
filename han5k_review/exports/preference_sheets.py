"""The sheets `Preferences` and `Preference shares`: what readers of a forced choice would take."""

from __future__ import annotations

from collections.abc import Callable

from han5k_review.exports.columns import Column, Kind, Sheet, column
from han5k_review.exports.preference_rows import PreferenceRow
from han5k_review.review.preferences import GivenChoice
from han5k_review.statistics.estimates import Interval
from han5k_review.store.vocabulary import Choice

_T, _I, _N, _B, _UTC = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.TIME
_MEASURED = "measured: docs/statistics.md"

PREFERENCES: Sheet[GivenChoice] = Sheet(
    key="preferences",
    title="Preferences",
    row="a choice in force between two contours of one structure, beside each other",
    columns=(
        column("case", "Case", _T, "case", "Pseudonym of the case.", lambda r: r.case),
        column("patient", "Patient", _T, "case", "Pseudonym of the patient.", lambda r: r.patient),
        column(
            "structure",
            "Structure",
            _T,
            "preference",
            "Name of the structure.",
            lambda r: r.preference.structure,
        ),
        column("reader", "Reader", _T, "reader", "Pseudonym of the reader.", lambda r: r.reader),
        column(
            "protocol_version",
            "Protocol version",
            _I,
            "protocol",
            "Version of the protocol that the read was assigned by.",
            lambda r: r.protocol,
        ),
        column(
            "left_source",
            "Left source",
            _T,
            "read",
            "Label source of the contour on the left; sides were drawn by the seed.",
            lambda r: r.left_source,
        ),
        column(
            "right_source",
            "Right source",
            _T,
            "read",
            "Label source of the contour on the right.",
            lambda r: r.right_source,
        ),
        column(
            "left_mask_sha256",
            "Left mask hash",
            _T,
            "contour",
            "SHA-256 of the mask on the left.",
            lambda r: r.left_sha256,
        ),
        column(
            "right_mask_sha256",
            "Right mask hash",
            _T,
            "contour",
            "SHA-256 of the mask on the right.",
            lambda r: r.right_sha256,
        ),
        column(
            "choice",
            "Choice",
            _T,
            "preference",
            f"What the reader said: {', '.join(f'`{one.value}`' for one in Choice)}.",
            lambda r: r.preference.choice,
        ),
        column(
            "preferred_source",
            "Preferred source",
            _T,
            "preference",
            "Label source of the chosen contour; empty where neither was.",
            lambda r: r.preferred,
        ),
        column(
            "is_repeat",
            "Repeat",
            _B,
            "read",
            "True in a hidden repeat, which is not counted.",
            lambda r: r.is_repeat,
        ),
        column(
            "comment",
            "Comment",
            _T,
            "preference",
            "The reader's words.",
            lambda r: r.preference.comment,
        ),
        column(
            "active_seconds",
            "Active time",
            _N,
            "preference",
            "Seconds at work on the structure until the choice; pauses over 30 s do not count.",
            lambda r: r.preference.active_seconds,
            "s",
        ),
        column(
            "chosen_at_utc",
            "Chosen",
            _UTC,
            "preference",
            "When the choice was stored.",
            lambda r: r.preference.chosen_at_utc,
            "UTC",
        ),
    ),
)


def _count(
    name: str, title: str, words: str, read: Callable[[PreferenceRow], int]
) -> Column[PreferenceRow]:
    return column(name, title, _I, "preferences", words, read)


def _limits(
    name: str, title: str, words: str, read: Callable[[PreferenceRow], Interval | None]
) -> tuple[Column[PreferenceRow], ...]:
    def limit(side: str) -> Callable[[PreferenceRow], float | None]:
        def read_limit(row: PreferenceRow) -> float | None:
            found = read(row)
            return None if found is None else float(getattr(found, side))

        return read_limit

    return tuple(
        column(f"{name}_{side}", f"{title}, {word} 95 % limit", _N, _MEASURED, words, limit(side))
        for side, word in (("low", "lower"), ("high", "upper"))
    )


SHARES: Sheet[PreferenceRow] = Sheet(
    key="preference-shares",
    title="Preference shares",
    row="two label sources compared in one structure, or in all of them together",
    columns=(
        column(
            "first_source", "First source", _T, "protocol", "Label source.", lambda r: r.sources[0]
        ),
        column(
            "second_source",
            "Second source",
            _T,
            "protocol",
            "The other label source.",
            lambda r: r.sources[1],
        ),
        column(
            "structure",
            "Structure",
            _T,
            "preference",
            "Name of the structure, or `all structures`.",
            lambda r: r.structure,
        ),
        _count("prefer_first", "Prefer first", "Choices of it.", lambda r: r.result.first),
        _count("prefer_second", "Prefer second", "Choices of it.", lambda r: r.result.second),
        _count("neither", "No preference", "Either would be used.", lambda r: r.result.neither),
        _count("both_poor", "Both poor", "None would be used.", lambda r: r.result.both_poor),
        column(
            "share_first",
            "Share that prefers the first",
            _N,
            _MEASURED,
            "Of the choices for one of the two.",
            lambda r: r.result.share.proportion,
        ),
        *_limits(
            "share_wilson",
            "Share, Wilson",
            "Every choice counted as of another patient.",
            lambda r: r.result.plain,
        ),
        *_limits(
            "share_clustered",
            "Share, by patient",
            "Wilson with the effective number of choices: those of a patient are alike.",
            lambda r: r.result.share.wilson,
        ),
        _count("patients", "Patients", "With a choice for one of the two.", lambda r: _patients(r)),
        _count(
            "patients_first",
            "Patients for the first",
            "Where it was chosen more often.",
            lambda r: r.result.patients_first,
        ),
        _count(
            "patients_second",
            "Patients for the second",
            "Where it was chosen more often.",
            lambda r: r.result.patients_second,
        ),
        column(
            "p_value",
            "P value",
            _N,
            _MEASURED,
            "Exact two-sided sign test over patients.",
            lambda r: r.result.p_value,
        ),
        column(
            "share_left",
            "Share that prefers the left",
            _N,
            _MEASURED,
            "Far from one half, readers lean to a side.",
            lambda r: r.result.left.proportion,
        ),
        _count("repeats", "Repeats", "Choices that were asked for again.", lambda r: r.repeats),
        _count("same", "Same again", "Repeats with the same answer.", lambda r: r.same),
    ),
)


def _patients(row: PreferenceRow) -> int:
    return row.result.share.patients
