//! Whether the STUN and TURN servers of `ice_servers` answer: a binding (RFC 8489), or an allocation
//! with the user and password that viewers will use (RFC 8656), given back at once.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::time::Duration;

use lenswire_hub::config::IceServer;
use stun_types::attribute::{AttributeType, ErrorCode, Nonce, RawAttribute, Realm, Username};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermCredentials, Message, MessageIntegrityCredentials,
    MessageWriteVec, Method,
};
use stun_types::prelude::*;

use super::{Finding, Ground};

/// How long a server may take; UDP is asked again after each.
const ANSWER: Duration = Duration::from_secs(1);

/// How often it is asked by UDP.
const TRIES: usize = 3;

const FIX: &str =
    "Check the server's address in ice_servers, that it runs, and that its port is open.";

/// All servers of `ice_servers`.
pub(super) fn servers(ground: &Ground) -> Vec<Finding> {
    let all = ground.config.ice_servers.iter();
    all.flat_map(|server| server.urls.iter().map(|url| look(url, server)))
        .collect()
}

fn look(url: &str, server: &IceServer) -> Finding {
    let Some(place) = Place::parse(url) else {
        return Finding::fail(
            format!("{url} is no STUN or TURN address."),
            "Write it as stun:host:3478, or turn:host:3478?transport=udp.",
        );
    };
    if place.tls {
        return Finding::ok(format!("{url} is not looked at: it wants TLS."));
    }
    let asked = match (place.relay, &server.username, &server.credential) {
        (false, ..) => ask(&place, binding()).map(drop),
        (true, Some(user), Some(password)) => allocate(&place, user, password.expose()),
        (true, ..) => Err(Trouble::NoPassword),
    };
    match asked {
        Ok(()) if place.relay => Finding::ok(format!("{url} relays.")),
        Ok(()) => Finding::ok(format!("{url} answers.")),
        Err(trouble) => trouble.told(url),
    }
}

/// Why a server is of no use.
enum Trouble {
    NoAddress,
    Silent,
    NoPassword,
    WrongPassword,
    Refused(u16, String),
}

impl Trouble {
    fn told(self, url: &str) -> Finding {
        match self {
            Self::NoAddress => Finding::fail(format!("{url}: no address is known for it."), FIX),
            Self::Silent => Finding::fail(format!("{url} does not answer."), FIX),
            Self::NoPassword => Finding::fail(
                format!("{url} has no username and credential."),
                "Add both to that entry of ice_servers: a TURN server relays for nobody without.",
            ),
            Self::WrongPassword => Finding::fail(
                format!("{url} refuses username and credential."),
                "Compare them with the server's; those made for a time may have ended.",
            ),
            Self::Refused(code, reason) => {
                Finding::fail(format!("{url} answers \"{code} {reason}\"."), FIX)
            }
        }
    }
}

/// What an address of RFC 7064 or RFC 7065 says.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    relay: bool,
    tls: bool,
    tcp: bool,
    host: String,
    port: u16,
}

impl Place {
    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let (relay, tls) = match scheme {
            "stun" => (false, false),
            "stuns" => (false, true),
            "turn" => (true, false),
            "turns" => (true, true),
            _ => return None,
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let default = if tls { 5349 } else { 3478 };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (place, default),
        };
        Some(Self {
            relay,
            tls,
            tcp: query.contains("transport=tcp"),
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
        })
    }
}

const ALLOCATE: u16 = 0x003;
const REFRESH: u16 = 0x004;
/// RFC 8656 section 18: LIFETIME and REQUESTED-TRANSPORT (17, UDP, and three reserved bytes).
const LIFETIME: AttributeType = AttributeType::new(0x000d);
const REQUESTED_TRANSPORT: AttributeType = AttributeType::new(0x0019);

fn binding() -> Vec<u8> {
    Message::builder_request(BINDING, MessageWriteVec::new()).finish()
}

/// Allocates as a viewer will, and gives it back.
fn allocate(place: &Place, user: &str, password: &str) -> Result<(), Trouble> {
    let mut line = Line::open(place)?;
    let first = line.ask(&request(ALLOCATE, None).unwrap_or_default())?;
    let Some(challenge) = Challenge::read(&first)? else {
        return Ok(()); // Open to everybody: it relays, whatever one thinks of that.
    };
    let key = Key {
        challenge,
        user,
        password,
    };
    let allocated = line.ask(&request(ALLOCATE, Some(&key)).unwrap_or_default())?;
    if let Some(again) = Challenge::read(&allocated)? {
        drop(again);
        return Err(Trouble::WrongPassword);
    }
    let _given_back = line.ask(&request(REFRESH, Some(&key)).unwrap_or_default());
    Ok(())
}

