"""name_server.py NAME PORT: answers each line with its own name, for as long as the client keeps the connection."""

import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for _ in self.rfile:
            self.wfile.write(f"{sys.argv[1]}\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


Server(("", int(sys.argv[2])), Handler).serve_forever()
