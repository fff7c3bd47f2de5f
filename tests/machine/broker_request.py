"""Run in the machine: asks the broker one thing and prints its last reply as JSON.

Arguments: the request as JSON, then the answers to give to PAM's questions, in order.
"""

import json
import socket
import struct
import sys


def send(connection, value):
    body = json.dumps(value).encode()
    connection.sendall(struct.pack(">I", len(body)) + body)


def receive(connection):
    length = struct.unpack(">I", connection.recv(4, socket.MSG_WAITALL))[0]
    return json.loads(connection.recv(length, socket.MSG_WAITALL))


def main():
    answers = sys.argv[2:]
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect("/run/carrel/broker.sock")
        send(connection, json.loads(sys.argv[1]))
        try:
            while "prompts" in (reply := receive(connection)):
                questions = [prompt for prompt in reply["prompts"] if prompt["kind"] in ("hidden", "shown")]
                send(connection, [answers.pop(0) for _ in questions])
        except (struct.error, OSError) as error:
            reply = {"closed": str(error)}
    print(json.dumps(reply))


main()
