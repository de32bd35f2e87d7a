//! Plays a transcript to a client.

use super::*;

/// A client, the clock it lives on, and what it wants done.
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) now: Instant,
    sent: VecDeque<String>,
    events: VecDeque<String>,
    dials: VecDeque<String>,
    binds: VecDeque<usize>,
    datagrams: usize,
    wake: Option<Instant>,
    /// The request that was looked at last.
    request: String,
    line: usize,
}

impl Stage {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test needs some instant to count from"
    )]
    pub(super) fn new(url: &str, transport: Transport) -> Self {
        let (address, credentials) = Address::parse(url).unwrap();
        let options = Options {
            transport,
            user_agent: "test".into(),
            ssrc: 0xabcd,
        };
        let mut stage = Self {
            client: Client::new(address, credentials, options),
            now: Instant::now(),
            sent: VecDeque::new(),
            events: VecDeque::new(),
            dials: VecDeque::new(),
            binds: VecDeque::new(),
            datagrams: 0,
            wake: None,
            request: String::new(),
            line: 0,
        };
        stage.drain();
        stage
    }

    fn drain(&mut self) {
        loop {
            match self.client.poll() {
                Output::Connect(address) => self.dials.push_back(address.url().to_string()),
                Output::Send(bytes) if bytes.first() == Some(&b'$') => self.datagrams += 1,
                Output::Send(bytes) => self.sent.push_back(String::from_utf8(bytes).unwrap()),
                Output::Bind { track } => self.binds.push_back(track),
                Output::SendTo { .. } => self.datagrams += 1,
                Output::Event(event) => self.events.push_back(describe(&event)),
                Output::Wake(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
    }

    pub(super) fn input(&mut self, input: Input<'_>) {
        self.client.handle(input, self.now);
        self.drain();
    }

    /// Lets time pass, stopping at each deadline of the client's.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.wake.filter(|at| *at <= until) {
            self.now = at.max(self.now);
            let before = self.wake;
            self.input(Input::Tick);
            assert!(
                self.wake != before || self.wake.is_none(),
                "line {}: a deadline that does not pass",
                self.line
            );
        }
        self.now = until;
    }

    /// Plays the script; panics with the line's number where the client does something else.
    pub(super) fn play(script: &str) {
        let mut lines = script
            .lines()
            .enumerate()
            .map(|(n, line)| (n + 1, line.trim_end()))
            .peekable();
        let mut stage: Option<Self> = None;
        while let Some((number, line)) = lines.next() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            if word == "use" {
                stage = Some(Self::begin(rest));
                continue;
            }
            if word.is_empty() || word == "#" {
                continue;
            }
            let stage = stage.as_mut().expect("a script begins with `use`");
            stage.line = number;
            if matches!(word, "<" | "<lf") {
                let mut block = vec![rest];
                while let Some((_, more)) = lines
                    .next_if(|(_, next)| *next == word || next.starts_with(&format!("{word} ")))
                {
                    block.push(more.strip_prefix(word).unwrap_or_default().trim_start());
                }
                let text = stage.fill(&block, if word == "<" { "\r\n" } else { "\n" });
                stage.input(Input::Bytes(text.as_bytes()));
            } else {
                stage.step(word, rest);
            }
        }
        let stage = stage.expect("a script");
        assert!(stage.events.is_empty(), "events left: {:?}", stage.events);
        assert!(stage.sent.is_empty(), "requests left: {:?}", stage.sent);
    }

    fn begin(rest: &str) -> Self {
        let (url, transport) = rest.split_once(' ').unwrap_or((rest, "auto"));
        let transport = match transport {
            "tcp" => Transport::Tcp,
            "udp" => Transport::Udp,
            _ => Transport::Auto,
        };
        let mut stage = Self::new(url, transport);
        stage.dials.clear();
        stage.input(Input::Connected {
            peer: "10.0.0.9".parse().unwrap(),
        });
        stage
    }

    /// A block with the right numbers in it; everything behind the first empty line is body.
    fn fill(&self, block: &[&str], end: &str) -> String {
        let head = block
            .iter()
            .position(|line| line.is_empty())
            .unwrap_or(block.len());
        let body: String = block
            .iter()
            .skip(head + 1)
            .map(|line| format!("{line}{end}"))
            .collect();
        let head: String = block
            .iter()
            .take(head)
            .map(|line| format!("{line}{end}"))
            .collect();
        let cseq = self
            .request
            .lines()
            .find_map(|line| line.strip_prefix("CSeq: "))
            .unwrap_or("0");
        let head = head
            .replace("{cseq}", cseq)
            .replace("{length}", &body.len().to_string());
        format!("{head}{end}{body}")
    }

    fn step(&mut self, word: &str, rest: &str) {
        let line = self.line;
        let words: Vec<&str> = rest.split_whitespace().collect();
        match word {
            ">" => {
                self.request = self
                    .sent
                    .pop_front()
                    .unwrap_or_else(|| panic!("line {line}: no request; events {:?}", self.events));
                assert!(
                    self.request.starts_with(rest),
                    "line {line}: {}",
                    self.request
                );
            }
            ">+" => assert!(self.request.contains(rest), "line {line}: {}", self.request),
            ">-" => assert!(
                !self.request.contains(rest),
                "line {line}: {}",
                self.request
            ),
            "=" => {
                let event = self
                    .events
                    .pop_front()
                    .unwrap_or_else(|| panic!("line {line}: no event; requests {:?}", self.sent));
                assert_eq!(event, rest, "line {line}");
            }
            "dial" => {
                assert_eq!(self.dials.pop_front().as_deref(), Some(rest), "line {line}");
                self.input(Input::Connected {
                    peer: "10.0.0.9".parse().unwrap(),
                });
            }
            "bind" => {
                let track = self
                    .binds
                    .pop_front()
                    .unwrap_or_else(|| panic!("line {line}: no bind"));
                assert_eq!(track.to_string(), rest, "line {line}");
                let rtp = 5000 + 2 * u16::try_from(track).unwrap();
                self.input(Input::Bound { rtp, rtcp: rtp + 1 });
            }
            "sends" => assert_eq!(self.datagrams.to_string(), rest, "line {line}"),
            "@" => self.pass(Duration::from_secs_f64(rest.parse().unwrap())),
            "!" => self.input(Input::Closed { why: None }),
            "$" => {
                let payload = packet(words.get(1..).unwrap());
                let mut frame = vec![b'$', words[0].parse().unwrap()];
                frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
                frame.extend(payload);
                self.input(Input::Bytes(&frame));
            }
            "~" => {
                let port = if words[1] == "rtp" {
                    Port::Rtp
                } else {
                    Port::Rtcp
                };
                let from: SocketAddr = words[2].parse().unwrap();
                let bytes = packet(words.get(3..).unwrap());
                self.input(Input::Datagram {
                    track: words[0].parse().unwrap(),
                    port,
                    from,
                    bytes: &bytes,
                });
            }
            _ => panic!("line {line}: {word}?"),
        }
    }
}

