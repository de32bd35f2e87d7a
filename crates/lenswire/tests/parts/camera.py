#!/usr/bin/python3
"""A camera for tests: GStreamer's RTSP server playing a clip round and round.

One process is one camera with one mount, because a mount whose feed falls
silent blocks its whole server. The clip's access units are read once and sent
from memory with timestamps of our own that never go back, so a camera costs
next to no CPU and its clip may be as short as a GOP.

    camera.py --clip gate.mkv [--port 8554] [--path /cam] [--codec h264]
              [--audio none|pcma|pcmu|opus|aac|aac16|latm|l16] [--transport any|tcp|udp]
              [--user u --password p [--auth digest|basic]] [--tls cert-and-key.pem]

Prints `ready PORT` when it answers. Then one command a line on standard input:
`silent` (keeps the connection, sends nothing), `speak`, `drop` (closes every
connection). Ends when standard input does.
"""

import argparse
import struct
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)

# What turns a clip's track into whole access units, and those into RTP.
CODECS = {
    "h264": ("h264parse ! video/x-h264,stream-format=byte-stream,alignment=au", "h264parse ! rtph264pay"),
    "h265": ("h265parse ! video/x-h265,stream-format=byte-stream,alignment=au", "h265parse ! rtph265pay"),
    "vp8": ("identity", "rtpvp8pay"),
    "vp9": ("identity", "rtpvp9pay"),
    # GStreamer's plugins in C have no payloader for AV1: see Av1Payloader.
    "av1": ("identity", None),
}

# Sound is made on the spot: a tone costs nothing and needs no clip.
TONE = "audiotestsrc is-live=true wave=sine freq=440 ! audio/x-raw,rate={rate},channels={channels} ! "
SOUNDS = {
    "none": "",
    "pcma": TONE.format(rate=8000, channels=1) + "alawenc ! rtppcmapay name=pay1 pt=8",
    "pcmu": TONE.format(rate=8000, channels=1) + "mulawenc ! rtppcmupay name=pay1 pt=0",
    "opus": TONE.format(rate=48000, channels=2) + "opusenc ! rtpopuspay name=pay1 pt=97",
    "aac": TONE.format(rate=48000, channels=2) + "avenc_aac ! rtpmp4gpay name=pay1 pt=97",
    "aac16": TONE.format(rate=16000, channels=1) + "avenc_aac ! rtpmp4gpay name=pay1 pt=97",
    "latm": TONE.format(rate=44100, channels=2) + "avenc_aac ! rtpmp4apay name=pay1 pt=97",
    "l16": TONE.format(rate=44100, channels=2) + "audioconvert ! rtpL16pay name=pay1 pt=97",
}


class Clip:
    """A clip's access units in memory: caps, and (bytes, decode time, presentation time, is keyframe)."""

    def __init__(self, path, codec):
        pipeline = Gst.parse_launch(
            f"filesrc location={path} ! matroskademux ! {CODECS[codec][0]} ! appsink name=sink sync=false"
        )
        sink = pipeline.get_by_name("sink")
        pipeline.set_state(Gst.State.PLAYING)
        self.units = []
        self.caps = None
        while sample := sink.emit("pull-sample"):
            self.caps = self.caps or sample.get_caps()
            buffer = sample.get_buffer()
            data = buffer.extract_dup(0, buffer.get_size())
            key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
            decode = buffer.dts if buffer.dts != Gst.CLOCK_TIME_NONE else buffer.pts
            self.units.append((data, decode, buffer.pts, key))
        pipeline.set_state(Gst.State.NULL)
        if len(self.units) < 2:
            raise SystemExit(f"{path}: no {codec} video in it")
        first = self.units[0][1]
        frame = (self.units[-1][1] - first) // (len(self.units) - 1)
        self.length = self.units[-1][1] - first + frame
        self.units = [(data, max(0, decode - first), pts - first, key) for data, decode, pts, key in self.units]


