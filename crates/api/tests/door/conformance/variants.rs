//! The variants of a call, from the facts of its action.

use http::HeaderMap;
use model::{Entropy as _, SystemEntropy};
use serde_json::Value;
use wire::call::HttpCall;
use wire::{acs3, encode};

use super::facts::{Facts, Param};
use super::fixture::{Fixture, Part};
use super::judge;
use super::report::Outcome;
use super::samples;
use crate::support::{KEY, OTHER_KEY};

/// A text that is no value of any enumeration, no number and no truth value.
const NONSENSE: &str = "Nonsense-value";

/// Parameters that hold a resource's id, with the kind of the fixture's resources.
const KINDS: &[(&str, &str)] = &[
    ("ImageId", "image"),
    ("InstanceId", "instance"),
    ("DiskId", "disk"),
    ("SnapshotId", "snapshot"),
    ("SystemSnapshotId", "snapshot"),
    ("DataSnapshotId", "snapshot"),
    ("TaskId", "task"),
];

pub type Params = Vec<(String, String)>;

/// Runs every variant of an action.
pub async fn run(facts: &Facts, outcome: &mut Outcome) {
    let parts = Part::needed(facts.product, samples::of(&facts.key()));
    let mut runner = Runner { facts, fixture: Fixture::new(&parts).await, parts, is_used: false };
    runner.required(outcome).await;
    for (name, param) in &facts.params {
        runner.values(name, param, outcome).await;
    }
    runner.region(outcome).await;
    runner.permission(outcome).await;
    runner.foreign(outcome).await;
    runner.dry(outcome).await;
    runner.token(outcome).await;
    runner.succeed(outcome).await;
    runner.formats(outcome).await;
    runner.resources(outcome).await;
}

/// One action in one world; in another one once a call has changed it.
struct Runner<'a> {
    facts: &'a Facts,
    fixture: Fixture,
    /// What of the fixture there is.
    parts: Vec<Part>,
    is_used: bool,
}