/// What a 401 brings.
struct Challenge {
    realm: String,
    nonce: String,
}

impl Challenge {
    /// `None`: it was a success.
    fn read(answer: &[u8]) -> Result<Option<Self>, Trouble> {
        let message = Message::from_bytes(answer).map_err(|_| Trouble::Silent)?;
        let Ok(error) = message.attribute::<ErrorCode>() else {
            return Ok(None);
        };
        let realm = message.attribute::<Realm>();
        let nonce = message.attribute::<Nonce>();
        match (error.code(), realm, nonce) {
            (401, Ok(realm), Ok(nonce)) => Ok(Some(Self {
                realm: realm.realm().to_owned(),
                nonce: nonce.nonce().to_owned(),
            })),
            (code, ..) => Err(Trouble::Refused(code, error.reason().to_owned())),
        }
    }
}

/// What authorises a request.
struct Key<'a> {
    challenge: Challenge,
    user: &'a str,
    password: &'a str,
}

/// A request to allocate, or to give back.
fn request(method: u16, key: Option<&Key<'_>>) -> Option<Vec<u8>> {
    let mut message = Message::builder_request(Method::new(method), MessageWriteVec::new());
    let attribute = match method {
        ALLOCATE => RawAttribute::new(REQUESTED_TRANSPORT, &[17, 0, 0, 0]),
        _ => RawAttribute::new(LIFETIME, &[0, 0, 0, 0]),
    };
    message.add_attribute(&attribute).ok()?;
    if let Some(Key {
        challenge: Challenge { realm, nonce },
        user,
        password,
    }) = key
    {
        message.add_attribute(&Username::new(user).ok()?).ok()?;
        message.add_attribute(&Realm::new(realm).ok()?).ok()?;
        message.add_attribute(&Nonce::new(nonce).ok()?).ok()?;
        let credentials = LongTermCredentials::new((*user).to_owned(), (*password).to_owned())
            .to_key(realm.clone());
        message
            .add_message_integrity(
                &MessageIntegrityCredentials::LongTerm(credentials),
                IntegrityAlgorithm::Sha1,
            )
            .ok()?;
    }
    Some(message.finish())
}

fn ask(place: &Place, request: Vec<u8>) -> Result<Vec<u8>, Trouble> {
    Line::open(place)?.ask(&request)
}

/// A way to a server: an allocation belongs to the address that it was asked from.
enum Line {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Line {
    fn open(place: &Place) -> Result<Self, Trouble> {
        let found = (place.host.as_str(), place.port).to_socket_addrs();
        let address = found
            .ok()
            .and_then(|mut all| all.next())
            .ok_or(Trouble::NoAddress)?;
        let opened = if place.tcp {
            tcp(address)
        } else {
            udp(address)
        };
        opened.map_err(|_| Trouble::Silent)
    }

    /// Asks, and waits for the answer to just that.
    fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>, Trouble> {
        let tries = match self {
            Self::Udp(_) => TRIES,
            Self::Tcp(_) => 1,
        };
        (0..tries)
            .find_map(|_| self.exchange(request).ok())
            .ok_or(Trouble::Silent)
    }

    fn exchange(&mut self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut answer = vec![0; 1_500];
        let length = match self {
            Self::Udp(socket) => {
                socket.send(request)?;
                socket.recv(&mut answer)?
            }
            Self::Tcp(stream) => {
                stream.write_all(request)?;
                stream.read(&mut answer)?
            }
        };
        answer.truncate(length);
        // Bytes 4 to 20: cookie and transaction.
        if answer.get(4..20) == request.get(4..20) {
            Ok(answer)
        } else {
            Err(std::io::ErrorKind::InvalidData.into())
        }
    }
}

fn udp(address: SocketAddr) -> std::io::Result<Line> {
    let any = if address.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(ANSWER))?;
    Ok(Line::Udp(socket))
}

fn tcp(address: SocketAddr) -> std::io::Result<Line> {
    let stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    Ok(Line::Tcp(stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_read() {
        let place = |url| Place::parse(url).map(|p| (p.relay, p.tls, p.tcp, p.host, p.port));
        let host = || "relay.example.org".to_owned();
        assert_eq!(
            place("stun:relay.example.org"),
            Some((false, false, false, host(), 3478))
        );
        assert_eq!(
            place("turn:relay.example.org:80?transport=tcp"),
            Some((true, false, true, host(), 80))
        );
        assert_eq!(
            place("turns:[2001:db8::1]"),
            Some((true, true, false, "2001:db8::1".to_owned(), 5349))
        );
        assert_eq!(place("http://relay"), None);
        assert_eq!(place("relay.example.org"), None);
    }
}