class Av1Payloader:
    """Temporal units to RTP packets (AV1 RTP specification 1.0, section 4), without temporal delimiters."""

    CAPS = "application/x-rtp,media=video,clock-rate=90000,encoding-name=AV1,payload=96"

    def __init__(self, mtu):
        self.room, self.seq = mtu - 14, 0

    def packets(self, unit, pts, key):
        timestamp = (pts * 9 // 100_000) & 0xFFFFFFFF
        payloads = list(self.payloads([obu for obu in self.obus(unit) if obu[0] >> 3 & 15 != 2], key))
        for n, payload in enumerate(payloads):
            marker = n + 1 == len(payloads)
            yield struct.pack(">BBHII", 0x80, marker << 7 | 96, self.seq & 0xFFFF, timestamp, 0x41563121) + payload
            self.seq += 1

    def payloads(self, obus, key):
        """OBUs side by side, each behind its length; only what is in the middle of one begins a payload."""
        payload = bytearray([key << 3])  # N: a coded video sequence begins
        for obu in obus:
            while obu:
                room = max(1, self.room - len(payload))
                part, obu = obu[:room], obu[room:]
                payload += bytes([len(part) & 127 | 128, len(part) >> 7]) + part
                if obu:
                    payload[0] |= 1 << 6  # Y: goes on
                    yield bytes(payload)
                    payload = bytearray([1 << 7])  # Z: continues
        yield bytes(payload)

    @staticmethod
    def obus(unit):
        """Each OBU without its size field, which RTP does not need."""
        at = 0
        while at < len(unit):
            extension = unit[at] >> 2 & 1
            length = shift = 0
            size = at + 1 + extension
            while True:
                byte = unit[size]
                length |= (byte & 127) << shift
                shift, size = shift + 7, size + 1
                if byte < 128:
                    break
            yield bytes([unit[at] & ~2]) + unit[at + 1:at + 1 + extension] + unit[size:size + length]
            at = size + length


class Feed:
    """Plays the clip into one media's appsrc, in real time, until told to stop."""

    def __init__(self, clip, appsrc, mood, payloader=None):
        self.clip, self.appsrc, self.mood, self.payloader = clip, appsrc, mood, payloader
        self.stopped = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        start, round_ = GLib.get_monotonic_time(), 0
        while not self.stopped.is_set():
            for data, decode, pts, key in self.clip.units:
                due = start + (round_ * self.clip.length + decode) // 1000
                if self.stopped.wait(max(0, due - GLib.get_monotonic_time()) / 1e6):
                    return
                if self.mood["silent"]:
                    continue
                offset = round_ * self.clip.length
                pieces = self.payloader.packets(data, offset + pts, key) if self.payloader else [data]
                for piece in pieces:
                    if not self.push(piece, offset + pts, offset + decode, key):
                        return
            round_ += 1

    def push(self, data, pts, dts, key):
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts, buffer.dts = pts, dts
        if not key:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        return self.appsrc.emit("push-buffer", buffer) == Gst.FlowReturn.OK


def factory(arguments, clip, mood):
    made = GstRtspServer.RTSPMediaFactory()
    pay = CODECS[arguments.codec][1]
    pay = f"{pay} name=pay0 pt=96 mtu={arguments.mtu}" if pay else "identity name=pay0"
    video = f"appsrc name=feed is-live=true format=time do-timestamp=false ! {pay}"
    made.set_launch(f"( {video} {SOUNDS[arguments.audio]} )")
    made.set_shared(True)
    lower = GstRtsp.RTSPLowerTrans
    made.set_protocols({"any": lower.TCP | lower.UDP, "tcp": lower.TCP, "udp": lower.UDP}[arguments.transport])

    def configure(_factory, media):
        # The feed keeps the pace. Sinks that kept it too would wait out a clock that jumps ahead.
        media.set_rate_control(False)
        appsrc = media.get_element().get_by_name("feed")
        own = Av1Payloader(arguments.mtu) if arguments.codec == "av1" else None
        appsrc.set_property("caps", Gst.Caps.from_string(own.CAPS) if own else clip.caps)
        feed = Feed(clip, appsrc, mood, own)
        media.connect("unprepared", lambda _media: feed.stopped.set())

    made.connect("media-configure", configure)
    return made


def protect(server, made, arguments):
    """Asks for a user and password before it tells or sends anything."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if arguments.auth == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(arguments.user, arguments.password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(arguments.user, arguments.password, token)
    server.set_auth(auth)
    made.add_role_from_structure(Gst.Structure.from_string(
        "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true")[0])


def encrypt(server, arguments):
    """Speaks TLS on its port (rtsps)."""
    auth = server.get_auth() or GstRtspServer.RTSPAuth()
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(arguments.tls))
    server.set_auth(auth)


def obey(loop, server, mood):
    for line in sys.stdin:
        word = line.strip()
        if word in ("silent", "speak"):
            mood["silent"] = word == "silent"
        elif word == "drop":
            server.client_filter(lambda _server, _client: GstRtspServer.RTSPFilterResult.REMOVE)
        print("done", word, flush=True)
    loop.quit()


def main():
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("--clip", required=True)
    parse.add_argument("--codec", choices=CODECS, default="h264")
    parse.add_argument("--audio", choices=SOUNDS, default="none")
    parse.add_argument("--port", type=int, default=8554)
    parse.add_argument("--path", default="/cam")
    parse.add_argument("--transport", choices=["any", "tcp", "udp"], default="any")
    parse.add_argument("--mtu", type=int, default=1400)
    parse.add_argument("--user")
    parse.add_argument("--password")
    parse.add_argument("--auth", choices=["digest", "basic"], default="digest")
    parse.add_argument("--tls", help="a PEM file with certificate and key")
    arguments = parse.parse_args()

    mood = {"silent": False}
    server = GstRtspServer.RTSPServer()
    server.set_service(str(arguments.port))
    made = factory(arguments, Clip(arguments.clip, arguments.codec), mood)
    if arguments.user:
        protect(server, made, arguments)
    if arguments.tls:
        encrypt(server, arguments)
    server.get_mount_points().add_factory(arguments.path, made)
    if server.attach(None) == 0:
        raise SystemExit(f"port {arguments.port} is taken")
    loop = GLib.MainLoop()
    threading.Thread(target=obey, args=(loop, server, mood), daemon=True).start()
    print("ready", server.get_bound_port(), flush=True)
    loop.run()


main()
