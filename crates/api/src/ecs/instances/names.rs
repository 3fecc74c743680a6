//! What the servers of one launch are called, and what they call themselves.
//!
//! A name may count: `web-[6,4]-x` gives `web-0006-x`, `web-0007-x`, … (RunInstances, `InstanceName` and `HostName`). One
//! that does not may get a number at its end (`UniqueSuffix`), and a host name may hold its server's id.

use model::{HostName, InstanceId, OsType, ResourceName};
use wire::Params;

use crate::code::{ApiResult, Code};
use crate::input;

/// Digits of the number that `UniqueSuffix` appends.
const SUFFIX_DIGITS: usize = 3;

/// The longest name of a server.
const LONGEST_NAME: usize = 128;

/// The longest name of a host that a system can have.
fn longest_host_name(system: OsType) -> usize {
    if system == OsType::Windows { 15 } else { 64 }
}

/// Whether a system can have this name.
pub(crate) fn fits(system: OsType, name: &HostName) -> bool {
    name.as_str().len() <= longest_host_name(system)
}

/// The name of a host that was given none: its server's id, or as much of it as fits.
pub(crate) fn own_host_name(id: &InstanceId, system: OsType) -> HostName {
    let tail: String = id.as_str().trim_start_matches("i-").chars().take(longest_host_name(system) - 3).collect();
    format!("iZ{tail}Z").parse().expect("an id has letters and digits only")
}

/// Stands for a server's id in a host name.
const ID: &str = "${instance_id}";

/// Names as a launch asks for them.
pub(super) struct Names {
    server: Option<Pattern>,
    host: Option<Pattern>,
    /// One host name for each server.
    hosts: Vec<HostName>,
    unique_suffix: bool,
}

impl Names {
    /// Reads the names of the one server that a call makes.
    pub(super) fn of_one(params: &Params) -> ApiResult<Self> {
        let plain = |name: &str| params.get(name).map(Pattern::plain);
        let names =
            Self { server: plain("InstanceName"), host: plain("HostName"), hosts: Vec::new(), unique_suffix: false };
        names.check(1)?;
        Ok(names)
    }

    /// Reads the names of so many servers.
    pub(super) fn of_several(params: &Params, amount: u32) -> ApiResult<Self> {
        let pattern = |name: &str| params.get(name).map(Pattern::read).transpose();
        let hosts = params.list("HostNames");
        let names = Self {
            server: pattern("InstanceName")?,
            host: pattern("HostName")?,
            hosts: hosts
                .iter()
                .map(|(_, name)| name.parse().map_err(|_| Code::HostNameMalformed.error()))
                .collect::<ApiResult<_>>()?,
            unique_suffix: input::flag(params, "UniqueSuffix")? && 1 < amount,
        };
        if !names.hosts.is_empty() && names.host.is_some() {
            return Err(Code::HostNameBesideHostNames.error());
        }
        if !names.hosts.is_empty() && names.hosts.len() != amount as usize {
            return Err(Code::HostNamesNotAsManyAsServers.error());
        }
        names.check(amount)?;
        Ok(names)
    }

    /// Refuses what could not be a name, before anything is made.
    fn check(&self, amount: u32) -> ApiResult<()> {
        let last = amount - 1;
        for name in self.server.iter().flat_map(|server| [server.at(0), server.at(last)]) {
            name.parse::<ResourceName>().map_err(|_| Code::InstanceNameMalformed)?;
        }
        if self.server.as_ref().is_some_and(|server| self.is_too_long(server, LONGEST_NAME)) {
            return Err(Code::InstanceNameTooLongForSuffix.error());
        }
        for name in self.host.iter().flat_map(|host| [host.at(0), host.at(last)]) {
            name.replace(ID, "i-0").parse::<HostName>().map_err(|_| Code::HostNameMalformed)?;
        }
        Ok(())
    }

