"""One film of a recording: what was taken down track by track is put together, in a process of its own.

Packets are put in order (`ordering`), made frames again (`depacketizing`), dated by one clock for all (`timing`),
decoded (`pictures`, `voices`), and arranged (`layout`, `canvas`), a twenty-fifth of a second at a time (`film`).
"""
