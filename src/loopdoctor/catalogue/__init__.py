"""The rule catalogue: what was written (symptoms), why (causes), and facts that matter far away (marks)."""
