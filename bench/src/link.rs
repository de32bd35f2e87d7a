//! A second network namespace behind a link, with a relay in the middle: the place of a viewer whose
//! network is bad while everybody else's is not.
//!
//! ```text
//! the lab: servers, camera, other viewers          the far side: Chromium
//!   10.9.0.2  10.9.1.1 [far0] ───────────────────── [far1] 10.9.1.2
//!                │ media ports are redirected to the relay
//! ```
//!
//! Signalling (TCP) passes as it is. Media goes through the relay whatever address the server
//! announces; a server's own checks towards the viewer, which would go past it, are dropped.

use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sched::{CloneFlags, setns};

use crate::clock;
use crate::impair::Impairment;
use crate::relay::Relay;

/// The lab's end: what servers have to announce and listen at.
pub(crate) const NEAR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 9, 1, 1));

/// Where the relay listens.
const RELAY_PORT: u16 = 9_189;

/// The namespace; it ends with this process even if nobody can clean up: its holder reads from us.
pub(crate) struct Link {
    holder: Child,
}

impl Link {
    /// Makes it. `ports` are those where servers take media.
    pub(crate) fn lay(ports: &[u16]) -> Result<Self> {
        let holder = Command::new("unshare")
            .args(["-n", "cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .context("unshare, which makes namespaces, does not start")?;
        let link = Self { holder };
        let pid = link.holder.id().to_string();
        let ours = std::fs::read_link("/proc/self/ns/net")?;
        let apart = || {
            let theirs = std::fs::read_link(format!("/proc/{pid}/ns/net")).ok()?;
            (theirs != ours).then_some(())
        };
        clock::until(Duration::from_secs(5), apart).context("no second namespace")?;
        run(
            "ip",
            &[
                "link", "add", "far0", "type", "veth", "peer", "name", "far1", "netns", &pid,
            ],
        )?;
        run("ip", &["address", "add", "10.9.1.1/24", "dev", "far0"])?;
        run("ip", &["link", "set", "far0", "up"])?;
        for words in [
            "link set lo up",
            "address add 10.9.1.2/24 dev far1",
            "link set far1 up",
            "route add default via 10.9.1.1",
        ] {
            let inside = ["-t", &pid, "-n", "ip"];
            run(
                "nsenter",
                &inside
                    .into_iter()
                    .chain(words.split(' '))
                    .collect::<Vec<_>>(),
            )?;
        }
        redirect(ports)?;
        Ok(link)
    }

    /// A network between the far side and the server's media port, until it is dropped.
    pub(crate) fn relay(&self, near: IpAddr, port: u16, how: Impairment) -> Result<Relay> {
        let listen = SocketAddr::new(NEAR, RELAY_PORT);
        Relay::start(listen, near, SocketAddr::new(NEAR, port), how)
    }

    /// For a thread to step over.
    pub(crate) fn namespace(&self) -> Result<Namespace> {
        let path = format!("/proc/{}/ns/net", self.holder.id());
        Ok(Namespace(File::open(path)?))
    }

    /// What a command needs in front of it to run on the far side.
    pub(crate) fn enter(&self) -> Vec<String> {
        ["nsenter", "-t", &self.holder.id().to_string(), "-n"]
            .map(str::to_owned)
            .into()
    }
}

/// A network that a thread can be in.
#[derive(Debug)]
pub(crate) struct Namespace(File);

impl Namespace {
    /// Puts the calling thread there; sockets that it makes from now on belong there.
    pub(crate) fn enter(&self) -> Result<()> {
        setns(&self.0, CloneFlags::CLONE_NEWNET).context("the far side does not let us in")
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The link goes with the namespace.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
        let _ = run("nft", &["delete", "table", "ip", "lenswire_bench"]);
    }
}

fn redirect(ports: &[u16]) -> Result<()> {
    let list = ports
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let rules = format!(
        "table ip lenswire_bench {{\n\
         chain in {{\ntype nat hook prerouting priority -100\niifname far0 udp dport {{ {list} }} redirect to :{RELAY_PORT}\n}}\n\
         chain out {{\ntype filter hook output priority 0\noifname far0 udp sport {{ {list} }} drop\n}}\n}}\n"
    );
    let mut nft = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .context("nft, which redirects media, does not start")?;
    nft.stdin
        .take()
        .context("nft's input")?
        .write_all(rules.as_bytes())?;
    ensure!(nft.wait()?.success(), "nft refused the redirection");
    Ok(())
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(program).args(arguments).status();
    let status = status.with_context(|| format!("{program} does not start"))?;
    ensure!(status.success(), "{program} {} failed", arguments.join(" "));
    Ok(())
}
