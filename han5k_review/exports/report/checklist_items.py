"""Items of reporting guidelines in short words of our own, and the section that answers each.

CLAIM 2024: A. Tejani and others, Radiol Artif Intell 2024;6:e240300. GRRAS: J. Kottner and others,
J Clin Epidemiol 2011;64:96. CLEARR-AI: K. Elfer and others, Mod Pathol 2024;37:100439. Numbers
of CLAIM and GRRAS were compared with the published lists; topics of CLEARR-AI have none here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    """What the study must have so that its report answers an item."""

    NOTHING = "nothing"
    PROTOCOL = "a protocol"
    GRADES = "grades that count"
    SEVERAL_READERS = "grades of two readers of one contour"
    REPEATS = "repeats"
    PLANTED = "planted errors"
    CALIBRATION = "calibration reads"
    METRICS = "measured pairs"
    CERTIFICATE = "a certificate in the protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item: where the report answers it (`section`, empty: not at all), and what that needs."""

    guideline: str
    number: str
    words: str
    section: str = ""
    need: Need = Need.NOTHING
    remark: str = ""


def _items(guideline: str, lines: str) -> tuple[Item, ...]:
    """One item a line: number | words | section | need | remark; later parts may be left out."""
    found = []
    for line in lines.strip().splitlines():
        number, words, section, need, remark = (
            part.strip() for part in (line + " | | | |").split("|")[:5]
        )
        found.append(
            Item(
                guideline=guideline,
                number=number,
                words=words,
                section=section,
                need=Need(need or "nothing"),
                remark=remark,
            )
        )
    return tuple(found)


_CLAIM = """
1 | title names AI | | | for the text of the paper
2 | structured abstract | | | for the text of the paper
3 | background, intended use | | | for the text of the paper
4 | aims and hypotheses | methods | a protocol | the primary endpoint; hypotheses belong in the text
5 | prospective or retrospective | | | for the text of the paper
6 | goal of the study | methods | a protocol
7 | sources of the data | | | for the text of the paper
8 | who was included, who excluded | case-flow
9 | preprocessing | | | docs/importing.md of the software
10 | choice of subsets | case-flow
11 | de-identification | | | pseudonyms only; how they were made is for the text
12 | handling of missing data | missing
13 | how images were acquired | | | not recorded in the study
14 | how the reference standard was obtained | methods
15 | why this reference standard | | | for the text of the paper
16 | who annotated | readers | | specialty and years are not recorded
17 | how test data were annotated | methods | a protocol
18 | variability between and within readers | agreement | grades of two readers of one contour
19 | how data were split | shares | grades that count | train or held out, by patient, at import
20 | level at which parts are separate | shares | grades that count | the patient
21 | sample size and its reason | size | a protocol
22 | the model | versions | | the name; its card is on the page Retraining
23 | software | versions
24 | initial values of the model | | | the model's card
25 | training | | | the model's card
26 | how the model was chosen | | | the model's card
27 | ensembles | | | the model's card
28 | metrics of performance | metrics | measured pairs
29 | statistics and uncertainty | shares | grades that count
30 | robustness | shares | grades that count | by tier, split and label source only
31 | explanations of the model | | | not part of such a study
32 | tests on internal data | shares | grades that count
33 | tests on external data | | | for the text of the paper
34 | registration of the trial | | | for the text of the paper
35 | flow of cases | case-flow
36 | characteristics of patients | | | not recorded in the study
37 | performance with uncertainty | shares | grades that count
38 | estimates and their precision | shares | grades that count
39 | analysis of failures | failures | grades that count
40 | limits of the study | missing
41 | meaning for practice | | | for the text of the paper
42 | access to the protocol | methods | a protocol
43 | access to software, model, data | versions
44 | funding | | | for the text of the paper
"""
_GRRAS = """
1 | title names agreement or reliability | | | for the text of the paper
2 | the instrument: scale | methods
3 | the subjects | case-flow | | counts only; who they are is for the text
4 | the raters | readers
5 | what is known already | | | for the text of the paper
6 | sample size and its reason | size | a protocol
7 | how subjects and raters were chosen | methods | a protocol | the draw of reads only
8 | how ratings were made: interval, blinding | methods | a protocol
9 | ratings independent of each other | methods | a protocol
10 | statistical analysis | agreement | grades that count
11 | actual numbers of raters, subjects, repeats | size | grades that count
12 | characteristics of raters and subjects | readers | | specialty and years are not recorded
13 | estimates with uncertainty | agreement | grades of two readers of one contour
14 | relevance for practice | | | for the text of the paper
15 | detailed results | shares | grades that count | all rows are in the exports
"""
_CLEARR = """
- | aim of the annotations | methods | a protocol
- | where the images come from | | | for the text of the paper
- | annotators: number, experience | readers | | specialty and years are not recorded
- | training of annotators | readers | calibration reads
- | instructions: scale and definitions | methods
- | tool and its version | versions
- | blinding and order | methods | a protocol
- | annotations per image | size | grades that count
- | variability between annotators | agreement | grades of two readers of one contour
- | variability within annotators | agreement | repeats
- | attention of annotators | readers | planted errors
- | adjudication and consensus | case-flow
- | missing annotations | missing
- | release by a stated rule | certificates | a certificate in the protocol
- | access to annotations | versions | | the exports hold every grade
"""
ITEMS = (
    *_items("CLAIM 2024", _CLAIM),
    *_items("GRRAS", _GRRAS),
    *_items("CLEARR-AI", _CLEARR),
)
