//! The one HTTP stack: how clients for the model's endpoint and for servers over HTTP are made, and what a page says that
//! comes in place of an answer.

use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use reqwest::{ClientBuilder, Url, redirect};

/// A builder of a client for one address, without redirects; building it costs some milliseconds, so it is done once.
pub fn client_for(url: &Url, connect: Duration) -> ClientBuilder {
    static PROVIDER: Once = Once::new();
    // An error says that the process has a provider already, and any will do.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut builder = reqwest::Client::builder().connect_timeout(connect).redirect(redirect::Policy::none());
    if url.scheme() == "http" {
        // Without redirects it never speaks TLS: no need to load certificates, or to fail where there are none.
        builder = builder.tls_certs_only([]);
    }
    if is_local(url) {
        builder = builder.no_proxy();
    }
    builder
}

/// The title of a page in HTML, without the blanks around it: where an answer should have been, it says more than its beginning.
#[must_use]
pub fn page_title(body: &str) -> Option<&str> {
    let lower = body.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let begin = open + lower[open..].find('>')? + 1;
    let end = begin + lower[begin..].find("</title")?;
    Some(body[begin..end].trim()).filter(|title| !title.is_empty())
}

/// Whether an address is on this machine.
#[must_use]
pub fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some(host) if host.eq_ignore_ascii_case("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback() || address.is_unspecified()),
        None => false,
    }
}
