"""The embedded ledger. Ports: `Ledger`, `LedgerView`, `EventLog`, `Registry`."""
