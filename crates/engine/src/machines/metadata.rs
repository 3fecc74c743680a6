//! What a guest may ask about itself, found in the records.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use host::imds::{Directory, Facts, PublicKey};
use host::machine::GuestNetwork;
use meta::resources;
use model::Instance;
use model::instance::{HttpEndpoint, HttpTokens};
use model::network::{KeyPair, VSwitch, Vpc};

use crate::Engine;
use crate::runner::chain;

/// The servers of time that guests may ask.
const NTP_SERVERS: [&str; 2] = ["ntp.aliyun.com", "ntp1.aliyun.com"];

#[async_trait]
impl Directory for Engine {
    async fn facts(&self, instance: &str) -> Option<Facts> {
        let id = instance.to_owned();
        let found = self.meta().read(move |tx| {
            let Some(stored) = resources::get::<Instance>(tx, &id)? else { return Ok(None) };
            let instance = stored.record;
            let pair = match &instance.key_pair {
                None => None,
                Some(name) => resources::by_name::<KeyPair>(tx, instance.owner, &instance.region, name.as_str())?,
            };
            let vswitch = match &instance.place.vswitch {
                None => None,
                Some(id) => resources::get::<VSwitch>(tx, id.as_str())?.map(|stored| stored.record),
            };
            let vpc = match &instance.place.vpc {
                None => None,
                Some(id) => resources::get::<Vpc>(tx, id.as_str())?.map(|stored| stored.record),
            };
            Ok::<_, meta::Error>(Some(facts(&instance, pair.map(|stored| stored.record), vswitch, vpc)))
        });
        match found.await {
            Ok(facts) => facts,
            Err(error) => {
                tracing::error!(instance, error = %chain(&error), "a guest's question was not answered");
                None
            }
        }
    }
}

fn facts(instance: &Instance, pair: Option<KeyPair>, vswitch: Option<VSwitch>, vpc: Option<Vpc>) -> Facts {
    let place = &instance.place;
    let id = |id: Option<&str>| id.unwrap_or_default().to_owned();
    Facts {
        is_enabled: instance.metadata.endpoint == HttpEndpoint::Enabled,
        needs_token: instance.metadata.tokens == HttpTokens::Required,
        instance_id: instance.id.to_string(),
        instance_name: instance.name.to_string(),
        instance_type: instance.instance_type.clone(),
        hostname: instance.host_name.to_string(),
        region_id: instance.region.to_string(),
        zone_id: instance.zone.clone(),
        image_id: instance.image.to_string(),
        serial_number: instance.serial.clone(),
        owner_account_id: instance.owner.customer().to_string(),
        mac: place.mac.as_str().to_owned(),
        network_interface_id: place.interface.to_string(),
        private_ipv4: place.private_ip,
        public_ipv4: place.is_public.then_some(place.host_address),
        eipv4: place.eip.as_ref().map(|eip| eip.address),
        vpc_id: id(place.vpc.as_ref().map(|vpc| vpc.as_str())),
        vpc_cidr_block: vpc.map_or_else(String::new, |vpc| vpc.cidr.to_string()),
        vswitch_id: id(place.vswitch.as_ref().map(|vswitch| vswitch.as_str())),
        vswitch_cidr_block: vswitch.map_or_else(String::new, |vswitch| vswitch.cidr.to_string()),
        netmask: GuestNetwork::NETMASK,
        gateway: GuestNetwork::GATEWAY,
        nameservers: vec![GuestNetwork::NAMESERVER.to_string()],
        ntp_servers: NTP_SERVERS.map(str::to_owned).to_vec(),
        public_keys: pair
            .map(|pair| PublicKey { name: pair.name.to_string(), openssh: pair.public_key })
            .into_iter()
            .collect(),
        user_data: user_data(instance),
    }
}

/// What the guest is to do at its first start: what its owner said, and its password, which cloud-init takes no other way.
fn user_data(instance: &Instance) -> Option<Vec<u8>> {
    // The room that took it has decoded it before.
    let own = STANDARD.decode(&instance.user_data).ok().filter(|own| !own.is_empty());
    let Some(password) = &instance.password else { return own };
    let escaped = password.replace('\'', "''");
    let config = format!(
        "#cloud-config\nssh_pwauth: true\ndisable_root: false\nchpasswd:\n  expire: false\n  users:\n  \
         - {{name: root, password: '{escaped}', type: text}}\n"
    );
    let Some(own) = own else { return Some(config.into_bytes()) };
    Some(both(&config, &own))
}

/// Two texts for cloud-init in one (RFC 2046, multipart/mixed): it tells their kinds by their first lines.
fn both(config: &str, own: &[u8]) -> Vec<u8> {
    const BOUNDARY: &str = "==============tintype==";
    let part = |kind: &str, body: &[u8]| {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Type: {kind}\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        );
        [head.as_bytes(), STANDARD.encode(body).as_bytes(), b"\r\n"].concat()
    };
    let head = format!("Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\r\nMIME-Version: 1.0\r\n\r\n");
    let own_kind = if own.starts_with(b"#!") {
        "text/x-shellscript"
    } else if own.starts_with(b"#cloud-config") {
        "text/cloud-config"
    } else {
        "text/plain"
    };
    let end = format!("--{BOUNDARY}--\r\n");
    [head.as_bytes(), &part("text/cloud-config", config.as_bytes()), &part(own_kind, own), end.as_bytes()].concat()
}
