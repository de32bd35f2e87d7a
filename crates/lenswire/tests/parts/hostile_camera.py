#!/usr/bin/python3
"""A camera that redirects, hangs, floods or lies; one mode a process.

    hostile_camera.py MODE [--port 8554] [--clip FILE]

Prints `ready PORT`, serves until standard input ends, and prints on its last
line how many connections it saw. Modes that answer before media flows:

  garbage        random bytes instead of an answer
  not-rtsp       speaks HTTP
  hang           takes the connection and never answers
  closes         takes the connection and closes it
  endless-header a header that never ends
  huge-length    Content-Length of 4 GB, and bytes to match for as long as they are read
  big-sdp        a session description of 10 MB
  redirect-loop  302 to itself, for ever
  not-found, forbidden, busy, server-error   404, 403, 453, 500
  wrong-password 401 to everything
  no-video       a description with sound alone
  odd-codec      a description with a codec that nobody knows

and modes that play, over TCP only:

  flood          random interleaved frames as fast as they are taken
  lies           says H.264, sends random payloads at 25 frames a second
  huge-unit      one access unit of 50 MB in fragments that never end (A9)
  no-keyframe    well formed H.264 without a keyframe in it
  stalls         plays three seconds of lies, then falls silent, connection open
  jumps          plays the H.264 clip, whole NAL units in packets of any size, with a clock that wraps
                 after two seconds and then jumps each three: an hour on, an hour back, ten seconds back (A3)
"""

import argparse
import base64
import itertools
import random
import socket
import struct
import subprocess
import sys
import threading
import time

RANDOM = random.Random(7)  # fixed: a failure must come back
SPS_PPS = "Z0LAHtoCgPaEAAADAAQAAAMAyjxYuoA=,aM4G4g=="

VIDEO = (
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 {codec}/90000\r\n"
    "a=fmtp:96 packetization-mode=1;profile-level-id=42C01E;sprop-parameter-sets={sets}\r\n"
    "a=control:trackID=0\r\n"
)
SESSION = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=hostile\r\nt=0 0\r\n"

STATUSES = {
    "not-found": "404 Not Found",
    "forbidden": "403 Forbidden",
    "busy": "453 Not Enough Bandwidth",
    "server-error": "500 Internal Server Error",
}


def describe(mode):
    if mode == "no-video":
        return SESSION + "m=audio 0 RTP/AVP 8\r\na=control:trackID=0\r\n"
    codec = "X-WAVELET" if mode == "odd-codec" else "H264"
    sets = SPS_PPS
    if CLIP:
        sets = ",".join(base64.b64encode(unit).decode() for unit in CLIP[0] if unit[0] & 0x1F in (7, 8))
    return SESSION + VIDEO.format(codec=codec, sets=sets)


CLIP = []  # access units, each a list of NAL units


def read_clip(path):
    """The access units of an H.264 clip. One ends before the slice that starts a picture and before its parameter sets."""
    stream = subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-i", path, "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", "-"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout
    units = [unit.rstrip(b"\0") for unit in stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    pictured = True
    for unit in units:
        is_slice = unit[0] & 0x1F in (1, 5)
        if pictured and (not is_slice or unit[1] & 0x80):
            CLIP.append([])
            pictured = False
        CLIP[-1].append(unit)
        pictured = pictured or is_slice


def jump(connection):
    """The clip round and round at 25 frames a second, on a clock that can't be trusted."""
    clock, sequence, started = 2**32 - 2 * 90_000, 0, time.monotonic()
    jumps = iter([3600, -3600, -10])
    for frame, unit in enumerate(itertools.cycle(CLIP)):
        time.sleep(max(0, started + frame / 25 - time.monotonic()))
        if frame and frame % 75 == 0:
            clock += next(jumps, 0) * 90_000
        for nal in unit:
            connection.sendall(rtp(sequence, clock + frame * 3600, nal, marker=nal is unit[-1]))
            sequence += 1


def answer(sequence, status="200 OK", headers="", body=""):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}{length}\r\n{body}".encode()


def rtp(sequence, timestamp, payload, marker=False):
    header = struct.pack("!BBHII", 0x80, 96 | (0x80 if marker else 0), sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 0xC0FFEE)
    return b"$\0" + struct.pack("!H", len(header) + len(payload)) + header + payload


