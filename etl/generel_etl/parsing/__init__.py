"""What readers share: opening and parsing files, association statistics, ancestry, rejected rows."""
