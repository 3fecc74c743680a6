//! The ports of servers: what their groups' rules open leads from the host into the machine.

use std::net::Ipv4Addr;

use host::machine::{Forward, Protocol};
use meta::resources::{self, Stored};
use model::network::{SecurityGroup, open_ports};
use model::{Instance, InstanceStatus};

use crate::Engine;
use crate::flow::StepError;
use crate::runner::chain;

impl Engine {
    /// Opens at every machine of this node the ports that its groups' rules open, at the addresses that it has.
    pub(super) async fn open_all_ports(&self) -> Result<(), StepError> {
        let node = self.node().to_owned();
        let servers = self
            .meta()
            .read(move |tx| {
                let mut servers = Vec::new();
                for Stored { record, .. } in resources::all_with::<Instance>(tx, "node", &node)? {
                    if record.status != InstanceStatus::Running {
                        continue;
                    }
                    let mut groups = Vec::new();
                    for group in &record.place.groups {
                        let found = resources::get::<SecurityGroup>(tx, group.as_str())?;
                        groups.extend(found.map(|stored| stored.record));
                    }
                    servers.push((record, groups));
                }
                Ok::<_, meta::Error>(servers)
            })
            .await?;
        for (instance, groups) in servers {
            let forwards = forwards(&instance, &groups);
            let outcomes = self.host().hypervisor.set_forwards(instance.id.as_str(), &forwards).await;
            let outcomes = match outcomes {
                Ok(outcomes) => outcomes,
                // It ended just now; its event says so.
                Err(error) => {
                    tracing::warn!(instance = %instance.id, error = %chain(&error), "ports cannot be opened");
                    continue;
                }
            };
            for (forward, outcome) in outcomes {
                if let Err(error) = outcome {
                    let Forward { address, port, .. } = forward;
                    tracing::warn!(
                        instance = %instance.id, %address, port, error = %chain(&error),
                        "a port is not open on this host"
                    );
                }
            }
        }
        Ok(())
    }
}

/// Ports of the host that lead into a server.
fn forwards(instance: &Instance, groups: &[SecurityGroup]) -> Vec<Forward> {
    let ports = open_ports(groups, Ipv4Addr::LOCALHOST, instance.place.private_ip);
    let addresses = instance.place.reachable_at();
    let one = |address: Ipv4Addr, (tcp, port): (bool, u16)| Forward {
        protocol: if tcp { Protocol::Tcp } else { Protocol::Udp },
        address,
        port,
        guest_port: port,
    };
    addresses.iter().flat_map(|address| ports.iter().map(|port| one(*address, *port))).collect()
}
