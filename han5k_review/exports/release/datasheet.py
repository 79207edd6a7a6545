"""The datasheet as Markdown for people and JSON for software, and the README of a release."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.release.choice import Reason
from han5k_review.exports.release.facts import MapFacts, ReleaseFacts, StructureFacts
from han5k_review.texts.counts import say_count

RULES: Mapping[str, str] = {
    "accepted": "A contour is in this release when it was accepted: locked, or the revision that "
    "an adjudicator accepted last. No other contour is.",
    "certified": "A contour is in this release when it was accepted (locked, or the revision that "
    "an adjudicator accepted last), or when its structure is certified and nothing speaks against "
    "it. Certified: the grades show that more than {percent:.0f} % of patients are acceptable (no "
    "or minor revision), with an error rate of 5 % over all structures of the study. Against a "
    "contour speak a grade that calls it a major revision, not assessable or absent, and a "
    "revision that waits.",
}
DEFECTS = (
    "Contours that are `certified` were not all looked at: up to the share that the certificate "
    "leaves open may need a major revision. `tables/contours.csv` says which contours these are.",
    "Certificates take readers at their word: errors that they missed are not counted.",
    "Grades of different readers agree only in part; see the study's export for agreement.",
    "Most contours began as pseudo-labels. A corrected contour keeps some errors of the machine.",
    "Definitions of structures differ between guidelines; those of the study's table were used.",
    "A structure that a case does not have here is unknown there. It is not absent.",
)
_FORMS = {
    "masks": "`masks/CASE/STRUCTURE.nii.gz`: one mask per structure, 1 inside, on the CT's grid",
    "nnunet": "`nnunet/`: a raw data set of nnU-Net v2 (label maps; overlaps as regions)",
    "rtstruct": "`dicom/rtstruct/CASE.dcm`: RTSTRUCT; fill by the even-odd rule",
    "seg": "`dicom/seg/CASE.dcm`: DICOM SEG; structures may overlap",
}


def build_datasheet_json(facts: ReleaseFacts) -> bytes:
    """The facts as JSON."""
    content = {"use": RESEARCH_USE, **asdict(facts), "known_defects": list(DEFECTS)}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def build_datasheet(facts: ReleaseFacts) -> bytes:
    """The same in words and tables."""
    return ("\n".join(_sections(facts)) + "\n").encode()


def build_readme(facts: ReleaseFacts) -> bytes:
    """What lies where, by which rule, and how a copy is checked."""
    images = facts.label_maps is not None and facts.label_maps.has_images
    lines = [
        f"# {facts.title}, version {facts.version}",
        "",
        RESEARCH_USE,
        "",
        f"{say_count(facts.contours, 'contour')} of {say_count(facts.cases, 'CT')} "
        f"({say_count(facts.patients, 'patient')}), from the "
        f"study {facts.study}.",
        "",
        describe_rule(facts.rule, facts.share_to_show),
        "",
        *(f"* {_FORMS[form]}" for form in facts.forms),
        "* `tables/`: every contour with source, maker and grades; cases with the hash of their "
        "CT; what was left out and why; what anatomy's rules say",
        "* `DATASHEET.md`, `datasheet.json`: counts, certificates, models, readers, known defects",
        "* `TERMS.md`, `LICENSES/`, `CITATION.cff`: what you may do with it, and what to cite",
        "* `SHA256SUMS`: checksums. `han5k release verify FOLDER` or `sha256sum -c SHA256SUMS` "
        "checks a copy",
        "",
        "The CTs are in this release; it may only go to persons who have access to them themselves."
        if images
        else "No CT is in this release; `TERMS.md` says where they come from.",
        "",
        "Cases, patients and readers are pseudonyms.",
    ]
    return ("\n".join(lines) + "\n").encode()


def build_images_readme(has_images: bool) -> bytes:
    """The file that keeps nnU-Net's image folder when the CTs stay out."""
    words = (
        "CTs as CASE_0000.nii.gz."
        if has_images
        else "The CTs are left out by licence. Put each here as CASE_0000.nii.gz, on the grid of "
        "its label map; tables/cases.csv has size, spacing and hash. nnU-Net reads nothing before "
        "they are here. A check of the release passes over them."
    )
    return f"{RESEARCH_USE}\n\n{words}\n".encode()


def describe_rule(rule: str, share: float) -> str:
    """The rule of a release in words."""
    return RULES[rule].format(percent=100 * share)


