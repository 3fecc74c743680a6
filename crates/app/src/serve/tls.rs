//! TLS: a certificate that was given, or one of a local authority that only this deployment trusts.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use model::RegionId;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::ServeOptions;
use crate::data_dir::DataDir;

/// Prepares TLS, with the given certificate or the local authority's.
pub(crate) fn acceptor(options: &ServeOptions, data: &DataDir, regions: &[RegionId]) -> Result<TlsAcceptor> {
    let (certificate, key) = match (&options.tls_cert, &options.tls_key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        _ => {
            let regions: Vec<String> = regions.iter().map(ToString::to_string).collect();
            return local(data, &regions);
        }
    };
    with_files(&certificate, &key)
}

/// TLS with the local authority's certificate, which is made if it is not there.
pub(crate) fn local(data: &DataDir, regions: &[String]) -> Result<TlsAcceptor> {
    make_local(data, regions)?;
    with_files(&data.path("tls/server.pem"), &data.path("tls/server.key"))
}

fn with_files(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot read the certificate {}", certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read the key {}", key.display()))?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate and the key do not fit together")?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Makes the local authority once, and its certificate for every name that clients have built in.
fn make_local(data: &DataDir, regions: &[String]) -> Result<()> {
    if data.path("tls/server.pem").exists() {
        return Ok(());
    }
    fs::create_dir_all(data.path("tls"))?;
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "Tintype local authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_certificate = ca.self_signed(&ca_key)?;

    let mut names: Vec<String> = ["localhost", "127.0.0.1", "aliyuncs.com", "*.aliyuncs.com"].map(String::from).into();
    // A wildcard covers one label, so each region needs some of its own: for `ecs.REGION`, and for names of buckets.
    for region in regions {
        for place in [region.clone(), format!("oss-{region}"), format!("oss-{region}-internal")] {
            names.push(format!("*.{place}.aliyuncs.com"));
        }
    }
    let mut server = CertificateParams::new(names)?;
    server.distinguished_name.push(DnType::CommonName, "Tintype");
    server.is_ca = IsCa::ExplicitNoCa;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Strict clients (Python from 3.13 on) refuse a certificate that does not say which key signed it.
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate()?;
    let certificate = server.signed_by(&server_key, &Issuer::from_params(&ca, &ca_key))?;

    data.write_text("tls/ca.pem", &ca_certificate.pem())?;
    data.write_text("tls/server.key", &server_key.serialize_pem())?;
    // Last: its presence says that the others are there.
    data.write_text("tls/server.pem", &certificate.pem())?;
    Ok(())
}
