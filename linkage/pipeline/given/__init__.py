"""What a run is given, found and checked before any work: its configuration, the release before it, truth, gates."""
