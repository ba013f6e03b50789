"""The window. It alone knows Qt, and it knows no stage: pictures come from a `LiveSession`, wishes go to it.

Views show what they are told and tell what the user did; presenters decide; `app` puts both together.
"""