impl Runner<'_> {
    /// The sample of the action in a world in which it succeeds.
    async fn sample(&mut self) -> Params {
        if self.is_used {
            self.fixture = Fixture::new(&self.parts).await;
            self.is_used = false;
        }
        // The limit of ten calls a minute is not what variants are about.
        self.fixture.world.clock.advance_millis(60_000);
        let sample = samples::of(&self.facts.key());
        sample.iter().map(|(name, template)| ((*name).to_owned(), self.fixture.fill(template))).collect()
    }

    fn caller(&self) -> String {
        if samples::BY_USER.contains(&self.facts.key().as_str()) { self.fixture.get("assumer") } else { KEY.to_owned() }
    }

    fn reads(&self) -> bool {
        ["Describe", "List", "Get"].iter().any(|verb| self.facts.action.starts_with(verb))
    }

    async fn call_as(&mut self, key: &str, params: &Params) -> (u16, Value) {
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.fixture.world.call_as(key, self.facts.version(), &self.facts.action, &params).await;
        self.is_used |= answer.0 == 200 && !self.reads();
        answer
    }

    /// Calls, notes the code that is reached, and says whether the answer is one that the documents know.
    async fn documented(&mut self, params: &Params, outcome: &mut Outcome) -> ((u16, Value), Result<(), String>) {
        let (status, body) = self.call_as(&self.caller(), params).await;
        outcome.answered_with(status, &body);
        let verdict =
            if status == 200 { judge::success(self.facts, &body) } else { judge::error(self.facts, status, &body) };
        ((status, body), verdict)
    }

    /// A call that must be refused; the code that it is refused with.
    async fn refused(
        &mut self,
        name: &str,
        (wire, value): (&str, Option<&str>),
        outcome: &mut Outcome,
    ) -> Option<String> {
        let params = with(&self.sample().await, wire, value);
        let ((status, body), verdict) = self.documented(&params, outcome).await;
        let verdict = if status == 200 { Err("it was accepted".to_owned()) } else { verdict };
        outcome.check(name, verdict);
        (status != 200).then(|| body["Code"].as_str().unwrap_or_default().to_owned())
    }

    /// A call that must not be refused as the one of another variant was.
    async fn accepted(
        &mut self,
        name: &str,
        (wire, value): (&str, &str),
        as_bad: Option<&String>,
        outcome: &mut Outcome,
    ) {
        let params = with(&self.sample().await, wire, Some(value));
        let ((status, body), verdict) = self.documented(&params, outcome).await;
        let is_same = status != 200 && as_bad.is_some_and(|bad| body["Code"].as_str() == Some(bad));
        let verdict = if is_same { Err(format!("it is refused with {}", body["Code"])) } else { verdict };
        outcome.check(name, verdict);
    }

    async fn required(&mut self, outcome: &mut Outcome) {
        let facts = self.facts;
        for (name, _) in facts.params.iter().filter(|(_, param)| param.required) {
            let wire = concrete(name);
            // The sample may do without it, whatever the table says; and a region that no document misses is the one of the
            // host, or the first.
            let is_implied = name == "RegionId" && !facts.misses_region();
            if self.sample().await.iter().any(|(known, _)| *known == wire) && !is_implied {
                self.refused(&format!("{name} is missing"), (&wire, None), outcome).await;
                self.refused(&format!("{name} is empty"), (&wire, Some("")), outcome).await;
            }
        }
    }

    /// A region that no document knows.
    async fn region(&mut self, outcome: &mut Outcome) {
        if self.facts.params.contains_key("RegionId") {
            self.refused("RegionId is unknown", ("RegionId", Some("cn-nowhere")), outcome).await;
        }
    }

    /// Values of one parameter at, under and past what there may be.
    async fn values(&mut self, name: &str, param: &Param, outcome: &mut Outcome) {
        let wire = concrete(name);
        let wire = wire.as_str();
        if !param.r#enum.is_empty() {
            let bad = self.refused(&format!("{name} outside its values"), (wire, Some(NONSENSE)), outcome).await;
            for value in &param.r#enum {
                self.accepted(&format!("{name} is {value}"), (wire, value), bad.as_ref(), outcome).await;
            }
        }
        if let Some((least, most)) = param.length
            && param.r#enum.is_empty()
        {
            let text = |length: usize| text_of(name, length);
            let name_of = |length: usize| format!("{name} of {length} characters");
            let bad = self.refused(&name_of(most + 1), (wire, Some(&text(most + 1))), outcome).await;
            self.accepted(&name_of(most), (wire, &text(most)), bad.as_ref(), outcome).await;
            if 1 < least {
                self.refused(&name_of(least - 1), (wire, Some(&text(least - 1))), outcome).await;
                self.accepted(&name_of(least), (wire, &text(least)), bad.as_ref(), outcome).await;
            }
        }
        match param.r#type.as_str() {
            "integer" | "long" | "float" if param.r#enum.is_empty() => self.numbers(name, wire, param, outcome).await,
            "boolean" => {
                let bad = self.refused(&format!("{name} is no truth value"), (wire, Some(NONSENSE)), outcome).await;
                // A dry run is a variant of its own.
                for value in ["true", "False"].into_iter().filter(|_| name != "DryRun") {
                    self.accepted(&format!("{name} is {value}"), (wire, value), bad.as_ref(), outcome).await;
                }
            }
            _ => {}
        }
        if let (Some(most), Some((list, _))) = (param.items, name.split_once(".N"))
            && !name.contains("Account")
            && (name.ends_with(".N") || name.ends_with(".N.Key"))
        {
            let params = many(&self.sample().await, list, name, most + 1);
            let ((status, _), verdict) = self.documented(&params, outcome).await;
            let verdict = if status == 200 { Err("it was accepted".to_owned()) } else { verdict };
            outcome.check(&format!("{} of {list}", most + 1), verdict);
        }
        if let Some(most) = param.json_items {
            let list =
                |n: usize| serde_json::to_string(&(0..n).map(|n| format!("x-{n}")).collect::<Vec<_>>()).expect("JSON");
            let bad = self.refused(&format!("{} of {name}", most + 1), (wire, Some(&list(most + 1))), outcome).await;
            self.accepted(&format!("{most} of {name}"), (wire, &list(most)), bad.as_ref(), outcome).await;
            self.refused(&format!("{name} is no JSON"), (wire, Some("[nonsense")), outcome).await;
        }
    }

    async fn numbers(&mut self, name: &str, wire: &str, param: &Param, outcome: &mut Outcome) {
        let bad = self.refused(&format!("{name} is no number"), (wire, Some(NONSENSE)), outcome).await;
        let (least, most) = param.range.unwrap_or((None, None));
        if let Some(most) = most {
            let past = (most + 1).to_string();
            let past = self.refused(&format!("{name} is {past}"), (wire, Some(&past)), outcome).await;
            self.accepted(&format!("{name} is {most}"), (wire, &most.to_string()), past.as_ref(), outcome).await;
        }
        if let Some(least) = least {
            let under = (least - 1).to_string();
            self.refused(&format!("{name} is {under}"), (wire, Some(&under)), outcome).await;
            self.accepted(&format!("{name} is {least}"), (wire, &least.to_string()), bad.as_ref(), outcome).await;
        }
    }

    /// Nobody may, who has no policy that says so; and a denial says of whom and what it is.
    async fn permission(&mut self, outcome: &mut Outcome) {
        let sample = self.sample().await;
        let nobody = self.fixture.get("powerless");
        let (status, body) = self.call_as(&nobody, &sample).await;
        outcome.answered_with(status, &body);
        let is_open = self.facts.key() == "sts/GetCallerIdentity";
        let verdict = match (is_open, status) {
            (true, 200) => Ok(()),
            (false, 400 | 403) => {
                let detail = &body["AccessDeniedDetail"];
                let told = detail["NoPermissionType"] == "ImplicitDeny" && detail["AuthPrincipalType"] == "SubUser";
                let code = body["Code"].as_str().unwrap_or_default();
                let is_denial = ["Forbidden.RAM", "NoPermission", "Forbbiden"].contains(&code);
                if told && is_denial { judge::error(self.facts, status, &body) } else { Err(format!("{body}")) }
            }
            _ => Err(format!("{status} {}", body["Code"])),
        };
        outcome.check("without permission", verdict);
    }

    /// To another account, what it does not see does not exist.
    async fn foreign(&mut self, outcome: &mut Outcome) {
        let sample = self.sample().await;
        let (status, body) = self.call_as(OTHER_KEY, &sample).await;
        outcome.answered_with(status, &body);
        let names_something = !samples::names(samples::of(&self.facts.key())).is_empty();
        let is_shown = body.to_string().contains(&self.fixture.get("account"));
        let verdict = if status != 200 {
            judge::error(self.facts, status, &body)
        } else if names_something && !self.reads() && !UNMOVED.contains(&self.facts.key().as_str()) {
            Err("another account's resource was changed".to_owned())
        } else if is_shown && names_something {
            Err(format!("another account's resource was shown: {body}"))
        } else {
            judge::success(self.facts, &body)
        };
        outcome.check("by another account", verdict);
    }

    async fn dry(&mut self, outcome: &mut Outcome) {
        if !self.facts.params.contains_key("DryRun") {
            return;
        }
        let dry = with(&self.sample().await, "DryRun", Some("True"));
        let ((status, body), _) = self.documented(&dry, outcome).await;
        let code = body["Code"].as_str().unwrap_or_default();
        // The one or the other, by action; few documents list it.
        let is_dry = status == 400 && (code == "DryRunOperation" || code == "DRYRUN.SUCCESS");
        outcome.check("a dry run of what would succeed", if is_dry { Ok(()) } else { Err(format!("{status} {code}")) });
    }

    /// Resources in every state, deleted, and such as never were.
    async fn resources(&mut self, outcome: &mut Outcome) {
        let names_one = |(name, _): &(&str, &str)| {
            let has = |(wire, _): &(&str, &str)| wire == name || *wire == format!("{name}.1");
            samples::of(&self.facts.key()).iter().any(has)
        };
        if !KINDS.iter().any(names_one) {
            return;
        }
        self.parts = Part::ALL.to_vec();
        self.is_used = true;
        for (name, kind) in KINDS {
            let sample = self.sample().await;
            let is_it = |wire: &str| wire == *name || wire == format!("{name}.1");
            let Some((wire, _)) = sample.iter().find(|(wire, _)| is_it(wire)).cloned() else { continue };
            let is_swas = self.facts.product == "swas" && *kind != "task";
            let kind = if is_swas { format!("swas-{kind}") } else { (*kind).to_owned() };
            let stem = STEMS.iter().find(|(of, _)| kind.ends_with(of)).map_or("", |(_, stem)| stem);
            for (what, value) in [("unknown", format!("{stem}nobodyknows0000000")), ("malformed", "?*/".to_owned())] {
                let params = with(&self.sample().await, &wire, Some(&value));
                let ((status, _), verdict) = self.documented(&params, outcome).await;
                let may_be = self.reads() || IGNORES_UNKNOWN.contains(&self.facts.key().as_str());
                let verdict = if status == 200 && !may_be { Err("it was accepted".to_owned()) } else { verdict };
                outcome.check(&format!("{name} is {what}"), verdict);
            }
            for (state, _) in self.fixture.of_kind(&kind) {
                let sample = self.sample().await;
                let params = with(&sample, &wire, Some(&self.fixture.get(&state)));
                let (_, verdict) = self.documented(&params, outcome).await;
                outcome.check(&format!("{name} is {state}"), verdict);
            }
        }
    }

    /// The same token twice is the same answer; with other parameters it is refused.
    async fn token(&mut self, outcome: &mut Outcome) {
        if !self.facts.params.contains_key("ClientToken") || self.reads() {
            return;
        }
        let with_token = with(&self.sample().await, "ClientToken", Some("conformance-1"));
        let ((status, mut first), _) = self.documented(&with_token, outcome).await;
        if status != 200 {
            outcome.check("the same token twice", Err(format!("the first call failed: {}", first["Code"])));
            return;
        }
        let ((status, mut second), _) = self.documented(&with_token, outcome).await;
        for answer in [&mut first, &mut second] {
            answer.as_object_mut().expect("an object").shift_remove("RequestId");
        }
        let same = if status == 200 && first == second { Ok(()) } else { Err(format!("{first} and then {second}")) };
        outcome.check("the same token twice", same);
        let other = other_than(self.facts, &with_token);
        let ((status, body), verdict) = self.documented(&other, outcome).await;
        let code = body["Code"].as_str().unwrap_or_default();
        let is_mismatch = ["Idempoten", "InvalidParamter.Conflict"].iter().any(|start| code.starts_with(start));
        let verdict = if is_mismatch { verdict } else { Err(format!("{status} {code}")) };
        outcome.check("the same token with other parameters", verdict);
    }

    async fn succeed(&mut self, outcome: &mut Outcome) {
        let sample = self.sample().await;
        let ((status, body), verdict) = self.documented(&sample, outcome).await;
        if status != 200 {
            outcome.check("a call that succeeds", Err(format!("{status} {} {}", body["Code"], body["Message"])));
            return;
        }
        outcome.check("a call that succeeds", verdict);
        outcome.answered(&body);
        let outermost = self.facts.answer.keys().filter(|path| !path.contains('.'));
        outcome.absent(outermost.filter(|path| body.get(path.trim_end_matches("[]")).is_none()).cloned().collect());
    }

    /// The same call in XML, and with the other signature.
    async fn formats(&mut self, outcome: &mut Outcome) {
        let sample = self.sample().await;
        let params: Vec<(&str, &str)> = sample.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (version, action, caller) = (self.facts.version(), self.facts.action.as_str(), self.caller());
        let xml = self.fixture.world.raw(&caller, version, action, &params, "XML").await;
        let fine = xml.status == 200
            && xml.content_type == "text/xml;charset=utf-8"
            && xml.body.contains(&format!("<{action}Response>"))
            && xml.body.contains("<RequestId>");
        outcome.check("in XML", if fine { Ok(()) } else { Err(format!("{} {}", xml.status, xml.body)) });

        self.is_used |= !self.reads();
        let sample = self.sample().await;
        let params: Vec<(&str, &str)> = sample.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.by_acs3(&params).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let verdict = if answer.status == 200 { judge::success(self.facts, &body) } else { Err(answer.body) };
        outcome.check("with the newer signature", verdict);
    }

    async fn by_acs3(&self, params: &[(&str, &str)]) -> wire::Answer {
        let world = &self.fixture.world;
        let mut nonce = [0; 16];
        SystemEntropy.fill(&mut nonce);
        let query = encode::canonical_query(params.iter().copied());
        let host = "127.0.0.1:7070";
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", host.to_owned()),
            ("x-acs-action", self.facts.action.clone()),
            ("x-acs-content-sha256", DIGEST_OF_NOTHING.to_owned()),
            ("x-acs-date", world.engine.clock().now().seconds()),
            ("x-acs-signature-nonce", u128::from_le_bytes(nonce).to_string()),
            ("x-acs-version", self.facts.version().to_owned()),
        ] {
            headers.insert(name, value.parse().expect("a header"));
        }
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        let signed = acs3::Signed { method: "POST", path: "/", query: &query, headers: &headers, host, body: b"" };
        let signature = acs3::sign("secret", &acs3::string_to_sign(&signed.canonical_request(&names)));
        let (algorithm, caller, names) = (acs3::ALGORITHM, self.caller(), names.join(";"));
        let authorization = format!("{algorithm} Credential={caller},SignedHeaders={names},Signature={signature}");
        headers.insert("authorization", authorization.parse().expect("a header"));
        let call = HttpCall {
            method: "POST",
            path: "/",
            query: &query,
            host,
            headers: &headers,
            body: b"",
            peer: None,
            is_secure: false,
        };
        world.api.call(call).await
    }
}

