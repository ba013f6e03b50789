"""The trainer: makes style models. It shares nothing with the app but `fnst_live.stylenet`."""
