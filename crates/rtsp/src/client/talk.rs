//! One request at a time: its number, its authorization, its session, and which answer is its.

use std::time::{Duration, Instant};

use rtsp_types::headers::{AUTHORIZATION, CSEQ, SESSION, USER_AGENT, WWW_AUTHENTICATE};
use rtsp_types::{HeaderName, Method, Request, Response, Url, Version};

use crate::auth::{Authenticator, Proof, Refused};
use crate::transport::Session;

/// How long a camera may take to answer. A healthy one takes milliseconds, one that wakes its
/// encoder up to two seconds; five is what a person waits.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// Headers of a request beside those that every request has.
pub(super) type Headers = Vec<(HeaderName, String)>;

/// A request that is out.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) method: Method,
    pub(super) url: Url,
    headers: Headers,
    cseq: u32,
    sent: Instant,
    proof: Proof,
}

impl Pending {
    /// When waiting for the answer is over.
    pub(super) fn due(&self) -> Instant {
        self.sent + ANSWER
    }
}

/// Our half of the control connection.
#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) auth: Authenticator,
    pub(super) session: Option<Session>,
    pub(super) pending: Option<Pending>,
    user_agent: String,
    cseq: u32,
}

impl Dialogue {
    pub(super) fn new(auth: Authenticator, user_agent: String) -> Self {
        Self {
            auth,
            session: None,
            pending: None,
            user_agent,
            cseq: 0,
        }
    }

    /// A new connection: numbers and session begin anew, what is known of passwords stays.
    pub(super) fn restart(&mut self) {
        self.cseq = 0;
        self.session = None;
        self.pending = None;
    }

    /// Writes a request, which is then the one that an answer is waited for.
    pub(super) fn request(
        &mut self,
        method: Method,
        url: &Url,
        headers: Headers,
        now: Instant,
    ) -> Vec<u8> {
        let proof = if self.auth.armed() {
            Proof::Reused
        } else {
            Proof::None
        };
        self.write(method, url.clone(), headers, proof, now)
    }

    /// Writes the refused request again if the refusal (401) says how.
    pub(super) fn again(
        &mut self,
        refused: Pending,
        response: &Response<Vec<u8>>,
        now: Instant,
    ) -> Result<Vec<u8>, Refused> {
        let challenge = response
            .header(&WWW_AUTHENTICATE)
            .map(|value| value.as_str());
        let proof = self.auth.refused(challenge, refused.proof)?;
        Ok(self.write(refused.method, refused.url, refused.headers, proof, now))
    }

    /// Writes a TEARDOWN, whose answer nobody waits for.
    pub(super) fn farewell(&mut self, url: &Url) -> Vec<u8> {
        self.bytes(&Method::Teardown, url, &Vec::new())
    }

    fn write(
        &mut self,
        method: Method,
        url: Url,
        headers: Headers,
        proof: Proof,
        now: Instant,
    ) -> Vec<u8> {
        let bytes = self.bytes(&method, &url, &headers);
        self.pending = Some(Pending {
            method,
            url,
            headers,
            cseq: self.cseq,
            sent: now,
            proof,
        });
        bytes
    }

    fn bytes(&mut self, method: &Method, url: &Url, headers: &Headers) -> Vec<u8> {
        self.cseq += 1;
        let mut request = Request::builder(method.clone(), Version::V1_0)
            .request_uri(url.clone())
            .header(CSEQ, self.cseq.to_string())
            .header(USER_AGENT, self.user_agent.as_str());
        if let Some(session) = &self.session {
            request = request.header(SESSION, session.id.as_str());
        }
        if let Some(authorization) = self.auth.authorize(method.into(), url.as_str()) {
            request = request.header(AUTHORIZATION, authorization);
        }
        for (name, value) in headers {
            request = request.header(name.clone(), value.as_str());
        }
        let mut bytes = Vec::new();
        // Writing to memory does not fail.
        let _ = request.empty().write(&mut bytes);
        bytes
    }

    /// The request that a response answers. One without a readable CSeq answers the one that is
    /// out (cameras that omit it); one with another CSeq is late and answers none.
    pub(super) fn answered(&mut self, response: &Response<Vec<u8>>) -> Option<Pending> {
        let said = response
            .header(&CSEQ)
            .and_then(|value| value.as_str().trim().parse::<u32>().ok());
        self.pending
            .take_if(|pending| said.is_none_or(|cseq| cseq == pending.cseq))
    }
}
