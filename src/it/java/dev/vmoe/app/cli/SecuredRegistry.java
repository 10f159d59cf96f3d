package dev.vmoe.app.cli;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.vmoe.Certificates;
import dev.vmoe.event.RegistryForward;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A proxy before a registry, as in production: TLS, and a user with a password. */
final class SecuredRegistry implements AutoCloseable {

  static final String USER = "registry-user";
  static final String PASSWORD = "registry-password-0815";

  private final HttpsServer server;
  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final RegistryForward registry;

  private SecuredRegistry(String registryUrl, Certificates certificates) throws Exception {
    registry = new RegistryForward(registryUrl);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(certificates.context()));
    server
        .createContext("/", registry::pass)
        .setAuthenticator(
            new BasicAuthenticator("registry") {
              @Override
              public boolean checkCredentials(String user, String password) {
                return user.equals(USER) && password.equals(PASSWORD);
              }
            });
    server.setExecutor(threads);
    server.start();
  }

  static SecuredRegistry before(String registryUrl, Certificates certificates) throws Exception {
    return new SecuredRegistry(registryUrl, certificates);
  }

  /** Returns the address that is in the certificate. */
  String url() {
    return url("127.0.0.1");
  }

  /** Returns an address that is not in the certificate. */
  String url(String host) {
    return "https://" + host + ":" + server.getAddress().getPort() + registry.path();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
