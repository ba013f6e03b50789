"""The network and the model file: the leaf that the app and the trainer share.

Nothing here imports anything else of ours, so a trained style can be read, run and written with torch and
safetensors alone.
"""
