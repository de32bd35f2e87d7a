# 콘솔: 페이지와 부품의 말.

brand = Lenswire
title-streams = 카메라
title-page = { $page } · Lenswire
skip = 본문으로 건너뛰기
language = 언어
theme = 테마
theme-auto = 시스템 설정
theme-dark = 어둡게
theme-light = 밝게
nav-cameras = 카메라
sign-in = 로그인
sign-out = 로그아웃
back = 모든 카메라
copy = 복사
copied = 복사됨
copy-of = { $what } 복사
retry = 지금 시도
copy-diagnostics = 진단 정보 복사
loading = 불러오는 중
since-title = { $when }부터

summary-live = { $count ->
   *[other] 실시간 { $count }
}
summary-troubled = { $count ->
   *[other] 문제 { $count }
}

stream-idle = 준비됨
stream-connecting = 연결 중
stream-live = 실시간
stream-stalled = 멈춤
stream-retrying = 다시 시도 중
stream-retrying-in = { $time } 뒤 다시 시도
stream-parked = 중단됨
stream-unknown = 알 수 없음

watching = { $count ->
   *[other] { $count }명 시청 중
}
connect = 연결
disconnect = 정지
connect-name = { $name } 연결
disconnect-name = { $name } 정지
open = 열기
open-name = { $name } 열기
columns = 열
columns-auto = 자동
all-live = 모두 재생
all-still = 모두 정지
on-demand = 시청하면 시작

empty-title = 아직 카메라가 없습니다
empty-text = Lenswire는 설정 파일에 있는 모든 카메라를 보여 줍니다. ‘{ $key }’ 아래에 추가하고 저장하면 페이지에 바로 나타납니다.
empty-hidden-title = 모두에게 열린 카메라가 없습니다
empty-hidden-text = 로그인하지 않은 사람에게 열린 카메라가 없습니다.
more-hidden = 모두에게 열려 있지 않은 카메라는 로그인하면 나타납니다.
silence-title = Lenswire가 응답하지 않습니다
silence-text = 페이지가 계속 묻고 있습니다. 지금 보이는 것은 { $time } 전의 내용입니다.
silence-first = 페이지가 계속 묻고 있습니다.
silence-fix = Lenswire가 실행 중인지, 이 기기가 같은 네트워크에 있는지 확인하세요.

now = 현재
sends = 보내는 내용
links = 링크
details = 카메라
fact-state = 상태
fact-delay = 지연
fact-frames = 프레임
fact-bitrate = 비트레이트
fact-loss = 손실
fact-path = 경로
fact-picture = 영상
fact-watching = 시청
fact-keyframes = 키프레임 간격
fact-lost = 카메라에서 손실
fact-lost-packets = { $count ->
   *[other] 패킷 { $count }개
}
fact-reconnects = 재연결
fact-source = 소스
fact-substream = 작은 영상
fact-transport = 전송
fact-viewers = 시청 허용
fact-on-demand = 실행
viewers-anyone = 누구나
viewers-grant = 권한이 있는 사람
runs-always = 항상
runs-on-demand = 누군가 볼 때만
source-demo = 내장 데모 카메라
source-none = 외부에서 게시
transport-auto = TCP, 카메라가 원하면 UDP
transport-tcp = TCP
transport-udp = UDP
track-kind = 트랙
track-codec = 코덱
track-format = 형식
track-browser = 이 브라우저
track-video = 영상
track-audio = 소리
track-plays = 재생 가능
track-plays-not = 재생 불가
track-none = 아직 알 수 없습니다. 카메라가 처음 연결되면 알게 됩니다.
track-hertz = { $rate } kHz
track-mono = 모노
track-stereo = 스테레오
link-page = 페이지
link-page-text = 사람용: 이 페이지.
link-embed = 임베드
link-embed-text = 화면만. 다른 페이지의 프레임에 넣습니다.
link-whep = WHEP
link-whep-text = 플레이어와 프로그램용: OBS, GStreamer, Home Assistant.
link-element = 요소
link-element-text = 직접 만든 페이지에 넣는 플레이어.
warnings = 살펴볼 점

claim-title = 이 Lenswire의 주인이 되세요
claim-text = 이 링크를 처음 여는 사람이 관리자가 됩니다. 이 브라우저는 로그인된 상태로 남습니다.
claim-show = 관리자 토큰을 한 번 보여 주기
claim-show-text = 다른 브라우저에서 로그인하거나 프로그램에 쓸 때 필요합니다. 다시 볼 수 없습니다.
claim-button = 등록
claim-busy = 등록 중
claim-missing-title = 링크에 비밀값이 없습니다
claim-missing-text = 등록 링크는 #과 비밀값으로 끝납니다. Lenswire가 시작할 때 출력하며, ‘{ $command }’ 명령으로 새로 만들 수 있습니다.
claim-done-title = 등록되었습니다
claim-done-text = 이 브라우저는 관리자로 로그인되었습니다.
claim-token = 관리자 토큰
claim-token-text = 비밀번호처럼 보관하세요. 지금만 보입니다.
claim-continue = 카메라로 가기
login-title = 로그인
login-text = 관리자 토큰으로 로그인합니다.
login-token = 토큰
login-button = 로그인
login-busy = 로그인 중
login-empty = 토큰을 입력하세요.
login-wrong = 올바르지 않은 토큰입니다.
login-help = 토큰이 없나요? Lenswire가 실행되는 기기에서 ‘{ $command }’ 명령을 쓰면 등록 링크가 만들어집니다.
login-unclaimed = 아직 아무도 이 Lenswire를 등록하지 않았습니다. 시작할 때 출력된 등록 링크를 여세요.
login-already = 로그인되어 있습니다.

missing-title = 아무것도 없습니다
missing-text = { $path }은(는) 페이지도 카메라 이름도 아닙니다.
