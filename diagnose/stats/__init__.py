"""Mathematics that the measures stand on; nothing here knows of training."""
