"""Reader of patient databases in the OMOP Common Data Model: its output contains only aggregates."""