/// SHA-256 of an empty body.
const DIGEST_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What ids of a kind begin with.
const STEMS: &[(&str, &str)] =
    &[("image", "m-"), ("instance", "i-"), ("disk", "d-"), ("snapshot", "s-"), ("task", "t-")];

/// What a member of a structure must come with.
const COMPANIONS: &[(&str, &[(&str, &str)])] = &[
    ("DataDisk.1.", &[("DataDisk.1.Size", "20")]),
    ("TagFilter.1.TagValues.", &[("TagFilter.1.TagKey", "k")]),
    ("MinAmount", &[("Amount", "100")]),
    (
        "Permissions.1.",
        &[
            ("Permissions.1.IpProtocol", "tcp"),
            ("Permissions.1.PortRange", "80/80"),
            ("Permissions.1.SourceCidrIp", "10.0.0.0/8"),
            ("Permissions.1.DestCidrIp", "172.16.0.0/12"),
        ],
    ),
    ("FirewallRules.1.", &[("FirewallRules.1.RuleProtocol", "TCP"), ("FirewallRules.1.Port", "3306")]),
];

/// Actions whose documents say that unknown ids are ignored.
const IGNORES_UNKNOWN: &[&str] = &["ecs/DeleteSnapshot", "ecs/TagResources"];

/// Actions that succeed for another account and change nothing of this one: what they name everybody has, or an id that
/// is unknown is ignored.
const UNMOVED: &[&str] = &["swas/CreateInstances", "ecs/DeleteSnapshot", "ecs/DeleteKeyPairs"];