    /// Refuses host names that the image's system cannot have.
    pub(super) fn check_for(&self, system: OsType) -> ApiResult<()> {
        if !self.hosts.iter().all(|name| fits(system, name)) {
            return Err(Code::HostNameMalformed.error());
        }
        let longest = longest_host_name(system);
        let Some(host) = &self.host else { return Ok(()) };
        if longest < host.at(0).replace(ID, "").len() {
            return Err(Code::HostNameMalformed.error());
        }
        if self.is_too_long(host, longest) { Err(Code::HostNameTooLongForSuffix.error()) } else { Ok(()) }
    }

    /// Whether a name has no room for the number at its end.
    fn is_too_long(&self, name: &Pattern, longest: usize) -> bool {
        self.has_suffix(name) && longest < name.at(0).chars().count() + SUFFIX_DIGITS
    }

    /// Whether a name gets a number at its end. One that ends with a number of its own does not.
    fn has_suffix(&self, name: &Pattern) -> bool {
        self.unique_suffix && !name.ends_with_number()
    }

    /// The name of the `n`th server, counted from 0.
    pub(super) fn server(&self, id: &InstanceId, n: u32) -> ApiResult<ResourceName> {
        let name = self.server.as_ref().map_or_else(|| id.to_string(), |server| self.numbered(server, n));
        name.parse().map_err(|_| Code::InstanceNameMalformed.error())
    }

    /// The name of its host.
    pub(super) fn host(&self, (id, system): (&InstanceId, OsType), n: u32) -> ApiResult<HostName> {
        if let Some(name) = self.hosts.get(n as usize) {
            return Ok(name.clone());
        }
        let Some(host) = &self.host else { return Ok(own_host_name(id, system)) };
        let name = self.numbered(host, n).replace(ID, id.as_str());
        name.parse().ok().filter(|name| fits(system, name)).ok_or_else(|| Code::HostNameMalformed.error())
    }

    fn numbered(&self, name: &Pattern, n: u32) -> String {
        let own = name.at(n);
        if self.has_suffix(name) { format!("{own}{:0SUFFIX_DIGITS$}", n + 1) } else { own }
    }
}

/// A name that may count.
struct Pattern {
    prefix: String,
    counter: Option<Counter>,
    suffix: String,
}

/// The number in a name.
struct Counter {
    first: u32,
    digits: usize,
}

impl Counter {
    const MOST_DIGITS: usize = 6;

    /// Reads `6,4`: the first number and its digits, either of which may be left out.
    fn read(text: &str) -> Option<Self> {
        let (first, digits) = if text.is_empty() { ("", "") } else { text.split_once(',')? };
        let is_number = |text: &str| text.len() <= Self::MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(first) || !is_number(digits) {
            return None;
        }
        let wanted = if digits.is_empty() { Self::MOST_DIGITS } else { digits.parse().ok()? };
        if !(1..=Self::MOST_DIGITS).contains(&wanted) {
            return None;
        }
        // Digits that are too few for the first number are none that were asked for.
        let digits = if wanted < first.len() { Self::MOST_DIGITS } else { wanted };
        Some(Self { first: if first.is_empty() { 0 } else { first.parse().ok()? }, digits })
    }
}

impl Pattern {
    fn plain(name: &str) -> Self {
        Self { prefix: name.to_owned(), counter: None, suffix: String::new() }
    }

    /// A name of the call. Without something before the bracket it is a name like any other.
    fn read(name: &str) -> ApiResult<Self> {
        let Some((prefix, rest)) = name.split_once('[').filter(|(prefix, _)| !prefix.is_empty()) else {
            return Ok(Self::plain(name));
        };
        let (inside, suffix) = rest.split_once(']').ok_or(Code::CountingNameMalformed)?;
        let counter = Counter::read(inside).ok_or(Code::CountingNameMalformed)?;
        Ok(Self { prefix: prefix.to_owned(), counter: Some(counter), suffix: suffix.to_owned() })
    }

