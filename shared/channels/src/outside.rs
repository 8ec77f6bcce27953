//! Posts to addresses that users give: over TLS, to public addresses alone, whatever name leads to them.
//!
//! A name is looked up once, by the resolver here, and what it leads to inside a private network is as if it were not
//! there: there is no moment between the look and the call at which it could lead elsewhere.

use async_trait::async_trait;
use cauce_engine::ports::outside::{Answered, Outside};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long an endpoint may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest address.
const MOST_URL: usize = 500;

/// The world outside.
#[derive(Default)]
pub struct Web(OnceLock<Option<reqwest::Client>>);

impl Web {
    /// The client; one that cannot be made as it is to be posts nothing.
    fn client(&self) -> Option<&reqwest::Client> {
        let made = self.0.get_or_init(|| {
            let client = reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(5))
                .timeout(PATIENCE)
                .https_only(true)
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .dns_resolver(Arc::new(Public))
                .user_agent(concat!("Cauce/", env!("CARGO_PKG_VERSION")));
            client.build().ok()
        });
        made.as_ref()
    }
}

/// Resolves names, and knows none of a private network.
struct Public;

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            match public.is_empty() {
                true => Err("la dirección no es pública".into()),
                false => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

#[async_trait]
impl Outside for Web {
    async fn post(&self, url: &str, headers: &[(&str, String)], body: String) -> Result<Answered, String> {
        if let Some(why) = self.refuses(url) {
            return Err(why.to_owned());
        }
        let client = self.client().ok_or("no hay con qué conectarse")?;
        let mut request = client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.map_err(|error| {
            let why = if error.is_timeout() { "no respondió a tiempo" } else { "no se pudo conectar" };
            why.to_owned()
        })?;
        let after = answer.headers().get("retry-after").and_then(|value| seconds(value.to_str().ok()?.trim()));
        Ok(Answered { status: answer.status().as_u16(), retry_after: after })
    }

    fn refuses(&self, url: &str) -> Option<&'static str> {
        let parsed = match reqwest::Url::parse(url) {
            Ok(parsed) if url.len() <= MOST_URL => parsed,
            _ => return Some("no es una dirección válida: escriba https://… de hasta 500 caracteres"),
        };
        if parsed.scheme() != "https" {
            return Some("la dirección empieza con https://");
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Some("la dirección no lleva usuario ni contraseña: verifique la firma");
        }
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let address = host.parse::<IpAddr>().ok();
        let named = address.is_none() && (!host.contains('.') || is_local(host));
        match address.is_some_and(|address| !is_public(address)) || named {
            true => Some("la dirección es de una red privada: use una pública"),
            false => None,
        }
    }
}

/// What an endpoint asks to wait: seconds, or until a date.
fn seconds(text: &str) -> Option<u64> {
    let until = || chrono::DateTime::parse_from_rfc2822(text).ok();
    let left = || u64::try_from((until()?.to_utc() - chrono::Utc::now()).num_seconds()).ok();
    text.parse().ok().or_else(left)
}

/// Names that lead nowhere outside.
fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_lowercase();
    ["localhost", ".local", ".internal", ".localhost", ".home.arpa", ".lan"].iter().any(|end| host.ends_with(end))
}

/// Whether an address is of nobody's private network (IANA's special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = a == 192 && b == 0 && c == 0 || a == 198 && (18..20).contains(&b) || a == 0 || a >= 240;
    let known = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast();
    !(known || v4.is_documentation() || v4.is_broadcast() || v4.is_unspecified() || shared || special)
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    // What carries an address of the old kind is judged by that.
    let segments = v6.segments();
    let carried = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    if let Some(v4) = v6.to_ipv4() {
        return is_public_v4(v4);
    }
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(carried(segments[6], segments[7]));
    }
    if segments[0] == 0x2002 {
        return is_public_v4(carried(segments[1], segments[2]));
    }
    let [first, second, ..] = segments;
    let documentation = first == 0x2001 && (second == 0x0db8 || second < 0x0200) || first == 0x3fff;
    (0x2000..0x4000).contains(&first) && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_private_networks_are_told_from_public_ones() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.5",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "fd00:ec2::254",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
        for public in ["8.8.8.8", "190.12.1.1", "2800:200::1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }

    #[test]
    fn an_address_is_refused_with_what_to_do() {
        let web = Web::default();
        assert_eq!(web.refuses("https://hooks.example.com/cauce?x=1"), None);
        assert_eq!(web.refuses("https://8.8.8.8:8443/x"), None);
        for wrong in [
            "http://hooks.example.com",
            "ftp://x.com",
            "no es",
            "https://user:pass@x.com",
            "https://localhost/x",
            "https://intranet/x",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://x.internal",
            "https://metadata.google.internal./",
            "https://[::ffff:7f00:1]/",
        ] {
            assert!(web.refuses(wrong).is_some(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_as_if_it_were_not_there() {
        let client = Web::default();
        let name: Name = "localhost".parse().expect("a name");
        assert!(Public.resolve(name).await.is_err());
        assert!(client.post("https://localhost.example.invalid/", &[], String::new()).await.is_err());
    }
}
