from han5k_review.accounts.may import Action
from han5k_review.store.work_tables import WorkKind
from han5k_review.ui.release.making import show_desk
from han5k_review.ui.release.plan import ask_request, read_outlook, show_plan
from han5k_review.ui.release.releases import show_releases
from han5k_review.ui.visit import page
from han5k_review.ui.work_view import find_record

with page("Release", Action.RELEASE) as visit:
    request = ask_request(visit.bench)
    record = find_record(WorkKind.RELEASE)
    outlook = read_outlook(visit.bench, request)
    show_desk(visit, outlook, record)
    show_plan(outlook)
    show_releases(visit)
