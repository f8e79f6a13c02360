//! Try.
#[tokio::main]
async fn main() {
    let mut config = chandlery_server::Config::embedded(std::env::args().nth(1).unwrap().into());
    config.listen = std::env::args().nth(2).unwrap().parse().unwrap();
    config.max_upload_size = 1 << 40;
    let server = chandlery_server::Server::start(config).await.unwrap();
    println!("{} {:?}", server.url(), server.generated_password().map(|s| s.expose().to_owned()));
    server.run(std::future::pending()).await.unwrap();
}