/// A parameter's name with its indexes.
fn concrete(name: &str) -> String {
    name.split('.').map(|part| if part == "N" { "1" } else { part }).collect::<Vec<_>>().join(".")
}

/// A call with one parameter set or left out, and with what must come beside it.
fn with(sample: &Params, wire: &str, value: Option<&str>) -> Params {
    let mut params: Params = sample.iter().filter(|(name, _)| name != wire).cloned().collect();
    let Some(value) = value else { return params };
    params.push((wire.to_owned(), value.to_owned()));
    // One or the other.
    if wire == "ImageFamily" {
        params.retain(|(name, _)| name != "ImageId");
    }
    if wire.starts_with("Permissions.") {
        let alone = ["IpProtocol", "PortRange", "SourceCidrIp", "DestCidrIp"];
        params.retain(|(name, _)| !alone.contains(&name.as_str()));
    }
    let mut beside = |name: &str, value: &str| {
        if params.iter().all(|(known, _)| known != name) {
            params.push((name.to_owned(), value.to_owned()));
        }
    };
    for (start, companions) in COMPANIONS {
        if wire.starts_with(start) {
            companions.iter().for_each(|(name, value)| beside(name, value));
        }
    }
    if let Some(stem) = wire.strip_suffix(".Value") {
        let key = format!("{stem}.Key");
        if params.iter().all(|(name, _)| *name != key) {
            params.push((key, "k".to_owned()));
        }
    }
    params
}

