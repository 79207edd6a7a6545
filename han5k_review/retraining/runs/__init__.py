"""Runs: one training from a request to a person's decision.

The life of a run is one table of states (`lifecycle`); `plan` says before it starts what would be
used and every reason not to start; `run_jobs` does the work of each state.

    plan = plan_run(session, study, catalogue, RunRequest(group="2", preset="smoke"))
    plan.refusals  # () when it can start
    run = request_run(session, study, catalogue, plan.request, requested_by=lead, now=now)
    promote(session, run.id, actor="lead", reason="better parotids", now=now)  # after it worked
"""
