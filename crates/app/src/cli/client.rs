//! A signed client of the server's own API.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Clock, Entropy, SystemClock, SystemEntropy};
use serde_json::Value;
use sha1::Sha1;
use wire::{Params, encode, rpc_v1};

use super::Target;
use crate::data_dir::{Credentials, DataDir, ServerInfo};

/// How often a running task is asked how far it is.
const POLL: Duration = Duration::from_millis(250);

/// Where a request to the OSS door carries the token of a temporary key.
const TOKEN_HEADER: &str = "x-oss-security-token";

/// A client with the first account's key, unless the environment names another.
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) data: DataDir,
    pub(crate) server: ServerInfo,
    pub(crate) credentials: Credentials,
    pub(crate) region: String,
}

/// An error that the API answered.
#[derive(Debug)]
pub(crate) struct ApiFailure {
    pub(crate) code: String,
    message: String,
    request_id: String,
}

impl std::fmt::Display for ApiFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} (request {})", self.code, self.message, self.request_id)
    }
}

impl std::error::Error for ApiFailure {}

/// A product and its version.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door {
    Ecs,
    Ram,
}

impl Client {
    /// A client of the running server.
    pub(crate) fn connect(target: &Target) -> Result<Self> {
        let data = target.data_dir()?;
        let server: ServerInfo = data
            .read("server.json")?
            .with_context(|| format!("no server runs on {}; start one with `tintype serve`", data.root().display()))?;
        let mut credentials: Credentials =
            data.read("credentials.json")?.context("the data directory has no credentials.json")?;
        if let (Ok(id), Ok(secret)) =
            (std::env::var("TINTYPE_ACCESS_KEY_ID"), std::env::var("TINTYPE_ACCESS_KEY_SECRET"))
        {
            let token = std::env::var("TINTYPE_SECURITY_TOKEN").ok().filter(|token| !token.is_empty());
            (credentials.access_key_id, credentials.access_key_secret) = (id, secret);
            credentials.security_token = token;
        }
        let region = target.region.clone().unwrap_or_else(|| server.region.clone());
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, data, server, credentials, region })
    }

    /// Calls an action and returns its answer.
    pub(crate) async fn call(&self, door: Door, action: &str, params: &[(&str, &str)]) -> Result<Value> {
        let mut nonce = [0; 16];
        SystemEntropy.fill(&mut nonce);
        let (nonce, timestamp) = (hex::encode(nonce), SystemClock.now().seconds());
        let version = match door {
            Door::Ecs => "2014-05-26",
            Door::Ram => "2015-05-01",
        };
        let mut pairs: Vec<(String, String)> = [
            ("Action", action),
            ("Version", version),
            ("Format", "JSON"),
            ("AccessKeyId", self.credentials.access_key_id.as_str()),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", nonce.as_str()),
            ("Timestamp", timestamp.as_str()),
        ]
        .iter()
        .chain(params)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
        if let Some(token) = &self.credentials.security_token {
            pairs.push(("SecurityToken".to_owned(), token.clone()));
        }
        if matches!(door, Door::Ecs) {
            pairs.push(("RegionId".to_owned(), self.region.clone()));
        }
        let params = Params::new(pairs);
        let signature = rpc_v1::sign(&self.credentials.access_key_secret, &rpc_v1::string_to_sign("POST", &params));
        let query = encode::canonical_query(params.iter());
        let url = format!("http://{}/?{query}&Signature={}", self.server.endpoint, encode::encode(&signature));
        let response = self.http.post(url).send().await.context("the server does not answer")?;
        let failed = !response.status().is_success();
        let answer: Value = serde_json::from_slice(&response.bytes().await?).context("the answer is not JSON")?;
        if failed {
            let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
            let failure = ApiFailure { code: text("Code"), message: text("Message"), request_id: text("RequestId") };
            return Err(failure.into());
        }
        Ok(answer)
    }

    /// Calls an action whose failure with one of these codes is as good as its success.
    pub(crate) async fn call_or(&self, door: Door, action: &str, params: &[(&str, &str)], fine: &[&str]) -> Result<()> {
        match self.call(door, action, params).await {
            Ok(_) => Ok(()),
            Err(error) => match error.downcast_ref::<ApiFailure>() {
                Some(failure) if fine.contains(&failure.code.as_str()) => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Makes sure that the service may use buckets in this account's name.
    pub(crate) async fn ensure_role(&self, role: &str, policy: &str) -> Result<()> {
        let trust = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;
        let create = [("RoleName", role), ("AssumeRolePolicyDocument", trust)];
        self.call_or(Door::Ram, "CreateRole", &create, &["EntityAlreadyExists.Role"]).await?;
        let attach = [("RoleName", role), ("PolicyName", policy), ("PolicyType", "System")];
        self.call_or(Door::Ram, "AttachPolicyToRole", &attach, &["EntityAlreadyExists.Role.Policy"]).await
    }

    /// A signed request to the OSS door, without its body.
    pub(crate) fn oss(
        &self,
        method: reqwest::Method,
        bucket: &str,
        key: &str,
        query: &[(&str, &str)],
    ) -> reqwest::RequestBuilder {
        let date = SystemClock.now().http_date();
        let Credentials { access_key_id, access_key_secret, security_token, .. } = &self.credentials;
        let keys = (access_key_secret.as_str(), security_token.as_deref());
        let signature = sign_oss(keys, method.as_str(), &date, (bucket, key), query);
        let authorization = format!("OSS {access_key_id}:{signature}");
        let resource = resource(bucket, &encode::encode_path(key));
        let mut url = format!("http://{}{resource}", self.server.oss_endpoint);
        if !query.is_empty() {
            let pairs: Vec<String> =
                query
                    .iter()
                    .map(|(name, value)| {
                        if value.is_empty() { (*name).to_owned() } else { format!("{name}={}", encode::encode(value)) }
                    })
                    .collect();
            url = format!("{url}?{}", pairs.join("&"));
        }
        let request = self.http.request(method, url).header("date", date).header("authorization", authorization);
        match security_token {
            Some(token) => request.header(TOKEN_HEADER, token),
            None => request,
        }
    }

    /// Names of the caller's buckets.
    pub(crate) async fn bucket_names(&self) -> Result<Vec<String>> {
        let response = self.send_oss(self.oss(reqwest::Method::GET, "", "", &[])).await?;
        let body = response.text().await?;
        // A bucket's name has no character that XML would write otherwise.
        Ok(body.split("<Name>").skip(1).filter_map(|rest| rest.split('<').next().map(str::to_owned)).collect())
    }

    /// Sends a request to the OSS door and checks its status.
    pub(crate) async fn send_oss(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response> {
        let response = request.send().await.context("the OSS door does not answer")?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        bail!("the OSS door answered {status}: {}", response.text().await.unwrap_or_default())
    }

    /// Waits for a task to end, and tells `progress` how far it is. Returns the task as it ended.
    pub(crate) async fn wait(&self, task: &str, progress: impl Fn(u64)) -> Result<Value> {
        loop {
            let state = self.call(Door::Ecs, "DescribeTaskAttribute", &[("TaskId", task)]).await?;
            let percent = state["TaskProcess"].as_str().unwrap_or_default().trim_end_matches('%').parse();
            progress(percent.unwrap_or(0));
            match state["TaskStatus"].as_str() {
                Some("Finished") => return Ok(state),
                Some("Failed") => {
                    let first = &state["OperationProgressSet"]["OperationProgress"][0];
                    let text = |name: &str| first[name].as_str().unwrap_or_default();
                    bail!("task {task} failed: {} ({})", text("ErrorMsg"), text("ErrorCode"));
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }
}

/// The path of an object; of the service itself when there is no bucket.
fn resource(bucket: &str, key: &str) -> String {
    if bucket.is_empty() { "/".to_owned() } else { format!("/{bucket}/{key}") }
}

/// OSS signature version 1 of a request without content type and digest; every query parameter must be a sub-resource.
fn sign_oss(
    (secret, token): (&str, Option<&str>),
    method: &str,
    date: &str,
    (bucket, key): (&str, &str),
    query: &[(&str, &str)],
) -> String {
    let mut sorted = query.to_vec();
    sorted.sort_unstable();
    let pair = |(name, value): &(&str, &str)| match *value {
        "" => (*name).to_owned(),
        value => format!("{name}={value}"),
    };
    let pairs: Vec<String> = sorted.iter().map(pair).collect();
    let question = if pairs.is_empty() { "" } else { "?" };
    let headers = token.map_or_else(String::new, |token| format!("{TOKEN_HEADER}:{token}\n"));
    let text = format!("{method}\n\n\n{date}\n{headers}{}{question}{}", resource(bucket, key), pairs.join("&"));
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_of_the_official_client() {
        let query = [("uploadId", "0004B9895DBBB6EC98E36"), ("partNumber", "2")];
        let date = "Fri, 21 Nov 2025 08:00:00 GMT";
        let place = ("examplebucket", "img.qcow2");
        let signature = sign_oss(("TestAccessKeySecret0123456789AB", None), "PUT", date, place, &query);
        assert_eq!(signature, "B73l3DdT/nFoQl7njIS5rbD+zR4=");
    }
}