/// A text of so many characters; a password has three kinds of them.
fn text_of(name: &str, length: usize) -> String {
    let start = if name.ends_with("Password") { "Aa1" } else { "a" };
    start.chars().chain(std::iter::repeat('a')).take(length).collect()
}

/// A call with a list of so many.
fn many(sample: &Params, list: &str, name: &str, n: usize) -> Params {
    let mut params: Params =
        sample.iter().filter(|(known, _)| !known.starts_with(&format!("{list}."))).cloned().collect();
    for index in 1..=n {
        let rest = name.strip_prefix(&format!("{list}.N")).unwrap_or_default();
        let wire = concrete(&format!("{list}.{index}{rest}"));
        if let Some(stem) = wire.strip_suffix(".Key") {
            params.push((format!("{stem}.Value"), "v".to_owned()));
        }
        params.push((wire, format!("k{index}")));
    }
    params
}

/// The call with something changed that is neither common nor its token.
fn other_than(facts: &Facts, params: &Params) -> Params {
    let free =
        ["Description", "InstanceName", "DiskName", "SnapshotName", "ImageName", "VpcName", "VSwitchName", "Remark"];
    let name = free.into_iter().find(|name| facts.params.contains_key(*name)).unwrap_or("OwnerAccount");
    with(params, name, Some("something-else"))
}
