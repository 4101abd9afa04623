"""Shared by readers: opening and parsing files, association statistics, ancestry, records, rejects."""
