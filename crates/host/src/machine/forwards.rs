//! Ports of the host that lead into a guest, kept as they are wanted. QEMU is asked which there are: it knows, also after
//! the server that made them is gone.

use std::io;
use std::net::{SocketAddrV4, TcpListener, UdpSocket};

use super::error::{Error, Reason};
use super::qmp::Qmp;
use super::spec::{Forward, Protocol};

/// What became of a forward that was asked for.
pub type ForwardOutcome = (Forward, Result<(), Error>);

/// Makes these forwards be there, and no others.
pub(super) async fn set(qmp: &Qmp, wanted: &[Forward]) -> Result<Vec<ForwardOutcome>, Error> {
    let present = present(&qmp.human("info usernet").await?);
    for forward in present.iter().filter(|forward| !wanted.contains(forward)) {
        qmp.human(&format!("hostfwd_remove net {}", listened(forward))).await?;
    }
    let mut outcomes = Vec::with_capacity(wanted.len());
    for &forward in wanted {
        let outcome = if present.contains(&forward) { Ok(()) } else { add(qmp, forward).await };
        outcomes.push((forward, outcome));
    }
    Ok(outcomes)
}

/// Whether a forward can be at all.
pub(super) fn check(forward: &Forward) -> Result<(), Error> {
    if forward.address.is_loopback() { Ok(()) } else { Err(Reason::NotLoopback.into()) }
}

async fn add(qmp: &Qmp, forward: Forward) -> Result<(), Error> {
    check(&forward)?;
    // Without an address, the guest's own is meant.
    let printed = qmp.human(&format!("hostfwd_add net {}-:{}", listened(&forward), forward.guest_port)).await?;
    let message = printed.trim();
    if message.is_empty() {
        return Ok(());
    }
    // QEMU does not say why. Whatever keeps it from listening keeps us from it, too.
    match bind(&forward) {
        Err(source) => Err(Reason::Port { address: forward.address, port: forward.port, source }.into()),
        Ok(()) => Err(Reason::Qemu { command: "hostfwd_add", message: message.to_owned() }.into()),
    }
}

fn bind(forward: &Forward) -> io::Result<()> {
    let address = SocketAddrV4::new(forward.address, forward.port);
    match forward.protocol {
        Protocol::Tcp => TcpListener::bind(address).map(drop),
        Protocol::Udp => UdpSocket::bind(address).map(drop),
    }
}

fn listened(forward: &Forward) -> String {
    let protocol = match forward.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    format!("{protocol}:{}:{}", forward.address, forward.port)
}

/// Reads QEMU's table: `TCP[HOST_FORWARD]  13  127.0.0.1  2222  100.64.0.15  22  0  0`.
fn present(table: &str) -> Vec<Forward> {
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let protocol = match words.next()? {
            "TCP[HOST_FORWARD]" => Protocol::Tcp,
            "UDP[HOST_FORWARD]" => Protocol::Udp,
            _ => return None,
        };
        let (_descriptor, address, port) = (words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let (_guest, guest_port) = (words.next()?, words.next()?.parse().ok()?);
        Some(Forward { protocol, address, port, guest_port })
    };
    table.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_table_of_qemu_7_2() {
        let table = "Hub -1 (net):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[ESTABLISHED]   22       127.0.0.1 40002     100.64.0.15    22     0     0\r
  TCP[HOST_FORWARD]  13      127.77.1.1  2222     100.64.0.15    22     0     0\r
  UDP[236 sec]       24     100.64.0.15 50001   100.100.2.136    53     0     0\r
  UDP[HOST_FORWARD]  14       127.0.0.1    53     100.64.0.15  5353     0     0\r\n";
        let forward = |protocol, address, port, guest_port| Forward { protocol, address, port, guest_port };
        let expected = [
            forward(Protocol::Tcp, Ipv4Addr::new(127, 77, 1, 1), 2222, 22),
            forward(Protocol::Udp, Ipv4Addr::LOCALHOST, 53, 5353),
        ];
        assert_eq!(present(table), expected);
        assert_eq!(present("TCP[HOST_FORWARD] 13 127.0.0.1 99999 100.64.0.15 22"), []);
    }
}
