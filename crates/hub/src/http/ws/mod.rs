//! `/ws`: one socket for many sessions. The protocol is in [`message`]; what a client has going on
//! in [`talk`]; what waits to be sent in [`outbox`]. This is the loop that joins them.
//!
//! A page of any origin may open it: what counts is the grant in `hello`, or that a stream is open
//! to anyone. A cookie counts only when the page is our own (SEC-9); the router has seen to that.

mod message;
mod outbox;
mod report;
mod sockets;
mod talk;
mod watch;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use futures_util::StreamExt as _;
use lenswire_api::{Code, Problem};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use self::message::ClientMessage;
use self::message::{ServerMessage, Unread, VERSION};
use self::outbox::{Farewell, Outbox};
pub(crate) use self::sockets::Sockets;
use self::talk::Talk;
use crate::auth::Caller;
use crate::http::asked::{Answer, Asked};
use crate::http::leave;
use crate::http::state::App;
use crate::session::RESUME;

/// A client that has not been heard of for so many pings is gone: one may be lost on its way.
const LOST_PINGS: u32 = 3;

/// Sockets are numbered, so that a session knows which of two is the one that listens.
static SOCKETS: AtomicU64 = AtomicU64::new(1);

/// `GET /ws`.
pub(crate) async fn open(mut asked: Asked) -> Answer {
    let upgrade = WebSocketUpgrade::from_request_parts(&mut asked.parts, &()).await;
    let upgrade = upgrade.map_err(|_| {
        Problem::new(
            Code::BadRequest,
            "This address is for WebSockets (RFC 6455).",
        )
    })?;
    let longest = asked.config.limits.ws_text.0;
    let Asked {
        app,
        caller,
        client,
        ..
    } = asked;
    let alive = app.sockets.arrive();
    let serve = move |socket| async move {
        serve(socket, app, caller, client.address).await;
        drop(alive);
    };
    Ok(upgrade
        .max_message_size(longest)
        .max_frame_size(longest)
        .on_upgrade(serve))
}

/// How the reading of a socket ended.
enum Gone {
    /// The client closed it.
    Goodbye,
    /// It broke, or was cut.
    Lost,
}

/// Serves one socket until it is gone.
#[expect(clippy::disallowed_methods, reason = "messages enter here")]
async fn serve(socket: WebSocket, app: App, caller: Caller, client: IpAddr) {
    let limits = app.hub.config().limits.clone();
    let (sink, mut reader) = socket.split();
    let (outbox, writer) = outbox::outbox(sink, limits.ws_queue, limits.ws_ping);
    let written = CancellationToken::new();
    let mut writer = AbortOnDropHandle::new(tokio::spawn(writer.run(written.clone())));
    let hello = tokio::time::timeout(
        limits.ws_auth_time,
        hello(&mut reader, &app, caller, &outbox),
    );
    let greeted = tokio::select! {
        greeted = hello => greeted.ok().flatten().ok_or(Farewell::Policy),
        () = app.stopping.cancelled() => Err(Farewell::Restart),
    };
    let caller = match greeted {
        Ok(caller) => caller,
        Err(farewell) => {
            outbox.close(farewell);
            let _written = (&mut writer).await;
            return;
        }
    };
    let number = SOCKETS.fetch_add(1, Ordering::Relaxed);
    let entry = app.sockets.enter(number, caller.credential());
    let over = entry.over();
    let mut talk = Talk::new(app.clone(), caller, client, outbox.clone(), entry);
    let patience = limits.ws_ping.saturating_mul(LOST_PINGS);
    let mut heard = Instant::now();
    let gone = loop {
        tokio::select! {
            read = reader.next() => {
                heard = Instant::now();
                if let Some(gone) = take(read, &mut talk, &outbox, heard).await {
                    break gone;
                }
            }
            done = talk.done() => talk.finish(done),
            () = tokio::time::sleep_until((heard + patience).into()) => break Gone::Lost,
            () = written.cancelled() => break Gone::Lost,
            () = app.stopping.cancelled() => {
                outbox.close(Farewell::Restart);
                break Gone::Lost;
            }
            () = over.cancelled() => {
                outbox.close(Farewell::Over);
                break Gone::Lost;
            }
        }
    };
    match gone {
        Gone::Goodbye => talk.goodbye(),
        Gone::Lost => talk.lose(Instant::now()),
    }
    outbox.close(Farewell::Policy);
    let _written = writer.await;
}

type Reader = futures_util::stream::SplitStream<WebSocket>;
type Read = Option<Result<Message, axum::Error>>;

/// Waits for `hello` and finds out who says it. `None` when it was refused or never came.
async fn hello(reader: &mut Reader, app: &App, caller: Caller, outbox: &Outbox) -> Option<Caller> {
    let greeted = loop {
        break match reader.next().await? {
            Ok(Message::Text(text)) => greet(&text, app, caller).await,
            Ok(Message::Ping(_) | Message::Pong(_)) => continue,
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(Message::Binary(_)) => Err(Problem::new(
                Code::ProtocolError,
                "The first message is a hello, in text.",
            )),
        };
    };
    match greeted {
        Ok(caller) => {
            let (version, resume_seconds) = (VERSION, RESUME.as_secs());
            outbox.say(ServerMessage::Hello {
                version,
                ice_servers: app.ice_servers(&caller),
                resume_seconds,
            });
            Some(caller)
        }
        Err(problem) => {
            outbox.say(ServerMessage::problem(None, &problem));
            None
        }
    }
}

async fn greet(text: &str, app: &App, caller: Caller) -> Result<Caller, Problem> {
    match ClientMessage::parse(text, &app.hub.config().limits) {
        Ok(ClientMessage::Hello {
            version: VERSION,
            token: None,
        }) => Ok(caller),
        Ok(ClientMessage::Hello {
            version: VERSION,
            token: Some(token),
        }) => leave::by_token(app, &token).await,
        Ok(ClientMessage::Hello { version, .. }) => Err(Problem::new(
            Code::ProtocolError,
            format!("This hub speaks version {VERSION}, not {version}."),
        )),
        Ok(_) => Err(Problem::new(
            Code::ProtocolError,
            "The first message is a hello.",
        )),
        Err(Unread { why, .. }) => Err(Problem::new(Code::ProtocolError, why)),
    }
}

/// Takes what was read; `Some` when there is nothing more to read.
async fn take(read: Read, talk: &mut Talk, outbox: &Outbox, now: Instant) -> Option<Gone> {
    match read {
        Some(Ok(Message::Text(text))) => {
            match ClientMessage::parse(&text, talk.limits()) {
                Ok(message) => talk.hear(message, now).await,
                Err(Unread { id, why }) => {
                    outbox.say(ServerMessage::problem(
                        id,
                        &Problem::new(Code::ProtocolError, why),
                    ));
                }
            }
            None
        }
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
        Some(Ok(Message::Binary(_))) => {
            let problem = Problem::new(
                Code::ProtocolError,
                "Media over the socket is not offered yet.",
            );
            outbox.say(ServerMessage::problem(None, &problem));
            outbox.close(Farewell::Protocol);
            Some(Gone::Lost)
        }
        Some(Ok(Message::Close(_))) => Some(Gone::Goodbye),
        Some(Err(error)) => {
            outbox.close(if is_too_long(&error) {
                Farewell::TooBig
            } else {
                Farewell::Protocol
            });
            Some(Gone::Lost)
        }
        None => Some(Gone::Lost),
    }
}

/// axum hides its WebSocket library's errors behind their words.
fn is_too_long(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}