def refuse(mode, connection):
    """The modes that never get as far as a request. True when the connection is done with."""
    if mode == "garbage":
        while True:
            connection.sendall(RANDOM.randbytes(4096))
            time.sleep(0.05)
    if mode == "not-rtsp":
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n")
        return True
    if mode == "hang":
        while connection.recv(4096):
            pass
        return True
    return mode == "closes"


def play(mode, connection):
    """Media as the mode has it; ends when the other side does."""
    sequence, frame = 0, 0
    started = time.monotonic()
    while True:
        timestamp = frame * 3600
        if mode == "flood":
            connection.sendall(b"$" + bytes([RANDOM.randrange(256)]) + struct.pack("!H", 1400) + RANDOM.randbytes(1400))
            continue
        if mode == "huge-unit":
            for _ in range(100):
                head = bytes([0x7C, 0x85 if sequence == 0 else 0x05])
                connection.sendall(rtp(sequence, 0, head + RANDOM.randbytes(1400)))
                sequence += 1
            continue
        if mode == "stalls" and time.monotonic() - started > 3:
            connection.recv(4096)
            continue
        # 0x41: a slice of a picture that is no keyframe.
        payload = b"\x41" + RANDOM.randbytes(600) if mode == "no-keyframe" else RANDOM.randbytes(600)
        connection.sendall(rtp(sequence, timestamp, payload, marker=True))
        sequence, frame = sequence + 1, frame + 1
        time.sleep(0.04)


def reply(mode, method, sequence, port, connection):
    """Answers one request; for PLAY, plays until the end."""
    if mode == "wrong-password":
        headers = 'WWW-Authenticate: Digest realm="hostile", nonce="1"\r\n'
        return connection.sendall(answer(sequence, "401 Unauthorized", headers))
    if method == "OPTIONS":
        return connection.sendall(answer(sequence, headers="Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"))
    if method == "DESCRIBE":
        if mode in STATUSES:
            return connection.sendall(answer(sequence, STATUSES[mode]))
        if mode == "redirect-loop":
            headers = f"Location: rtsp://{connection.getsockname()[0]}:{port}/again\r\n"
            return connection.sendall(answer(sequence, "302 Moved Temporarily", headers))
        if mode == "endless-header":
            connection.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n".encode())
            while True:
                connection.sendall(b"X-More: " + b"a" * 1000 + b"\r\n")
        if mode == "huge-length":
            connection.sendall(answer(sequence, headers="Content-Type: application/sdp\r\nContent-Length: 4294967295\r\n"))
            while True:
                connection.sendall(b"v=0\r\n" * 1000)
        body = describe(mode)
        if mode == "big-sdp":
            body += "a=x:" + "y" * 10_000_000 + "\r\n"
        return connection.sendall(answer(sequence, headers="Content-Type: application/sdp\r\n", body=body))
    if method == "SETUP":
        headers = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1;timeout=60\r\n"
        return connection.sendall(answer(sequence, headers=headers))
    connection.sendall(answer(sequence, headers="Session: 1\r\n"))
    if method == "PLAY":
        if mode == "jumps":
            jump(connection)
        play(mode, connection)


def serve(mode, connection, port):
    try:
        with connection:
            if refuse(mode, connection):
                return
            pending = b""
            while chunk := connection.recv(65536):
                pending += chunk
                while b"\r\n\r\n" in pending:
                    request, pending = pending.split(b"\r\n\r\n", 1)
                    lines = request.decode("latin-1").split("\r\n")
                    sequence = next((line[5:].strip() for line in lines if line.lower().startswith("cseq:")), "0")
                    reply(mode, lines[0].split(" ")[0], sequence, port, connection)
    except OSError:
        pass  # the other side has had enough, as it should


def main():
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("mode")
    parse.add_argument("--port", type=int, default=8554)
    parse.add_argument("--clip")
    arguments = parse.parse_args()
    if arguments.clip:
        read_clip(arguments.clip)
    if f"  {arguments.mode} " not in __doc__.replace(",", " "):
        raise SystemExit(f"no such mode: {arguments.mode}")
    listener = socket.create_server(("", arguments.port), family=socket.AF_INET)
    port = listener.getsockname()[1]
    seen = []

    def accept():
        while True:
            connection, peer = listener.accept()
            seen.append(peer)
            threading.Thread(target=serve, args=(arguments.mode, connection, port), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print("ready", port, flush=True)
    sys.stdin.read()
    print("connections", len(seen), flush=True)


main()
