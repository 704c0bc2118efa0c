//! What an endpoint is written down with.

use hotline_base::{AgentId, Rng};
use hotline_sip::digest::{Algorithm, Ha1};
use hotline_sip::{Endpoint, EndpointConfig, UserConfig};

#[test]
fn neither_configuration_nor_secret_is_written() {
    let written = |user: &str, secret: [u8; 32]| {
        let mut config = EndpointConfig::new("hotline", "192.0.2.1:5060".parse().unwrap());
        let ha1 = Ha1::new(Algorithm::Sha256, user, "hotline", "password");
        let user_config = UserConfig { agent: AgentId::from(user), ha1: vec![(Algorithm::Sha256, ha1)] };
        config.users.insert(user.to_owned(), user_config);
        serde_json::to_string(&Endpoint::new(config, Rng::from_number(1), secret)).unwrap()
    };
    assert_eq!(written("adam", [1; 32]), written("ben", [2; 32]));
}
