//! The service's paths: facts laid out as folders and leaves, and listed as the real service lists them.

use std::collections::BTreeMap;

use serde_json::json;

use super::facts::{Facts, PublicKey};

/// The versions that the real service has; both say the same here.
const VERSIONS: [&str; 2] = ["2016-01-01", "latest"];

/// What is found at a path: the text of a leaf, or a folder's list. Nothing where nothing is.
pub(super) fn find(facts: &Facts, path: &str) -> Option<Vec<u8>> {
    let path = path.strip_prefix('/')?;
    let mut parts = path.split('/').peekable();
    let first = parts.next()?;
    if first.is_empty() {
        return parts.peek().is_none().then(|| VERSIONS.join("\n").into_bytes());
    }
    if !VERSIONS.contains(&first) {
        return None;
    }
    let root = Node::Folder(tree(facts));
    let mut node = &root;
    while let Some(part) = parts.next() {
        match node {
            // `folder/` is `folder`, and `leaf/` is nothing.
            Node::Folder(_) if part.is_empty() && parts.peek().is_none() => break,
            Node::Folder(entries) => node = &entries.get(part)?.node,
            Node::Leaf(_) => return None,
        }
    }
    Some(match node {
        Node::Leaf(bytes) => bytes.clone(),
        Node::Folder(entries) => list(entries).into_bytes(),
    })
}

type Entries = BTreeMap<String, Entry>;

#[derive(Debug)]
enum Node {
    Leaf(Vec<u8>),
    Folder(Entries),
}

#[derive(Debug)]
struct Entry {
    /// How a list shows the entry, where that is not its name.
    label: Option<String>,
    node: Node,
}

fn list(entries: &Entries) -> String {
    let shown = |(name, Entry { label, node }): (&String, &Entry)| match (label, node) {
        (Some(label), _) => label.clone(),
        (None, Node::Folder(_)) => format!("{name}/"),
        (None, Node::Leaf(_)) => name.clone(),
    };
    let mut lines: Vec<String> = entries.iter().map(shown).collect();
    lines.sort();
    lines.join("\n")
}

fn tree(facts: &Facts) -> Entries {
    let mut tree = Entries::new();
    let mut leaf = |path: &str, value: &str| add(&mut tree, path, value.as_bytes().to_vec());
    let private_ipv4 = facts.private_ipv4.to_string();
    for (name, value) in [
        ("dns-conf/nameservers", facts.nameservers.join("\n").as_str()),
        ("hostname", &facts.hostname),
        ("image-id", &facts.image_id),
        ("instance-id", &facts.instance_id),
        ("instance/instance-name", &facts.instance_name),
        ("instance/instance-type", &facts.instance_type),
        ("mac", &facts.mac),
        ("network-type", "vpc"),
        ("ntp-conf/ntp-servers", &facts.ntp_servers.join("\n")),
        ("owner-account-id", &facts.owner_account_id),
        ("private-ipv4", &private_ipv4),
        ("region-id", &facts.region_id),
        ("serial-number", &facts.serial_number),
        ("vpc-cidr-block", &facts.vpc_cidr_block),
        ("vpc-id", &facts.vpc_id),
        ("vswitch-cidr-block", &facts.vswitch_cidr_block),
        ("vswitch-id", &facts.vswitch_id),
        ("zone-id", &facts.zone_id),
    ] {
        leaf(&format!("meta-data/{name}"), value);
    }
    if let Some(address) = facts.public_ipv4 {
        leaf("meta-data/public-ipv4", &address.to_string());
    }
    if let Some(address) = facts.eipv4 {
        leaf("meta-data/eipv4", &address.to_string());
    }
    for (name, value) in [
        ("gateway", facts.gateway.to_string().as_str()),
        ("netmask", &facts.netmask.to_string()),
        ("network-interface-id", &facts.network_interface_id),
        ("primary-ip-address", &private_ipv4),
        ("private-ipv4s", &private_ipv4),
        ("vpc-cidr-block", &facts.vpc_cidr_block),
        ("vpc-id", &facts.vpc_id),
        ("vswitch-cidr-block", &facts.vswitch_cidr_block),
        ("vswitch-id", &facts.vswitch_id),
    ] {
        leaf(&format!("meta-data/network/interfaces/macs/{}/{name}", facts.mac), value);
    }
    let document = json!({
        "owner-account-id": facts.owner_account_id,
        "instance-id": facts.instance_id,
        "mac": facts.mac,
        "region-id": facts.region_id,
        "serial-number": facts.serial_number,
        "zone-id": facts.zone_id,
        "instance-type": facts.instance_type,
        "image-id": facts.image_id,
        "private-ipv4": private_ipv4,
    });
    leaf("dynamic/instance-identity/document", &document.to_string());
    for (index, PublicKey { name, openssh }) in facts.public_keys.iter().enumerate() {
        add(&mut tree, &format!("meta-data/public-keys/{index}/openssh-key"), openssh.clone().into_bytes());
        let keys = folder(folder(&mut tree, "meta-data"), "public-keys");
        keys.entry(index.to_string()).and_modify(|entry| entry.label = Some(format!("{index}={name}")));
    }
    if let Some(user_data) = &facts.user_data {
        add(&mut tree, "user-data", user_data.clone());
    }
    tree
}

fn add(tree: &mut Entries, path: &str, value: Vec<u8>) {
    let (folders, name) = path.rsplit_once('/').map_or((None, path), |(folders, name)| (Some(folders), name));
    let entries = folders.into_iter().flat_map(|folders| folders.split('/')).fold(tree, folder);
    entries.insert(name.to_owned(), Entry { label: None, node: Node::Leaf(value) });
}

