"""The media server: transports, tracks, and who receives what. It does not know what a lesson is."""
