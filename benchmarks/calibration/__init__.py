"""Whether the verdicts of the dynamic mode agree with whole trainings."""
