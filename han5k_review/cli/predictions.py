"""Commands about predictions: list them, and decide on their contours."""

from __future__ import annotations

import typer

from han5k_review.cli.session import ReasonOption, StudyOption, actor, console, decide, open_chosen
from han5k_review.retraining.predictions.changes import describe_changes, read_changes
from han5k_review.retraining.predictions.decisions import (
    list_acts,
    measure_use,
    put_under_review,
    set_aside,
    withdraw,
)
from han5k_review.retraining.predictions.prediction_record import list_predictions
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.vocabulary import PredictionState
from han5k_review.texts.counts import choose_form, say_count


def register(app: typer.Typer) -> None:
    """Add the command `prediction`."""
    prediction = typer.Typer(
        help="Predictions: list, review, set aside, withdraw.", no_args_is_help=True
    )
    prediction.command("list")(list_all)
    prediction.command("review")(review)
    prediction.command("set-aside")(put_aside)
    prediction.command("withdraw")(take_back)
    app.add_typer(prediction, name="prediction")


def list_all(study: StudyOption = None) -> None:
    """List the predictions, newest first, and what those that wait would change."""
    with reading(open_chosen(study).engine) as session:
        acts = list_acts(session)
        for row in list_predictions(session):
            act = acts.get(stored_id(row))
            stands = act.value if act else row.state.word
            console.print(
                f"{row.id}  {stands}  model {row.model_id}  {say_count(len(row.cases), 'case')}  "
                f"{say_count(row.new_labels, 'contour')}  {row.error or ''}",
                markup=False,
            )
            if act is None and row.state is PredictionState.DONE and row.found:
                console.print(f"   {describe_changes(read_changes(row.found))}", markup=False)


def review(prediction: int, study: StudyOption = None) -> None:
    """Put the contours of a prediction under review: a new round begins."""
    with transaction(open_chosen(study).engine) as session:
        put_under_review(session, prediction, actor=actor(), now=utc_now())
        use = measure_use(session, prediction)
    console.print(
        f"{say_count(use.contours, 'contour')} of prediction "
        f"{prediction} {choose_form(use.contours, 'is', 'are')} under review"
    )


def put_aside(
    prediction: int,
    reason: ReasonOption = "",
    study: StudyOption = None,
) -> None:
    """Never use the contours of a prediction that waits."""
    said = f"prediction {prediction} is set aside; no contour changed"
    decide(study, set_aside, prediction, lambda _: said, reason=reason)


def take_back(
    prediction: int,
    reason: ReasonOption,
    study: StudyOption = None,
) -> None:
    """Withdraw the contours of a prediction: those before are under review again."""
    with transaction(open_chosen(study).engine) as session:
        use = measure_use(session, prediction)
        withdraw(session, prediction, actor=actor(), reason=reason, now=utc_now())
    console.print(
        f"{say_count(use.contours, 'contour')} of prediction "
        f"{prediction} withdrawn; {say_count(use.grades, 'grade')} "
        f"and {say_count(use.revisions, 'revision')} made on them stay in the record"
    )
