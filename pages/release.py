from han5k_review.accounts.may import Action
from han5k_review.ui.release.making import find_record, show_desk
from han5k_review.ui.release.plan import ask_request, read_plan, show_plan
from han5k_review.ui.release.releases import show_releases
from han5k_review.ui.visit import page

with page("Release", Action.RELEASE) as visit:
    request = ask_request(visit.bench)
    record = find_record()
    plan = read_plan(visit.bench, request)
    show_desk(visit, plan, record)
    show_plan(plan)
    show_releases(visit)
