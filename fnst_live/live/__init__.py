"""What `live_session` sets to work: sources opened, styles ready, the picture painted, kept and shown small."""
