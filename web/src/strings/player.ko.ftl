# 플레이어의 말. 메시지는 한 줄, 자리표시자는 변수만.

state-idle = 꺼짐
state-asking = 요청 중
state-connecting = 연결 중
state-first_frame = 첫 화면
state-catching_up = 따라잡는 중
state-live = 실시간
state-waiting = 대기 중
state-failed = 화면 없음
state-retrying = { $time } 뒤 다시 시도

step-asking = 허브에 요청하는 중
step-connecting = 네트워크 경로를 찾는 중
step-first_frame = 첫 화면을 기다리는 중

player-label = { $name } 실시간 화면
player-play = 재생
player-stop = 정지
player-mute = 소리 끄기
player-unmute = 소리 켜기
player-stats = 수치
player-fullscreen = 전체 화면
player-window = 전체 화면 끝내기
player-tap = 눌러서 재생
player-retry = 지금 시도
player-copy = 진단 정보 복사
player-copied = 복사됨
player-sign-in = 로그인

stat-delay = 지연
stat-glass = 화면에서 읽음
stat-parts = 네트워크와 플레이어
stat-frames = 프레임
stat-bitrate = 비트레이트
stat-loss = 손실
stat-jitter = 지터
stat-buffer = 버퍼
stat-rtt = 왕복 시간
stat-codec = 영상
stat-path = 경로
stat-freezes = 멈춤
stat-freezes-value = { $count }회 ({ $time })

unit-ms = { $n } ms
unit-kilo = { $n } kbit/s
unit-mega = { $n } Mbit/s
unit-percent = { $n } %
unit-fps = { $n } fps
unit-seconds = { $n }초
unit-minutes = { $n }분
unit-hours = { $n }시간
unit-days = { $n }일

hub_unreachable-title = Lenswire가 응답하지 않습니다
hub_unreachable-detail = { $host }에서 응답이 없습니다.
hub_unreachable-fix = Lenswire가 실행 중인지, 이 기기가 같은 네트워크에 있는지 확인하세요. 페이지는 계속 다시 시도합니다.
socket_refused-title = 신호 소켓이 거부되었습니다
socket_refused-detail = { $host }은(는) 응답하지만 /ws의 WebSocket이 열리지 않습니다.
socket_refused-fix = Lenswire 앞의 프록시가 WebSocket 업그레이드를 통과시키도록 하고, public_url을 주소창의 주소로 설정하세요.
ice_failed-title = 네트워크를 통과할 길이 없습니다
ice_failed-detail = { $host }은(는) 응답하지만 미디어 포트까지 UDP도 TCP도 닿지 않습니다.
ice_failed-fix = Lenswire의 미디어 포트(8189)로 가는 UDP와 TCP를 허용하거나, media.addresses에 이 기기가 닿을 수 있는 주소를 설정하세요.
no_picture-title = 화면이 오지 않습니다
no_picture-detail = 연결은 되었지만 보여 줄 화면이 오지 않습니다.
no_picture-fix = Lenswire가 스스로 다시 시도합니다. 계속되면 카메라의 I프레임 간격을 1~2초로 설정하세요.
codec_not_decodable-title = 이 브라우저는 이 영상을 디코딩할 수 없습니다
codec_not_decodable-detail = 카메라는 { $codec } 영상을 보냅니다. 이 브라우저가 재생하는 코덱: { $known }.
codec_not_decodable-fix = 카메라 영상을 H.264로 설정하거나 다른 브라우저를 사용하세요.
webrtc_missing-title = 이 브라우저에는 WebRTC가 없습니다
webrtc_missing-detail = 실시간 화면에는 RTCPeerConnection이 필요하지만 이 브라우저나 그 설정에는 없습니다.
webrtc_missing-fix = 최신 Chrome, Edge, Firefox 또는 Safari를 사용하고 설정에서 WebRTC를 허용하세요.
tab_hidden-title = 가려져 있어 일시 중지됨
tab_hidden-detail = 탭이 뒤에 있어 화면 수신을 멈추었습니다.
tab_hidden-fix = 탭을 다시 열면 바로 이어집니다.
autoplay_refused-title = 브라우저가 누르기를 기다립니다
autoplay_refused-detail = 전력을 아끼려고 영상을 스스로 시작하지 않는 경우가 많습니다.
autoplay_refused-fix = 화면을 누르세요.
