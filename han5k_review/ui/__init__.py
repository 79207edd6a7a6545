"""The pages' side of the house: context, guard, widgets, and the typed door to the viewer.

In use:

    with page("Study", Action.EXPORT) as visit:  # heading, rights, errors as one sentence
        st.write(visit.identity.name)
"""
