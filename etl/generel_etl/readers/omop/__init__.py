"""Patients: only aggregates leave what is in here."""
