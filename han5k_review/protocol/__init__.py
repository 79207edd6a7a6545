"""The reader study: a protocol in versions, who reads what (blind, repeated), planted errors.

with transaction(study.engine) as session:
    facts = read_facts(session, study)
    protocol = build_preset(Preset.TWO_READS, facts)
    set_protocol(session, protocol, facts, change=Change(actor="lead", now=now))
    plan = plan_reads(session, readers=readers)
    assign_reads(session, study, plan, actor="lead", now=now)
"""
