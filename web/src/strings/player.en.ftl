# What the player says. One line a message; the only placeable is a variable.

state-idle = Off
state-asking = Asking
state-connecting = Connecting
state-first_frame = First picture
state-catching_up = Catching up
state-live = Live
state-waiting = Waiting
state-failed = No picture
state-retrying = Retrying in { $time }

step-asking = Asking the hub
step-connecting = Finding a way through the network
step-first_frame = Waiting for the first picture

player-label = Live picture of { $name }
player-play = Play
player-stop = Stop
player-mute = Sound off
player-unmute = Sound on
player-stats = Numbers
player-fullscreen = Full screen
player-window = Leave full screen
player-tap = Tap to play
player-retry = Try now
player-copy = Copy diagnostics
player-copied = Copied
player-sign-in = Sign in

stat-delay = Delay
stat-glass = read off the picture
stat-parts = network and player
stat-frames = Frames
stat-bitrate = Bitrate
stat-loss = Loss
stat-jitter = Jitter
stat-buffer = Buffer
stat-rtt = Round trip
stat-codec = Picture
stat-path = Path
stat-freezes = Freezes
stat-freezes-value = { $count } ({ $time })

unit-ms = { $n } ms
unit-kilo = { $n } kbit/s
unit-mega = { $n } Mbit/s
unit-percent = { $n } %
unit-fps = { $n } fps
unit-seconds = { $n } s
unit-minutes = { $n } min
unit-hours = { $n } h
unit-days = { $n } d

hub_unreachable-title = Lenswire does not answer
hub_unreachable-detail = There is no answer from { $host }.
hub_unreachable-fix = Check that Lenswire runs and that this device is on its network. The page goes on trying.
socket_refused-title = The signalling socket is refused
socket_refused-detail = { $host } answers, but its WebSocket at /ws does not open.
socket_refused-fix = Let the proxy in front of Lenswire pass WebSocket upgrades, and set public_url to the address in the address bar.
ice_failed-title = No way through the network
ice_failed-detail = { $host } answers, but neither UDP nor TCP gets through to its media port.
ice_failed-fix = Allow UDP and TCP to Lenswire’s media port (8189), or set media.addresses to an address that this device can reach.
no_picture-title = No picture arrives
no_picture-detail = The connection stands, but nothing to show comes through it.
no_picture-fix = Lenswire looks into it by itself. When it stays so, set the camera’s I-frame interval to 1 or 2 seconds.
codec_not_decodable-title = This browser cannot decode the picture
codec_not_decodable-detail = The camera sends { $codec }. This browser plays { $known }.
codec_not_decodable-fix = Set the camera’s video to H.264, or use another browser.
webrtc_missing-title = This browser has no WebRTC
webrtc_missing-detail = Live pictures need RTCPeerConnection, which this browser or its settings leave out.
webrtc_missing-fix = Use a current Chrome, Edge, Firefox or Safari, and allow WebRTC in its settings.
tab_hidden-title = Paused while hidden
tab_hidden-detail = The tab was in the background, so the picture was let go.
tab_hidden-fix = It comes back as soon as the tab is in front.
autoplay_refused-title = The browser waits for a tap
autoplay_refused-detail = It does not start videos by itself, often to save power.
autoplay_refused-fix = Tap the picture.
