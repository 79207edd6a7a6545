"""The Cohort page: what it asks, the measuring it starts, its plots and its tables."""
