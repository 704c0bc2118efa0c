//! A visit of a command at the running server: signed in with a token, by name, or as the admin of a demonstration.

use std::io::BufRead;

use anyhow::{Context, Result, bail};
use hotline_api_client::Client;
use hotline_config::Configuration;

use crate::cli::Visitor;

/// A client, and whether its token was made for this visit only.
pub(crate) struct Visit {
    pub(crate) client: Client,
    passing: bool,
}

impl Visit {
    /// Without a configuration the visitor says where the server is, and who it is.
    pub(crate) async fn begin(configuration: Option<&Configuration>, visitor: &Visitor) -> Result<Self> {
        let listen = configuration.map(|configuration| configuration.server.http.listen);
        let server = visitor.server.or(listen).context("say where the server is: --server ADDRESS:PORT")?;
        if let Some(token) = &visitor.token {
            return Ok(Self { client: Client::with_token(server, token.clone()), passing: false });
        }
        let demo = configuration.and_then(|configuration| configuration.demo.as_ref());
        let demo =
            demo.into_iter().flat_map(|demo| &demo.users).find(|user| user.role == hotline_access::ADMIN);
        let (user, password) = match (&visitor.user, demo) {
            (Some(user), _) => (user.clone(), read_password()?),
            (None, Some(user)) => (user.user.clone(), user.password.expose().clone()),
            (None, None) => bail!(
                "say who you are: --token (or HOTLINE_TOKEN), or --user NAME with the password on standard input"
            ),
        };
        let client = Client::sign_in(server, &user, &password).await;
        let client = client
            .with_context(|| format!("signing in as `{user}` at {server}; does a server run there?"))?;
        Ok(Self { client, passing: true })
    }

    pub(crate) async fn end(self) -> Result<()> {
        if self.passing { Ok(self.client.sign_out().await?) } else { Ok(()) }
    }
}

fn read_password() -> Result<String> {
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).context("reading the password from standard input")?;
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}