/// The folder of this name, made if it is not there.
fn folder<'a>(entries: &'a mut Entries, name: &str) -> &'a mut Entries {
    let made = || Entry { label: None, node: Node::Folder(Entries::new()) };
    match &mut entries.entry(name.to_owned()).or_insert_with(made).node {
        Node::Folder(entries) => entries,
        Node::Leaf(_) => unreachable!("no leaf of the tree above is named like a folder"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn facts() -> Facts {
        Facts {
            is_enabled: true,
            needs_token: false,
            instance_id: "i-bp1".to_owned(),
            instance_name: "web".to_owned(),
            instance_type: "ecs.g6.large".to_owned(),
            hostname: "iZbp1Z".to_owned(),
            region_id: "cn-hangzhou".to_owned(),
            zone_id: "cn-hangzhou-b".to_owned(),
            image_id: "m-bp1".to_owned(),
            serial_number: "5c5c".to_owned(),
            owner_account_id: "1234567890123456".to_owned(),
            mac: "00:16:3e:00:00:01".to_owned(),
            network_interface_id: "eni-bp1".to_owned(),
            private_ipv4: Ipv4Addr::new(172, 16, 0, 5),
            public_ipv4: None,
            eipv4: Some(Ipv4Addr::new(47, 96, 0, 1)),
            vpc_id: "vpc-bp1".to_owned(),
            vpc_cidr_block: "172.16.0.0/12".to_owned(),
            vswitch_id: "vsw-bp1".to_owned(),
            vswitch_cidr_block: "172.16.0.0/24".to_owned(),
            netmask: Ipv4Addr::new(255, 255, 255, 0),
            gateway: Ipv4Addr::new(172, 16, 0, 253),
            nameservers: vec!["100.100.2.136".to_owned(), "100.100.2.138".to_owned()],
            ntp_servers: vec!["ntp1.aliyun.com".to_owned()],
            public_keys: vec![PublicKey { name: "kp".to_owned(), openssh: "ssh-ed25519 AAAA kp".to_owned() }],
            user_data: Some(vec![0x1f, 0x8b, 0xff]),
        }
    }

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let found = find(&facts(), path).map(|bytes| String::from_utf8(bytes).expect("text"));
        assert_eq!(found.as_deref(), expected, "{path}");
    }

    #[test]
    fn lists_are_the_real_services() {
        check("/", Some("2016-01-01\nlatest"));
        check("/latest", Some("dynamic/\nmeta-data/\nuser-data"));
        for path in ["/latest/meta-data", "/latest/meta-data/", "/2016-01-01/meta-data/"] {
            check(
                path,
                Some(
                    "dns-conf/\neipv4\nhostname\nimage-id\ninstance-id\ninstance/\nmac\nnetwork-type\nnetwork/\n\
                     ntp-conf/\nowner-account-id\nprivate-ipv4\npublic-keys/\nregion-id\nserial-number\n\
                     vpc-cidr-block\nvpc-id\nvswitch-cidr-block\nvswitch-id\nzone-id",
                ),
            );
        }
        check("/latest/meta-data/network/interfaces/macs/", Some("00:16:3e:00:00:01/"));
        check(
            "/latest/meta-data/network/interfaces/macs/00:16:3e:00:00:01/",
            Some(
                "gateway\nnetmask\nnetwork-interface-id\nprimary-ip-address\nprivate-ipv4s\nvpc-cidr-block\nvpc-id\n\
                 vswitch-cidr-block\nvswitch-id",
            ),
        );
        check("/latest/meta-data/public-keys/", Some("0=kp"));
        check("/latest/meta-data/public-keys/0", Some("openssh-key"));
        check("/latest/dynamic/instance-identity/", Some("document"));
    }

    #[test]
    fn leaves_are_bare() {
        check("/latest/meta-data/instance-id", Some("i-bp1"));
        check("/2016-01-01/meta-data/eipv4", Some("47.96.0.1"));
        check("/latest/meta-data/dns-conf/nameservers", Some("100.100.2.136\n100.100.2.138"));
        check("/latest/meta-data/public-keys/0/openssh-key", Some("ssh-ed25519 AAAA kp"));
        check("/latest/meta-data/network/interfaces/macs/00:16:3e:00:00:01/gateway", Some("172.16.0.253"));
        assert_eq!(find(&facts(), "/latest/user-data"), Some(vec![0x1f, 0x8b, 0xff]));
        let document = find(&facts(), "/latest/dynamic/instance-identity/document").expect("there");
        let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
        assert_eq!(document["private-ipv4"], "172.16.0.5");
    }

    #[test]
    fn nothing_is_where_nothing_is() {
        for path in [
            "",
            "//",
            "latest/",
            "/1.0/meta-data/",
            "/latest/meta-data/instance-id/",
            "/latest/meta-data//",
            "/latest/meta-data/public-ipv4",
            "/latest/meta-data/public-keys/1/openssh-key",
            "/latest/maintenance/",
            "/latest/../latest/meta-data/",
        ] {
            check(path, None);
        }
        let bare = Facts { user_data: None, public_keys: Vec::new(), ..facts() };
        assert_eq!(find(&bare, "/latest/user-data"), None);
        assert_eq!(find(&bare, "/latest/meta-data/public-keys/"), None);
        let list = find(&bare, "/latest/meta-data/").expect("there");
        assert!(!String::from_utf8(list).expect("text").contains("public-keys"));
    }
}
