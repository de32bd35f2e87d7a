#!/usr/bin/python3
"""A viewer that is no browser: GStreamer's webrtcbin (libnice, OpenSSL), by WHEP.

    whep_viewer.py URL FRAMES

Offers with all its candidates in the offer, plays until FRAMES pictures were
decoded, deletes its session and prints `frames N WIDTHxHEIGHT`. Fails after
20 seconds.
"""

import hashlib
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from urllib.parse import urljoin

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

Gst.init(None)
LIMIT_S = 20


def certificate():
    """A certificate as browsers have them, ECDSA: GStreamer 1.22 by itself makes an RSA one, which str0m's DTLS refuses."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
             "-subj", "/CN=viewer", "-keyout", f"{folder}/key", "-out", f"{folder}/cert"],
            check=True, capture_output=True)
        return "".join(open(f"{folder}/{part}").read() for part in ("cert", "key"))


PEM = certificate()
FINGERPRINT = hashlib.sha256(ssl.PEM_cert_to_DER_cert(PEM.split("-----BEGIN PRIVATE")[0])).digest().hex(":").upper()
CAPS = "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=96,packetization-mode=(string)1"


class Viewer:
    def __init__(self, url, frames):
        self.url, self.wanted, self.frames, self.session = url, frames, 0, None
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.Pipeline()
        self.peer = Gst.ElementFactory.make("webrtcbin")
        self.peer.set_property("bundle-policy", "max-bundle")
        self.peer.connect("deep-element-added", self.on_element)
        self.pipeline.add(self.peer)
        self.peer.connect("pad-added", self.on_media)
        self.peer.connect("notify::ice-gathering-state", self.on_gathering)
        self.pipeline.set_state(Gst.State.PLAYING)
        direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        self.peer.emit("add-transceiver", direction, Gst.Caps.from_string(CAPS))
        self.peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self.on_offer))

    def on_element(self, _peer, _bin, element):
        if element.find_property("pem"):
            element.set_property("pem", PEM)

    def on_offer(self, promise):
        reply = promise.get_reply()  # held on to: the offer lives inside it
        offer = reply.get_value("offer")
        self.peer.emit("set-local-description", offer, None)

    def on_gathering(self, peer, _property):
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self.connect)

    def connect(self):
        try:
            self.exchange()
        except OSError as refused:  # HTTP errors are OSErrors, too
            print(refused, getattr(refused, "read", bytes)().decode(), file=sys.stderr)
            self.loop.quit()
        return False

    def exchange(self):
        offer = self.peer.get_property("local-description").sdp.as_text()
        # webrtcbin wrote the fingerprint of the certificate that it had before ours.
        offer = re.sub("(?<=a=fingerprint:sha-256 ).*", FINGERPRINT, offer)
        request = urllib.request.Request(self.url, offer.encode(), {"Content-Type": "application/sdp"})
        with urllib.request.urlopen(request) as answer:
            self.session = urljoin(self.url, answer.headers["Location"])
            _result, sdp = GstSdp.SDPMessage.new_from_text(answer.read().decode())
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        self.peer.emit("set-remote-description", description, None)

    def on_media(self, _peer, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        chain = Gst.parse_bin_from_description(
            "rtph264depay ! h264parse ! avdec_h264 ! fakesink name=sink signal-handoffs=true", True)
        self.pipeline.add(chain)
        chain.sync_state_with_parent()
        chain.get_by_name("sink").connect("handoff", self.on_frame)
        pad.link(chain.get_static_pad("sink"))

    def on_frame(self, _sink, _buffer, pad):
        self.frames += 1
        if self.frames == self.wanted:
            caps = pad.get_current_caps().get_structure(0)
            self.size = f"{caps.get_value('width')}x{caps.get_value('height')}"
            GLib.idle_add(self.loop.quit)

    def run(self):
        GLib.timeout_add_seconds(LIMIT_S, self.loop.quit)
        self.loop.run()
        if self.session:
            urllib.request.urlopen(urllib.request.Request(self.session, method="DELETE")).close()
        self.pipeline.set_state(Gst.State.NULL)
        if self.frames < self.wanted:
            raise SystemExit(f"only {self.frames} frames in {LIMIT_S} s")
        print("frames", self.frames, self.size, flush=True)


Viewer(sys.argv[1], int(sys.argv[2])).run()
