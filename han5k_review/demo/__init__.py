"""The demo study: synthetic head-and-neck CTs with references and pseudo-labels. No patient."""
