"""transfer_server.py NAME PORT: takes or gives a long stream, and its SHA-256.

The client says "put LENGTH" and that many bytes, and gets their digest; or "get LENGTH", and gets that many bytes of a pseudo-random stream.
"""

import hashlib
import random
import socketserver
import sys

PIECE = 65536


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        verb, length = self.rfile.readline().split()
        remaining = int(length)
        if verb == b"put":
            digest = hashlib.sha256()
            while remaining:
                data = self.rfile.read(min(PIECE, remaining))
                if not data:
                    return
                digest.update(data)
                remaining -= len(data)
            self.wfile.write(digest.hexdigest().encode() + b"\n")
        else:
            stream = random.Random(remaining)
            while remaining:
                data = stream.randbytes(min(PIECE, remaining))
                self.wfile.write(data)
                remaining -= len(data)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


Server(("", int(sys.argv[2])), Handler).serve_forever()