/// `rtp PT SEQ SSRC`, `sr SSRC`, `bye SSRC`, `raw HEX`.
fn packet(words: &[&str]) -> Vec<u8> {
    let number = |n: usize| words.get(n).map_or(0, |w| w.parse::<u32>().unwrap());
    match words[0] {
        "rtp" => {
            let mut data = vec![0x80, number(1) as u8];
            data.extend((number(2) as u16).to_be_bytes());
            data.extend((number(2) * 3000).to_be_bytes());
            data.extend(number(3).to_be_bytes());
            data.extend(b"x");
            data
        }
        "sr" => {
            let mut data = vec![0x80, 200, 0, 6];
            data.extend(number(1).to_be_bytes());
            data.extend((1_u64 << 32).to_be_bytes());
            data.extend([0; 12]);
            data
        }
        "bye" => [vec![0x81, 203, 0, 1], number(1).to_be_bytes().to_vec()].concat(),
        _ => (0..words[1].len() / 2)
            .map(|n| u8::from_str_radix(&words[1][2 * n..2 * n + 2], 16).unwrap())
            .collect(),
    }
}

/// An event in a few words.
fn describe(event: &Event) -> String {
    match event {
        Event::Tracks(tracks) => format!(
            "tracks {}",
            tracks
                .iter()
                .map(|t| t.codec.name())
                .collect::<Vec<_>>()
                .join(" ")
        ),
        Event::Playing(carriage) => format!("playing {}", carriage.name()),
        Event::Rtp(rtp) => format!(
            "rtp {} {}{}",
            rtp.track,
            rtp.packet.seq,
            if rtp.fresh { " fresh" } else { "" }
        ),
        Event::SenderReport { track, .. } => format!("sr {track}"),
        Event::Warning(Warning::Skipped(skipped)) => {
            format!("skipped {} {}", skipped.media, skipped.codec)
        }
        Event::Warning(warning) => format!("{warning:?}"),
        Event::Ended(end) => format!("ended {end}"),
    }
}
