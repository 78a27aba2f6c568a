"""LiveKit's server API: Twirp over HTTP below `/twirp`, for backends, the server SDKs and the `lk` command.

`endpoint.py` knows HTTP, `bodies.py` the two encodings, `caller.py` what a token allows. What a method does is one
function each, in the module of its subject.
"""