    /// The `n`th name, counted from 0.
    fn at(&self, n: u32) -> String {
        let Self { prefix, counter, suffix } = self;
        match counter {
            Some(Counter { first, digits }) => format!("{prefix}{:0digits$}{suffix}", first + n),
            None => prefix.clone(),
        }
    }

    fn ends_with_number(&self) -> bool {
        self.counter.is_some() && self.suffix.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(params: &[(&str, &str)], amount: u32) -> Result<Vec<(String, String)>, Code> {
        let pairs = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let params = Params::new(pairs.collect());
        let names = Names::of_several(&params, amount).map_err(|error| error.code())?;
        names.check_for(OsType::Linux).map_err(|error| error.code())?;
        let id: InstanceId = "i-bp1".parse().expect("an id");
        let both = |n| Ok((names.server(&id, n)?.to_string(), names.host((&id, OsType::Linux), n)?.to_string()));
        (0..amount).map(both).collect::<ApiResult<_>>().map_err(|error| error.code())
    }

    #[test]
    fn names_that_count() {
        let servers = |name: &str, amount| -> Vec<String> {
            names(&[("InstanceName", name)], amount).expect("names").into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(servers("web-[6,4]-x", 2), ["web-0006-x", "web-0007-x"]);
        assert_eq!(servers("web[]", 1), ["web000000"]);
        assert_eq!(servers("web[,]", 1), ["web000000"]);
        assert_eq!(servers("web[,2]", 2), ["web00", "web01"]);
        assert_eq!(servers("web[1234,1]", 1), ["web001234"], "too few digits are six");
        assert_eq!(servers("web[99,2]", 2), ["web99", "web100"], "and no name comes twice");
        for bad in ["web[1]", "web[1,7]", "web[ 1,2]", "web[1,0]", "web[1234567,]", "web[1,2", "web[-1,2]"] {
            assert_eq!(names(&[("InstanceName", bad)], 1), Err(Code::CountingNameMalformed), "{bad}");
            assert_eq!(names(&[("HostName", bad)], 1), Err(Code::CountingNameMalformed), "{bad}");
        }
    }

    #[test]
    fn names_that_get_a_number() {
        let two = |name: &str| names(&[("InstanceName", name), ("UniqueSuffix", "true")], 2);
        assert_eq!(two("web").expect("names")[1].0, "web002");
        assert_eq!(two("web[1,2]").expect("names")[1].0, "web02", "which ends with one of its own");
        assert_eq!(two("web[1,2]x").expect("names")[1].0, "web02x002");
        assert_eq!(two(&"w".repeat(126)), Err(Code::InstanceNameTooLongForSuffix));
        let host = "h".repeat(62);
        let long = [("HostName", host.as_str()), ("UniqueSuffix", "true")];
        assert_eq!(names(&long, 2), Err(Code::HostNameTooLongForSuffix));
        assert_eq!(names(&long, 1).expect("names")[0].1, host, "one server needs no number");
    }

    #[test]
    fn names_of_hosts() {
        let each = [("HostNames.1", "one"), ("HostNames.2", "two")];
        let made: Vec<String> = names(&each, 2).expect("names").into_iter().map(|(_, host)| host).collect();
        assert_eq!(made, ["one", "two"]);
        assert_eq!(names(&each, 3), Err(Code::HostNamesNotAsManyAsServers));
        assert_eq!(names(&[each[0], ("HostName", "one")], 1), Err(Code::HostNameBesideHostNames));
        assert_eq!(names(&[("HostName", "k8s-${instance_id}")], 1).expect("names")[0].1, "k8s-i-bp1");
        assert_eq!(names(&[], 1).expect("names")[0], ("i-bp1".to_owned(), "iZbp1Z".to_owned()));
        let id = "i-bp1abcdefghijklmnop".parse().expect("an id");
        assert_eq!(own_host_name(&id, OsType::Linux).as_str(), "iZbp1abcdefghijklmnopZ");
        assert_eq!(own_host_name(&id, OsType::Windows).as_str(), "iZbp1abcdefghiZ", "as long as NetBIOS takes");
    }
}
