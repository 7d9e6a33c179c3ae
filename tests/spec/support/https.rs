//! A proxy that speaks TLS to browsers: some keep other pages on https than on plain http.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A proxy that nobody has come to yet.
pub struct Https {
    listener: TcpListener,
    tls: TlsAcceptor,
    origin: String,
}

impl Https {
    /// At a free port, with a certificate that nobody knows.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener");
        let certified = generate_simple_self_signed([address.ip().to_string()]);
        let CertifiedKey { cert, signing_key } = certified.expect("a certificate");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![cert.der().clone()], key).expect("a key that fits");
        Self { listener, tls: Arc::new(config).into(), origin: format!("https://{address}") }
    }

    /// The same, for whoever asks for `host`.
    pub fn origin_of(&self, host: &str) -> String {
        let (_, port) = self.origin.rsplit_once(':').expect("a port");
        format!("https://{host}:{port}")
    }

    /// Where browsers find it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Hands on what comes to the site at `base`, as long as the test runs.
    pub fn leads_to(self, base: &str) {
        let address = base.trim_start_matches("http://").to_owned();
        tokio::spawn(async move {
            while let Ok((browser, _)) = self.listener.accept().await {
                tokio::spawn(handed_on(browser, self.tls.clone(), address.clone()));
            }
        });
    }
}

/// A browser that leaves in the middle is no mistake of anybody's.
async fn handed_on(browser: TcpStream, tls: TlsAcceptor, address: String) -> std::io::Result<()> {
    let mut browser = tls.accept(browser).await?;
    let mut site = TcpStream::connect(address).await?;
    copy_bidirectional(&mut browser, &mut site).await?;
    Ok(())
}