def _sections(facts: ReleaseFacts) -> Iterator[str]:
    yield f"# Datasheet: {facts.title}, version {facts.version}\n\n{RESEARCH_USE}\n"
    yield f"## By which rule\n\n{describe_rule(facts.rule, facts.share_to_show)}\n"
    yield "## What it is\n"
    yield f"* Study {facts.study}, protocol version {facts.protocol_version}"
    yield f"* Data until {facts.data_until_utc}; written by {facts.software}"
    cases, patients = say_count(facts.cases, "CT"), say_count(facts.patients, "patient")
    yield f"* {cases} of {patients}, {say_count(facts.contours, 'contour')}"
    yield from (f"* {_FORMS[form]}" for form in facts.forms)
    yield "\n## Structures\n"
    yield "| structure | released | accepted | certified | empty | source | grades | rules broken |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from (_structure_line(one) for one in facts.structures if _has_contour(one))
    yield (
        "\nGrades are those in force of the released contour itself. Empty: accepted as absent, "
        "and without a contour in DICOM. Rules broken: contours of which anatomy's rules say "
        "something (`tables/defects.csv`).\n"
    )
    yield "## Left out\n\n| structure | cases | why |\n|---|---|---|"
    for one in facts.structures:
        if _has_contour(one):
            yield from (f"| {one.structure} | {n} | {why} |" for why, n in one.left_out.items())
    nowhere = [one.structure for one in facts.structures if not _has_contour(one)]
    if nowhere:
        yield f"\nWithout any contour in the study: {', '.join(nowhere)}."
    yield "\n## Certificates\n"
    yield from _certificates(facts)
    if facts.label_maps is not None:
        yield from _label_maps(facts.label_maps)
    yield from _makers(facts)
    yield f"\n## Scale\n\nGrades are on the scale {facts.scale}.\n"
    yield from (f"* **{title}**: {words}" for title, words in facts.grade_definitions.items())
    yield "\n## Known defects\n"
    yield from (f"* {sentence}" for sentence in DEFECTS)


def _makers(facts: ReleaseFacts) -> Iterator[str]:
    yield "\n## Models\n"
    for model in facts.models:
        parent = f"; continued from {model.parent}" if model.parent else ""
        yield (
            f"* {model.name}: {say_count(model.contours, 'contour')}; checkpoint "
            f"{model.checkpoint_sha256}"
            f"{parent}"
        )
    if not facts.models:
        yield "No contour was predicted by a model that the study knows."
    yield "\n## Readers\n\n| reader | role | grades | revisions in the release |\n|---|---|---|---|"
    yield from (
        f"| {one.reader} | {one.role} | {one.grades} | {one.revisions_released} |"
        for one in facts.readers
    )


def _has_contour(one: StructureFacts) -> bool:
    return one.released > 0 or set(one.left_out) != {Reason.NO_CONTOUR.value}


def _structure_line(one: StructureFacts) -> str:
    cells = (
        one.structure,
        str(one.released),
        str(one.accepted),
        str(one.certified),
        str(one.empty),
        ", ".join(f"{name} {n}" for name, n in one.sources.items()),
        ", ".join(f"{name} {n}" for name, n in one.grades.items()),
        str(one.defects),
    )
    return f"| {' | '.join(cells)} |"


def _certificates(facts: ReleaseFacts) -> Iterator[str]:
    found = [
        (one.structure, one.certificate)
        for one in facts.structures
        if one.certificate is not None and one.certificate.patients
    ]
    if not found:
        yield "Nothing was graded yet, so no structure is certified."
        return
    yield f"More than {100 * facts.share_to_show:.0f} % of patients are to be acceptable.\n"
    yield "| structure | patients judged | acceptable | e-value | certified |"
    yield "|---|---|---|---|---|"
    for name, one in found:
        verdict = "yes" if one.is_certified else "no"
        yield f"| {name} | {one.patients} | {one.acceptable} | {one.e_value:g} | {verdict} |"


def _label_maps(maps: MapFacts) -> Iterator[str]:
    yield "\n## Label maps of nnU-Net\n"
    yield (
        f"`nnunet/{maps.dataset}` has {say_count(maps.cases, 'case')} with "
        f"{say_count(len(maps.structures), 'structure')}: "
        f"{', '.join(maps.structures)}. nnU-Net takes what is not marked as background, so each of "
        f"these structures is released in each of these cases. In the other forms only: "
        f"{say_count(maps.cases_left_out, 'case')}."
    )
    yield (
        f"\nStructures overlap. {maps.overlap_values} values of the maps stand for voxels of two "
        "structures or more; `dataset.json` says of which values each structure is made (regions), "
        "so nothing is lost. A prediction that nnU-Net writes as one map has one structure per "
        "voxel, the inner one; take its probabilities where overlaps matter."
    )
