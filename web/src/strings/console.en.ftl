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

# Navigation.
nav = Pages
nav-access = Access
nav-settings = Settings
nav-log = Log
undo = Undo
close = Close
save = Save
saving = Saving
cancel = Cancel
edit = Edit
remove = Remove this camera
removed = { $name } is removed.
revoked = The access of { $name } is revoked.
yes = Yes
no = No
ago = { $time } ago
back-to = Back to { $name }
load-again = Load again
qr-of = QR code for { $what }
owned-title = For administrators
owned-text = Sign in with the administrator’s token to see this page.

# The wall.
wall-keys = Space: all live or still · 1 to 4: columns · f: full screen · drag a tile, or [ and ] on its name: order
empty-add-text = Add the first one: paste its address, and Lenswire looks at what it sends before anything is kept.

# Adding a camera.
add-button = Add a camera
add-title = Add a camera
add-address = 1 · Its address
add-sends = 2 · What it sends
add-name = 3 · Its name, and who may watch
add-more = More: transport, small picture
add-save = Save and watch
add-anyway = Add it anyway
address-label = RTSP address
address-text = With the camera’s user and password. They go to Lenswire and never come back out of it.
address-wrong = An address starts with rtsp:// or rtsps:// and names the camera, such as rtsp://user:password@192.168.1.20/stream1.
address-new = New address
address-now = Now: { $url }
address-keep = Leave it empty to keep the present one.
address-keep-password = Leave it empty to keep the present one with its password, which is not shown.
where-title = Where do I find it?
where-text = In the camera’s web page or app, under RTSP, streaming or network. Usual paths behind the camera’s IP address:
probe = Look at it
probe-again = Look again
probe-running = Looking
step-done = done
step-failed = failed
step-skipped = skipped
receiver-chrome = Chrome
receiver-safari = Safari
receiver-firefox = Firefox
receiver-rtsp = RTSP
plays-yes = yes
plays-no = no
plays-audio_converted = converted
name-label = Name
name-text = It becomes the page’s address: a to z, 0 to 9, - and _, up to four parts joined by /.
name-wrong = Use a to z, 0 to 9, - and _, up to four parts joined by /, each beginning with a letter or digit.
name-taken = A camera has this name already.

# Editing one.
edit-title = Edit { $name }
viewers-anyone-text = Everybody who can reach this page, without signing in.
viewers-grant-text = Administrators, guests with a link and programs with a token.
on-demand-label = Run only while somebody watches
on-demand-text = Saves the network; the first viewer waits a moment longer.
transport-text = Change it only when the picture breaks up or does not come.
delay-label = Delay limit in ms
delay-text = How far a viewer may fall behind before frames are left out. Empty: the usual limit.
delay-wrong = Enter whole milliseconds, such as 500.
substream-label = Address of the small picture
substream-text = A smaller picture of the same scene, for small tiles and thin links. May stay empty.
substream-drop = Use no small picture any more
substream-guess = Fill in the usual address for this make
changed-title = Somebody changed it meanwhile
changed-text = Nothing of yours was saved, so that nothing of theirs is lost.
changed-fix = Load it again and repeat your change.

# A stream's page, for administrators.
sessions = Watching
sessions-count = Watching ({ $count })
sessions-none = Nobody is watching.
session-who = From
session-since = Since
session-end = End
session-end-of = End the session of { $who }
history = History
history-from = 24 h ago
history-to = now
history-none = Nothing is known of the last day.
history-share = live { $share } of the time it was meant to be
curves = Curves
curves-span = Time span
span-10m = 10 min
span-24h = 24 h
curve-label = { $what }, last { $value }
link-snapshot = Snapshot
link-snapshot-text = One picture as JPEG, for dashboards and notifications.
links-closed = Only for who is signed in, or brings a token: this camera is not open to everyone.
guest = Guest
guest-title = Guest link
guest-text = Lets somebody without an account watch this camera until a day of your choice.
guest-who = For whom
guest-until = Until the end of
guest-make = Make a link
guest-link = Guest link
guest-once = It is shown only now. Revoke it under Access.

# The log.
log = Log
log-none = Nothing to tell.
log-level = Least weight
log-find = Find
log-newest = Newest first
level-error = Errors
level-warn = Warnings
level-info = Info
level-debug = Debug

# Access.
access-title = Access
access-new = Let somebody in
access-list = Who may in now
access-none = Nobody but the administrator, and everybody where a camera is open to anyone.
token = Token
token-whom = For whom
token-guest = Guest
token-guest-text = A person who watches by a link in the browser.
token-program = Program
token-program-text = OBS, GStreamer, Home Assistant, an NVR: it shows the token with each request.
token-name = Name
token-streams = Cameras
token-streams-text = Names, with commas between them. { $pattern } is a whole group, { $all } every camera.
token-streams-missing = Name at least one camera.
token-scope = May
scope-watch = watch
scope-publish = publish
scope-control = control
token-until = Until the end of
token-ends = Ends
token-left = in { $time }
token-over = is over
token-make = Make it
token-made = For { $name }
token-once = Copy it now: it is not kept here and cannot be shown again.
token-another = Make another
revoke = Revoke
revoke-of = Revoke the access of { $name }

# Settings.
settings-title = Settings
settings-text = What Lenswire goes by, and where each value comes from. Changes go into the configuration file; its comments stay.
settings-general = General
settings-review = { $count ->
    [one] Review { $count } change
   *[other] Review { $count } changes
}
settings-discard = Discard
settings-applied = Applied.
settings-applied-restart = Applied. These wait for the next start: { $keys }.
setting-restart = takes effect at the next start
setting-empty = nothing
from-flag = from a flag of the command line
from-environment = from the environment
from-file = from the file
from-default = default
review = What changes
review-restart = Waits for the next start: { $keys }.
review-streams = Interrupts for a moment: { $names }.
review-nothing = Takes effect at once and interrupts nobody.
apply = Apply
back-to-edit = Back
plays-maybe = on some devices
plays-reason-hardware = Plays only where the device decodes it in hardware.
plays-reason-codec = A browser marked “no” has no decoder for it. Set the camera’s video to H.264.
plays-reason-profile = This profile is not played live. Set the camera’s H.264 profile to Baseline or Main.
plays-reason-b_frames = Frames come out of order and stutter. Set the camera’s profile to one without B-frames.
plays-reason-opus = Browsers play no AAC live: Lenswire makes Opus of it on the way.
track-keyframes = keyframe every { $time }
probe-step-name = The camera’s name has an address
probe-step-port = The port is open
probe-step-rtsp = It speaks RTSP
probe-step-login = User and password
probe-step-describe = It has a stream at that path
probe-step-setup = It lets itself be watched
probe-step-packets = Packets arrive
probe-step-keyframe = A whole picture arrives
access-rights = administrator
token-no-end = no end
token-stream = Camera
from-flag-by = from the flag { $name }
from-environment-by = from the variable { $name }
settings-read-only = Lenswire may not write its file { $file }: what stands here can only be read.
track-converted = made of { $codec }
