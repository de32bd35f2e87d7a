# The console: pages, parts and words that they share with the player's file beside this one.

brand = Lenswire
title-streams = Cameras
title-page = { $page } · Lenswire
skip = Skip to the content
language = Language
theme = Theme
theme-auto = As the system
theme-dark = Dark
theme-light = Light
nav-cameras = Cameras
sign-in = Sign in
sign-out = Sign out
back = All cameras
copy = Copy
copied = Copied
copy-of = Copy { $what }
retry = Try now
copy-diagnostics = Copy diagnostics
loading = Loading
since-title = since { $when }

summary-live = { $count ->
    [one] { $count } live
   *[other] { $count } live
}
summary-troubled = { $count ->
    [one] { $count } with a problem
   *[other] { $count } with a problem
}

# A stream's state, as the hub sees it.
stream-idle = Ready
stream-connecting = Connecting
stream-live = Live
stream-stalled = Stalled
stream-retrying = Retrying
stream-retrying-in = Retrying in { $time }
stream-parked = Down
stream-unknown = Unknown

# The wall.
watching = { $count ->
    [one] { $count } watching
   *[other] { $count } watching
}
connect = Connect
disconnect = Stop
connect-name = Connect { $name }
disconnect-name = Stop { $name }
open = Open
open-name = Open { $name }
columns = Columns
columns-auto = Auto
all-live = All live
all-still = All still
on-demand = starts when watched

# Empty, loading, error.
empty-title = No camera yet
empty-text = Lenswire shows every camera that stands in its configuration file. Add one under “{ $key }” and save: the page follows by itself.
empty-hidden-title = No camera for everyone
empty-hidden-text = None of the cameras here is open to people who are not signed in.
more-hidden = Cameras that are not open to everyone appear after signing in.
silence-title = Lenswire does not answer
silence-text = The page goes on asking. What you see is from { $time } ago.
silence-first = The page goes on asking.
silence-fix = Check that Lenswire runs and that this device is on its network.

# A stream's page.
now = Now
sends = What it sends
links = Links
details = Camera
fact-state = State
fact-delay = Delay
fact-frames = Frames
fact-bitrate = Bitrate
fact-loss = Loss
fact-path = Path
fact-picture = Picture
fact-watching = Watching
fact-keyframes = Keyframe every
fact-lost = Lost from the camera
fact-lost-packets = { $count ->
    [one] { $count } packet
   *[other] { $count } packets
}
fact-reconnects = Reconnects
fact-source = Source
fact-substream = Small picture
fact-transport = Transport
fact-viewers = Who may watch
fact-on-demand = When it runs
viewers-anyone = Anyone
viewers-grant = With a grant
runs-always = Always
runs-on-demand = While somebody watches
source-demo = Built-in demo camera
source-none = Published from outside
transport-auto = TCP, UDP where the camera wants it
transport-tcp = TCP
transport-udp = UDP
track-kind = Track
track-codec = Codec
track-format = Format
track-browser = This browser
track-video = Video
track-audio = Sound
track-plays = plays it
track-plays-not = cannot play it
track-none = Nothing known yet. It is learned when the camera first connects.
track-hertz = { $rate } kHz
track-mono = mono
track-stereo = stereo
link-page = Page
link-page-text = For people: this page.
link-embed = Embed
link-embed-text = The picture alone, for a frame in another page.
link-whep = WHEP
link-whep-text = For players and programs: OBS, GStreamer, Home Assistant.
link-element = Element
link-element-text = The player in a page of your own.
warnings = Worth a look

# Claim and log-in.
claim-title = Make this Lenswire yours
claim-text = Whoever opens this link first becomes its administrator. This browser stays signed in.
claim-show = Show the administrator’s token once
claim-show-text = To sign in from another browser, or for programs. It cannot be shown again.
claim-button = Claim
claim-busy = Claiming
claim-missing-title = The secret is missing from this link
claim-missing-text = A claim link ends in # and a secret. Lenswire prints it when it starts; “{ $command }” makes another.
claim-done-title = It is yours
claim-done-text = This browser is signed in as administrator.
claim-token = Administrator’s token
claim-token-text = Keep it like a password. It is shown only now.
claim-continue = To the cameras
login-title = Sign in
login-text = With the administrator’s token.
login-token = Token
login-button = Sign in
login-busy = Signing in
login-empty = Enter the token.
login-wrong = This token is not valid.
login-help = No token at hand? “{ $command }” on the machine that runs Lenswire makes a claim link.
login-unclaimed = Nobody has claimed this Lenswire yet: open the claim link that it printed when it started.
login-already = You are signed in.

# Nothing here.
missing-title = Nothing is here
missing-text = { $path } is no page and no camera’s name.
